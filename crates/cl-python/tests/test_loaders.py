"""Samplers in the loaders of torch and torchdata: stopped at any batch and resumed, exactly the uninterrupted batches and
weights, for any number of workers and ranks."""

from __future__ import annotations

import itertools
import os
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchdata")

from torch.utils.data import DataLoader, Dataset  # noqa: E402
from torchdata.stateful_dataloader import StatefulDataLoader  # noqa: E402

import curriculum as cl  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    # Of Python 3.12 on, which is right that forks and threads do not go together.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    # Of torch, on machines of few cores.
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
    # torchdata calls what newer torch has deprecated.
    pytest.mark.filterwarnings("ignore:'set_vital' is deprecated:UserWarning"),
]

N, BATCH, STEPS = 101, 8, 60
DIFFICULTY = np.random.default_rng(0).random(N)
ORDER = cl.orders.EasyFirst()(DIFFICULTY, seed=0)


class Indices(Dataset):
    """Each example is its own index."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return index


def with_order(name, **options):
    pacing = cl.pacing.Root(a=0.8, b=0.2)
    given = {"batch_size": BATCH, "total_steps": STEPS, "seed": 3} | options
    return getattr(cl.samplers, name)(ORDER, pacing, **given)


def competence(**options):
    given = {"difficulty": DIFFICULTY, "batch_size": BATCH, "total_steps": STEPS, "seed": 3} | options
    return cl.samplers.Competence(cl.pacing.Competence(c0=0.2), **given)


def without_order(name, **settings):
    return lambda **options: getattr(cl.samplers, name)(**{"n_examples": N, "batch_size": BATCH, "seed": 3} | settings | options)


MAKERS = {
    "prefix": lambda **options: with_order("Prefix", **options),
    "mini_batch": lambda **options: with_order("MiniBatch", **options),
    "competence": competence,
    "shuffle": without_order("Shuffle"),
    "sequential": lambda **options: cl.samplers.Sequential(ORDER, **{"batch_size": BATCH} | options),
    "weighted": without_order("DynamicRandom", fractions="0.3,0.7,0.5", rescaled=True),
    "info_batch": without_order("InfoBatch", n_epochs=8),
}
every = pytest.mark.parametrize("name", MAKERS)
every_fixed = pytest.mark.parametrize("name", [name for name in MAKERS if name != "info_batch"])


def loss(indices, step):
    """What a model might have as losses: of its own for each example and step."""
    return (1.0 + np.sin(np.asarray(indices, dtype=np.float64) * 12.9898 + step * 0.37)) * np.exp(-step / 40)


class Training:
    """A training loop over a loader, which knows how many steps it took and what it saw."""

    def __init__(self, loader, sampler, step=0):
        self.loader, self.sampler, self.step = loader, sampler, step

    def epoch(self):
        """The batches of an iteration with their weights; the sampler is told of each, by tensors, when it was taken."""
        for batch in self.loader:
            weights = self.sampler.weights(batch)
            self.sampler.update(batch, torch.from_numpy(loss(batch, self.step)))
            self.step += 1
            yield [int(index) for index in batch], weights.tolist()

    def epochs(self, n):
        return [list(self.epoch()) for _ in range(n)]


def reference_of(make, n):
    """What n epochs give without any loader."""
    sampler = make()
    return Training(sampler, sampler).epochs(n)


def loader_options(workers, prefetch_factor=3):
    if workers == 0:
        return {"num_workers": 0}
    return {"num_workers": workers, "prefetch_factor": prefetch_factor, "multiprocessing_context": "fork"}


def places(lengths, n, seed):
    """n places to stop at: (epoch, batches taken in it, whether it was gone through to its StopIteration)."""
    everywhere = [(epoch, taken, False) for epoch, length in enumerate(lengths) for taken in range(length + 1)]
    ends = [(epoch, length, True) for epoch, length in enumerate(lengths)]
    must = [(0, 0, False), (0, lengths[0], False), (1, lengths[1], False), *ends]
    rest = [place for place in everywhere if place not in must]
    chosen = np.random.default_rng(seed).choice(len(rest), size=min(n - len(must), len(rest)), replace=False)
    return sorted(must + [rest[at] for at in chosen])


def states_at(training, n_epochs, stops, state_of):
    """The states of one run at all of these places, as a checkpoint keeps them."""
    states = {}

    def note(*place):
        if place in stops:
            states[place] = pickle.dumps(state_of(training.step))

    for epoch in range(n_epochs):
        note(epoch, 0, False)
        taken = 0
        for taken, _ in enumerate(training.epoch(), start=1):
            note(epoch, taken, False)
        note(epoch, taken, True)
    return states


def expected_after(reference, epoch, taken, behind):
    """The epochs that an uninterrupted run has left."""
    return reference[epoch + 1 :] if behind else [reference[epoch][taken:], *reference[epoch + 1 :]]


def steps_until(reference, epoch, taken):
    return sum(len(batches) for batches in reference[:epoch]) + taken


# Stopped and resumed --------------------------------------------------------------------------------------------------


def resumed_wrongly(make, workers, snapshots):
    """At which of 50 places a stateful loader is not resumed exactly, and what it gave, epoch by epoch."""
    n_epochs = 7
    reference = reference_of(make, n_epochs + 2)
    lengths = [len(batches) for batches in reference[:n_epochs]]
    stops = places(lengths, 50, seed=workers + snapshots)

    def loader_and_sampler():
        sampler = make()
        options = loader_options(workers) | {"snapshot_every_n_steps": snapshots}
        return StatefulDataLoader(Indices(), batch_sampler=sampler, **options), sampler

    loader, sampler = loader_and_sampler()
    states = states_at(Training(loader, sampler), n_epochs, stops, lambda step: loader.state_dict())
    assert len(states) == len(stops) == 50
    wrong = {}
    for place in stops:
        loader, sampler = loader_and_sampler()
        loader.load_state_dict(pickle.loads(states[place]))
        training = Training(loader, sampler, steps_until(reference, *place[:2]))
        expected = expected_after(reference, *place)[: 2 if workers else 3]
        got = []
        try:
            for _ in expected:
                got.append(list(training.epoch()))
        except RuntimeError as error:
            got.append(str(error))
        if got != expected:
            wrong[place] = (got, expected)
    return wrong


@every
@pytest.mark.parametrize("snapshots", [1, 5])
def test_a_stateful_loader_is_resumed_at_any_batch(name, snapshots):
    assert not resumed_wrongly(MAKERS[name], 0, snapshots)


@every_fixed
def test_a_stateful_loader_with_workers_is_resumed_at_any_batch(name):
    assert not resumed_wrongly(MAKERS[name], 2, 5)


@pytest.mark.parametrize("name", ["prefix", "weighted"])
def test_a_stateful_loader_with_many_workers_is_resumed_at_any_batch(name):
    assert not resumed_wrongly(MAKERS[name], 4, 1)


def test_a_stateful_loader_with_workers_never_resumes_a_learner_otherwise():
    """It keeps the state of when a batch was sent to the workers, before the losses of those before it were told: what
    depends on these is refused, not guessed. Exact is `sampler.state_dict(consumed=steps)`, with a plain loader."""
    for got, expected in resumed_wrongly(MAKERS["info_batch"], 2, 1).values():
        assert got[:-1] == expected[: len(got) - 1]
        assert "waits for the losses of the batches given before" in got[-1]


@every
@pytest.mark.parametrize("workers", [0, 4])
def test_a_plain_loader_is_resumed_by_the_steps_taken(name, workers):
    make, n_epochs = MAKERS[name], 7
    reference = reference_of(make, n_epochs + 2)
    lengths = [len(batches) for batches in reference[:n_epochs]]
    stops = places(lengths, 50, seed=7)

    def loader_and_sampler():
        sampler = make()
        return DataLoader(Indices(), batch_sampler=sampler, **loader_options(workers)), sampler

    loader, sampler = loader_and_sampler()
    states = states_at(Training(loader, sampler), n_epochs, stops, lambda step: sampler.state_dict(consumed=step))
    for place in stops:
        epoch, taken, behind = place
        loader, sampler = loader_and_sampler()
        sampler.load_state_dict(pickle.loads(states[place]))
        # Behind the last batch of an epoch is before the first of the next.
        place = (epoch, taken, behind or taken == lengths[epoch])
        training = Training(loader, sampler, steps_until(reference, *place[:2]))
        expected = expected_after(reference, *place)[: 2 if workers else 3]
        assert training.epochs(len(expected)) == expected, place


@every_fixed
def test_a_loader_with_workers_that_stay(name):
    reference = reference_of(MAKERS[name], 4)
    for kind in (DataLoader, StatefulDataLoader):
        sampler = MAKERS[name]()
        loader = kind(Indices(), batch_sampler=sampler, persistent_workers=True, **loader_options(2))
        assert Training(loader, sampler).epochs(4) == reference


@every_fixed
def test_set_epoch_through_a_loader(name):
    """As loops with torch.distributed have it: before every epoch, also of a resumed one."""
    reference = reference_of(MAKERS[name], 5)
    sampler = MAKERS[name]()
    loader = StatefulDataLoader(Indices(), batch_sampler=sampler)
    training, got, state = Training(loader, sampler), [], None
    for epoch in range(4):
        loader.batch_sampler.set_epoch(epoch)
        got.append([])
        for taken, batch in enumerate(training.epoch(), start=1):
            got[-1].append(batch)
            if (epoch, taken) == (2, 1):
                state = pickle.dumps(loader.state_dict())
    assert got == reference[:4]
    sampler = MAKERS[name]()
    loader = StatefulDataLoader(Indices(), batch_sampler=sampler)
    loader.load_state_dict(pickle.loads(state))
    training = Training(loader, sampler)
    sampler.set_epoch(2)
    assert list(training.epoch()) == reference[2][1:]
    sampler.set_epoch(3)
    assert list(training.epoch()) == reference[3]


def test_an_epoch_that_was_left_is_followed_by_the_next():
    reference = reference_of(MAKERS["prefix"], 3)
    for workers in (0, 2):
        sampler = MAKERS["prefix"]()
        loader = DataLoader(Indices(), batch_sampler=sampler, **loader_options(workers))
        next(iter(loader))
        training = Training(loader, sampler)
        assert training.epochs(2) == reference[1:]


def test_states_go_through_torch_save(tmp_path):
    sampler = MAKERS["prefix"]()
    loader = StatefulDataLoader(Indices(), batch_sampler=sampler)
    reference = reference_of(MAKERS["prefix"], 2)
    iterator = iter(loader)
    next(iterator)
    torch.save({"sampler": sampler.state_dict(), "loader": loader.state_dict()}, tmp_path / "state.pt")
    # As torch loads by default: plain values only.
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    resumed = MAKERS["prefix"]()
    resumed.load_state_dict(state["sampler"])
    assert Training(resumed, resumed).epochs(2) == [reference[0][1:], reference[1]]
    resumed = MAKERS["prefix"]()
    loader = StatefulDataLoader(Indices(), batch_sampler=resumed)
    loader.load_state_dict(state["loader"])
    assert Training(loader, resumed).epochs(2) == [reference[0][1:], reference[1]]


def test_the_state_of_a_loader_of_another_sampler_is_refused():
    loader = StatefulDataLoader(Indices(), batch_sampler=MAKERS["prefix"]())
    next(iter(loader))
    other = StatefulDataLoader(Indices(), batch_sampler=MAKERS["prefix"](seed=4))
    other.load_state_dict(loader.state_dict())
    with pytest.raises(cl.StateError, match="seed 3, not with 4"):
        next(iter(other))


def test_self_paced_learning_needs_a_loader_that_does_not_draw_ahead():
    losses = loss(np.arange(N), 0)

    def make():
        return cl.samplers.SelfPaced(
            n_examples=N, batch_size=BATCH, lambda_=0.8, mu=1.3, losses=lambda indices: losses[indices]
        )

    sampler = make()
    loader = DataLoader(Indices(), batch_sampler=sampler)
    for epoch in range(3):
        # Bounded: an epoch that never ends is a failure, and no hang.
        shown = [int(index) for batch in itertools.islice(loader, N) for index in batch]
        assert sorted(shown) == [index for index in range(N) if losses[index] < 0.8 * 1.3**epoch]


# Lengths --------------------------------------------------------------------------------------------------------------


@every_fixed
@pytest.mark.parametrize("kind", [DataLoader, StatefulDataLoader])
@pytest.mark.parametrize("workers", [0, 2])
def test_the_length_of_a_loader(name, kind, workers):
    reference = reference_of(MAKERS[name], 5)
    sampler = MAKERS[name]()
    loader = kind(Indices(), batch_sampler=sampler, **loader_options(workers))
    for batches in reference:
        assert len(loader) == len(batches)
        for taken, _ in enumerate(loader, start=1):
            # With workers the sampler may have drawn all of the epoch by now, of which it cannot know.
            if workers == 0 and taken < len(batches):
                assert len(loader) == len(batches)


@pytest.mark.parametrize("name", ["prefix", "weighted"])
def test_the_last_batch_is_known_in_the_loop(name):
    """Loops that accumulate gradients ask whether i + 1 == len(loader)."""
    reference = reference_of(MAKERS[name], 5)
    loader = DataLoader(Indices(), batch_sampler=MAKERS[name]())
    for batches in reference:
        is_last = [i + 1 == len(loader) for i, _ in enumerate(loader)]
        assert is_last == [False] * (len(batches) - 1) + [True]


# Example by example ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prefix", "shuffle", "competence"])
@pytest.mark.parametrize(("workers", "size"), [(0, BATCH), (0, 5), (2, 5)])
def test_a_loader_that_cuts_batches_itself(name, workers, size):
    reference = [sum((batch for batch, _ in batches), []) for batches in reference_of(MAKERS[name], 5)]
    reference = [[epoch[at : at + size] for at in range(0, len(epoch), size)] for epoch in reference]

    def make(kind=StatefulDataLoader, **options):
        sampler = MAKERS[name]().by_example()
        return kind(Indices(), sampler=sampler, batch_size=size, **loader_options(workers), **options)

    def taken(loader):
        return [batch.tolist() for batch in loader]

    plain = make(DataLoader)
    for epoch in reference[:4]:
        assert len(plain) == len(epoch)
        assert taken(plain) == epoch
    loader = make(snapshot_every_n_steps=2)
    states = {}
    for at, epoch in enumerate(reference[:3]):
        for k, batch in enumerate(loader, start=1):
            assert batch.tolist() == epoch[k - 1]
            states[at, k] = pickle.dumps(loader.state_dict())
    rng = np.random.default_rng(1)
    stops = list(states) if workers == 0 else [list(states)[at] for at in rng.choice(len(states), 8, replace=False)]
    for at, k in stops:
        resumed = make(snapshot_every_n_steps=2)
        resumed.load_state_dict(pickle.loads(states[at, k]))
        assert [taken(resumed), taken(resumed)] == [reference[at][k:], reference[at + 1]], (at, k)


# Ranks ----------------------------------------------------------------------------------------------------------------


@every_fixed
@pytest.mark.parametrize("n_ranks", [2, 3])
def test_ranks_cover_every_batch(name, n_ranks):
    reference = reference_of(MAKERS[name], 3)
    samplers = [MAKERS[name](num_replicas=n_ranks, rank=rank, allow_empty=True) for rank in range(n_ranks)]
    loaders = [StatefulDataLoader(Indices(), batch_sampler=sampler, collate_fn=list) for sampler in samplers]
    for batches in reference:
        # zip(strict): all take the same number of steps.
        for shares, (batch, weights) in zip(zip(*loaders, strict=True), batches, strict=True):
            assert sum(shares, []) == batch
            each = [sampler.weights(share) for sampler, share in zip(samplers, shares, strict=True)]
            assert np.concatenate(each).tolist() == weights


@every_fixed
@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 1)])
def test_ranks_change_in_mid_epoch(name, before, after):
    reference = reference_of(MAKERS[name], 4)

    def loaders(n_ranks):
        ranks = range(n_ranks)
        samplers = [MAKERS[name](num_replicas=n_ranks, rank=rank, allow_empty=True) for rank in ranks]
        return [StatefulDataLoader(Indices(), batch_sampler=sampler, collate_fn=list) for sampler in samplers]

    for epoch in (0, 2):
        for taken in range(1, len(reference[epoch])):
            old = loaders(before)
            for _ in range(epoch):
                [list(loader) for loader in old]
            shown = list(itertools.islice(zip(*map(iter, old), strict=True), taken))
            state = pickle.loads(pickle.dumps(old[taken % before].state_dict()))
            new = loaders(after)
            for loader in new:
                loader.load_state_dict(state)
            rest = list(zip(*new, strict=True))
            assert [sum(shares, []) for shares in shown + rest] == [batch for batch, _ in reference[epoch]]
            following = list(zip(*new, strict=True))
            assert [sum(shares, []) for shares in following] == [batch for batch, _ in reference[epoch + 1]]


def _rank(rank, n_ranks, rendezvous, results):
    """A process of a distributed run: ranks are read from torch.distributed."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=n_ranks)
    sampler = MAKERS["info_batch"](allow_empty=True)
    loader = DataLoader(Indices(), batch_sampler=sampler, collate_fn=list)
    taken, step = [], 0
    for _ in range(3):
        taken.append([])
        for share in loader:
            weights = sampler.weights(share).tolist()
            # Every rank is told what all ranks saw.
            shares = [None] * n_ranks
            torch.distributed.all_gather_object(shares, (share, loss(share, step)))
            for indices, losses in shares:
                sampler.update(indices, losses)
            step += 1
            taken[-1].append((share, weights))
    state = sampler.state_dict()
    with open(f"{results}.{rank}", "wb") as file:
        pickle.dump((sampler.num_replicas, sampler.rank, taken, state), file)
    torch.distributed.destroy_process_group()


def test_ranks_are_read_from_torch_distributed(tmp_path):
    n_ranks = 2
    arguments = (n_ranks, str(tmp_path / "rendezvous"), str(tmp_path / "result"))
    torch.multiprocessing.spawn(_rank, arguments, nprocs=n_ranks)
    found = [pickle.loads((tmp_path / f"result.{rank}").read_bytes()) for rank in range(n_ranks)]
    assert [(num_replicas, rank) for num_replicas, rank, _, _ in found] == [(2, 0), (2, 1)]
    reference = reference_of(MAKERS["info_batch"], 4)
    for at, batches in enumerate(reference[:3]):
        shares = zip(*(taken[at] for _, _, taken, _ in found), strict=True)
        assert [(first + second, low + high) for (first, low), (second, high) in shares] == batches
    # The same state at both, with which one alone goes on.
    assert found[0][3] == found[1][3]
    alone = MAKERS["info_batch"]()
    alone.load_state_dict(found[1][3])
    steps = sum(len(batches) for batches in reference[:3])
    assert list(Training(alone, alone, steps).epoch()) == reference[3]


# Workers --------------------------------------------------------------------------------------------------------------


class Recording(Dataset):
    """A data set that records in the worker, where nobody would hear of it."""

    def __init__(self, recorder):
        self.recorder = recorder

    def __len__(self):
        return N

    def __getitem__(self, index):
        self.recorder.update([index], [[0.0, 1.0]], [0], epoch=0)
        return index


def test_a_recorder_in_a_forked_worker_is_an_error():
    recorder = cl.Recorder(n_examples=N, n_classes=2, metrics=["el2n"])
    loader = DataLoader(Recording(recorder), batch_sampler=MAKERS["shuffle"](), **loader_options(1))
    with pytest.raises(RuntimeError, match="a forked copy"):
        next(iter(loader))
    assert not recorder.observed().any()
    # In the process itself it may.
    assert len(next(iter(DataLoader(Recording(recorder), batch_sampler=MAKERS["shuffle"]())))) == BATCH


class Scoring(Dataset):
    """A data set that computes with the package in the worker."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        order = cl.orders.EasyFirst()(DIFFICULTY, seed=0)
        kept = cl.prune(DIFFICULTY, rule="hardest", keep=0.5, seed=0)
        return int(order[index]), len(kept)


def test_workers_may_compute():
    cl.orders.EasyFirst()(DIFFICULTY, seed=0)
    loader = DataLoader(Scoring(), batch_sampler=MAKERS["sequential"](), timeout=60, **loader_options(2))
    indices, kept = next(iter(loader))
    assert indices.tolist() == ORDER[ORDER[:BATCH]].tolist() and set(kept.tolist()) == {51}


# What torch's own do --------------------------------------------------------------------------------------------------


def test_what_samplers_of_torch_do_is_as_documented():
    """The table of own_samplers_of_torch.py is of measured facts, which shall not go stale unseen."""
    import own_samplers_of_torch

    rows = own_samplers_of_torch.rows()
    assert [row for row in rows if not row.ours.startswith(("exact", "yes"))] == []
    # Where they are right.
    exact = [row.what for row in rows if row.torchs.startswith("exact")]
    assert any("also of the resumed run" in what for what in exact)
    # And where they are not, which this package is for.
    assert any("from 2 ranks to 3" in row.what and not row.torchs.startswith("exact") for row in rows)
