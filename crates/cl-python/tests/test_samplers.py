"""Samplers without any framework: epochs, states, what is told, weights, parts of the data, ranks, and that batches are
those of the `curriculum order` command."""

from __future__ import annotations

import copy
import itertools
import json
import pickle

import numpy as np
import pytest

import curriculum as cl

N, BATCH, STEPS = 53, 8, 40
DIFFICULTY = np.random.default_rng(0).random(N)
ORDER = cl.orders.EasyFirst()(DIFFICULTY, seed=0)
CLASSES = np.arange(N) % 4
SAMPLERS = cl.samplers


def growing(**options):
    """A pacing of Wu et al. that grows over the whole run."""
    return cl.pacing.Root(a=0.8, b=0.2, **options)


def prefix(**options):
    return SAMPLERS.Prefix(ORDER, growing(), **{"batch_size": BATCH, "total_steps": STEPS, "seed": 3} | options)


def shuffle(**options):
    return SAMPLERS.Shuffle(**{"n_examples": N, "batch_size": BATCH, "seed": 3} | options)


def rescaled(**options):
    given = {"n_examples": N, "batch_size": BATCH, "fractions": "0.4,0.7,1", "rescaled": True, "seed": 3}
    return SAMPLERS.DynamicRandom(**given | options)


def clocked(**options):
    given = {"batch_size": BATCH, "total_steps": STEPS, "clock": "updates", "total": STEPS, "seed": 3}
    return SAMPLERS.Clocked(ORDER, growing(), **given | options)


def competence(**options):
    given = {"difficulty": DIFFICULTY, "batch_size": BATCH, "total_steps": STEPS, "seed": 3}
    return SAMPLERS.Competence(cl.pacing.Competence(c0=0.2), **given | options)


# Those that follow a fixed order: any batch is a pure function of its step.
FIXED = {
    "prefix": prefix,
    "mini_batch": lambda **options: SAMPLERS.MiniBatch(
        ORDER, growing(), **{"batch_size": BATCH, "total_steps": STEPS, "seed": 3} | options
    ),
    "competence": competence,
    "clocked": clocked,
    "shuffle": shuffle,
    "sequential": lambda **options: SAMPLERS.Sequential(ORDER, **{"batch_size": BATCH} | options),
    "dynamic_random": rescaled,
    "repeated_random": lambda **options: SAMPLERS.RepeatedRandom(
        **{"n_examples": N, "batch_size": BATCH, "fractions": "0.4", "seed": 3} | options
    ),
}

# Those that learn from losses.
LEARNS = {
    "info_batch": lambda **options: SAMPLERS.InfoBatch(
        **{"n_examples": N, "batch_size": BATCH, "n_epochs": 6, "seed": 3} | options
    ),
    "instance_hardness": lambda **options: SAMPLERS.InstanceHardness(
        **{"n_examples": N, "batch_size": BATCH, "warm_epochs": 1, "gamma_k": 0.7, "seed": 3} | options
    ),
    "teacher": lambda **options: SAMPLERS.Teacher(
        **{"classes": CLASSES, "batch_size": BATCH, "epsilon": 0.3, "seed": 3} | options
    ),
    "rho_loss": lambda **options: SAMPLERS.RhoLoss(
        **{"irreducible": DIFFICULTY / 2, "batch_size": BATCH, "factor": 3, "seed": 3} | options
    ),
    "self_paced": lambda **options: SAMPLERS.SelfPaced(
        **{"n_examples": N, "batch_size": BATCH, "lambda_": 0.5, "mu": 1.2, "seed": 3} | options
    ),
}

fixed = pytest.mark.parametrize("name", FIXED)
learning = pytest.mark.parametrize("name", LEARNS)


def loss(indices, step):
    """What a model might have as losses: of its own for each example and step."""
    indices = np.asarray(indices, dtype=np.float64)
    return (1.0 + np.sin(indices * 12.9898 + step * 0.37)) * np.exp(-step / 40)


def passed_through(state):
    """What a checkpoint does to a state."""
    return pickle.loads(pickle.dumps(state))


def epochs(sampler, n):
    return [list(sampler) for _ in range(n)]


def gone_on(sampler):
    """The same, gone on with where it is, and not with the next epoch."""
    sampler.load_state_dict(sampler.state_dict())
    return sampler


def tell(sampler):
    """Tells the losses that the next batch waits for."""
    wanted = sampler.wanted()
    if len(wanted):
        sampler.update(wanted, loss(wanted, sampler.step))


def train(sampler, n, before_every_batch=True):
    """The next n batches with their weights, told as a training loop does: what is wanted before, the batch after."""
    taken = []
    for _ in range(n + 1):
        tell(sampler)
        for batch in sampler:
            taken.append((batch, sampler.weights(batch).tolist()))
            sampler.update(batch, loss(batch, sampler.step))
            if len(taken) == n:
                return taken
            if before_every_batch:
                tell(sampler)
    raise AssertionError(f"{len(taken)} batches in {n + 1} epochs, expected {n}")


# Epochs ---------------------------------------------------------------------------------------------------------------


@fixed
def test_an_epoch_counts_as_started_at_its_first_batch(name):
    reference = epochs(FIXED[name](), 4)
    sampler = FIXED[name]()
    iter(sampler), iter(sampler)
    assert list(sampler) == reference[0]
    iterator = iter(sampler)
    assert [next(iterator), next(iterator)] == reference[1][:2]
    # Left in mid epoch: the next iteration is the next epoch.
    assert list(sampler) == reference[2]
    iter(sampler)
    assert list(sampler) == reference[3]


@fixed
def test_a_loaded_state_is_gone_on_with_once(name):
    reference = epochs(FIXED[name](), 4)
    sampler = FIXED[name]()
    next(iter(sampler))
    state = sampler.state_dict()
    resumed = FIXED[name]()
    resumed.load_state_dict(state)
    assert [list(resumed), list(resumed)] == [reference[0][1:], reference[1]]
    # Back in one that has gone on.
    resumed.load_state_dict(state)
    assert [list(resumed), list(resumed)] == [reference[0][1:], reference[1]]


@fixed
def test_a_resumption_counts_until_a_batch_is_drawn(name):
    """Loaders with workers begin two iterations of every epoch, of which they use the last."""
    reference = epochs(FIXED[name](), 2)
    sampler = FIXED[name]()
    next(iter(sampler))
    resumed = FIXED[name]()
    resumed.load_state_dict(sampler.state_dict())
    iter(resumed), iter(resumed)
    assert [list(resumed), list(resumed)] == [reference[0][1:], reference[1]]
    resumed.seek(1)
    iter(resumed)
    assert list(resumed) == reference[0][1:]


@fixed
def test_a_state_at_an_epochs_end_goes_on_with_the_next(name):
    reference = epochs(FIXED[name](), 3)
    for drawn_behind in (False, True):
        sampler = FIXED[name]()
        iterator = iter(sampler)
        for _ in reference[0]:
            next(iterator)
        if drawn_behind:
            assert next(iterator, None) is None
        resumed = FIXED[name]()
        resumed.load_state_dict(passed_through(sampler.state_dict()))
        assert len(resumed) == len(reference[1])
        assert epochs(resumed, 2) == reference[1:]


@fixed
def test_the_length_is_that_of_the_epoch_under_way_or_next(name):
    sampler = FIXED[name]()
    for _ in range(7):
        expected = len(sampler)
        n_batches = 0
        for _ in sampler:
            n_batches += 1
            if n_batches < expected:
                assert len(sampler) == expected
        assert n_batches == expected


@pytest.mark.parametrize("name", ["prefix", "dynamic_random"])
def test_the_length_holds_within_the_loop_at_the_last_batch(name):
    """Loops ask `i + 1 == len(loader)` to know the last batch."""
    sampler = FIXED[name]()
    for _ in range(5):
        n_batches = 0
        for n_batches, _ in enumerate(sampler, start=1):
            pass
        iterator = iter(sampler)
        expected = len(sampler)
        lengths = [len(sampler) for _ in iterator]
        assert lengths == [expected] * len(lengths)
        assert n_batches


@fixed
def test_set_epoch_goes_forward_back_and_again(name):
    reference = epochs(FIXED[name](), 6)
    sampler = FIXED[name]()
    for epoch in (3, 1, 1, 0, 5, 2):
        sampler.set_epoch(epoch)
        assert (sampler.epoch, len(sampler)) == (epoch, len(reference[epoch]))
        assert list(sampler) == reference[epoch]
    # In mid epoch, to the same: from its beginning.
    sampler.set_epoch(4)
    next(iter(sampler))
    sampler.set_epoch(4)
    assert list(sampler) == reference[4]
    assert list(sampler) == reference[5]


def test_set_epoch_does_not_undo_a_resumption():
    reference = epochs(prefix(), 4)
    sampler = prefix()
    list(sampler)
    iterator = iter(sampler)
    next(iterator)
    state = sampler.state_dict()
    resumed = prefix()
    resumed.load_state_dict(state)
    resumed.set_epoch(1)
    assert list(resumed) == reference[1][1:]
    resumed.load_state_dict(state)
    resumed.set_epoch(2)
    assert list(resumed) == reference[2]


@fixed
def test_seek_goes_to_any_step(name):
    reference = epochs(FIXED[name](), 5)
    steps = list(itertools.chain(*reference[:4]))
    sampler = FIXED[name]()
    for step in (7, 0, len(steps) - 1, 3):
        sampler.seek(step)
        assert sampler.step == step
        rest = list(sampler)
        assert rest == steps[step : step + len(rest)]
        ends = np.cumsum([len(epoch) for epoch in reference])
        assert step + len(rest) in ends
        assert list(sampler) == reference[list(ends).index(step + len(rest)) + 1]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda s: s.set_epoch(-1), ValueError, "argument epoch is -1"),
        (lambda s: s.set_epoch(1.0), TypeError, "argument epoch is 1.0"),
        (lambda s: s.seek(-1), ValueError, "argument step is -1"),
        (lambda s: s.seek("1"), TypeError, "argument step is '1'"),
        (lambda s: s.state_dict(consumed=99), ValueError, "argument consumed is 99, expected at most"),
        (lambda s: shuffle(batch_size=0), ValueError, "argument batch_size is 0"),
        (lambda s: shuffle(n_examples=0), ValueError, "argument n_examples is 0"),
        (lambda s: shuffle(rank=1), ValueError, r"argument rank is 1, expected a rank in 0\.\.1"),
        (lambda s: shuffle(num_replicas=0), ValueError, "argument num_replicas is 0"),
        (lambda s: shuffle(num_replicas=9), ValueError, "argument batch_size is 8, expected at least num_replicas, 9"),
        (lambda s: shuffle(losses=3), TypeError, "argument losses is a int"),
        (lambda s: prefix(total_steps=None), ValueError, "argument total_steps is missing"),
        (lambda s: SAMPLERS.Prefix(ORDER, "root", batch_size=8), TypeError, "argument pacing is a str"),
        (lambda s: shuffle(n_examples=5, examples=[1, 2]), ValueError, "argument n_examples is of 5 examples"),
        (lambda s: shuffle(n_examples=None, examples=[1, 2, 1] * 4), ValueError, "argument examples is 1 twice"),
        (lambda s: SAMPLERS.Sequential([0, 0, 1], batch_size=1), ValueError, "order"),
        (lambda s: SAMPLERS.by_name("no-such"), ValueError, "no-such"),
        (lambda s: list(s.run()), ValueError, "argument total_steps is missing"),
    ],
)
def test_what_cannot_be_is_said(call, error, says):
    with pytest.raises(error, match=says):
        call(shuffle())


# States ---------------------------------------------------------------------------------------------------------------


@fixed
def test_a_state_is_a_value_of_its_own(name):
    sampler = FIXED[name]()
    iterator = iter(sampler)
    next(iterator)
    state = sampler.state_dict()
    kept = copy.deepcopy(state)
    next(iterator), list(sampler), sampler.set_epoch(0)
    assert state == kept
    # Plain values: any format of checkpoints takes them.
    assert json.loads(json.dumps(state)) == state
    # And a state that was loaded is not kept hold of.
    other = FIXED[name]()
    other.load_state_dict(state)
    list(other)
    assert state == kept


@learning
def test_a_state_of_one_that_learns_is_a_value_of_its_own(name):
    sampler = LEARNS[name]()
    train(sampler, 2)
    state = sampler.state_dict()
    kept = copy.deepcopy(state)
    train(gone_on(sampler), 2)
    assert state == kept and sampler.state_dict() != kept


@fixed
def test_the_state_of_fewer_steps_than_were_drawn(name):
    reference = list(itertools.chain(*epochs(FIXED[name](), 5)))
    sampler = FIXED[name]()
    epochs(sampler, 4)
    for consumed in range(sampler.step + 1):
        resumed = FIXED[name]()
        resumed.load_state_dict(passed_through(sampler.state_dict(consumed=consumed)))
        assert resumed.step == consumed
        rest = list(resumed)
        assert rest == reference[consumed : consumed + len(rest)]


OTHERS = {
    "seed": (lambda: prefix(seed=4), "seed 3, not with 4"),
    "order": (
        lambda: SAMPLERS.Prefix(ORDER[::-1], growing(), batch_size=BATCH, total_steps=STEPS, seed=3),
        "order of the first",
    ),
    "pacing": (
        lambda: SAMPLERS.Prefix(ORDER, cl.pacing.Root(a=0.8, b=0.5), batch_size=BATCH, total_steps=STEPS, seed=3),
        "schedule of the first",
    ),
    "budget": (lambda: prefix(total_steps=STEPS // 4), "schedule of the first"),
    "data": (
        lambda: SAMPLERS.Prefix(np.arange(N - 1), growing(), batch_size=BATCH, total_steps=STEPS, seed=3),
        "number of examples 53, not with 52",
    ),
    "kind": (shuffle, "sampler"),
    "examples": (lambda: prefix(examples=np.arange(N) + 7), "examples all of them, not with"),
}


def test_a_state_goes_on_under_another_batch_size():
    saved = prefix()
    epochs(saved, 2)
    iterator = iter(saved)
    shown = [index for batch in (next(iterator), next(iterator)) for index in batch]
    other = prefix(batch_size=9)
    other.load_state_dict(saved.state_dict())
    rest = list(other)
    assert all(len(batch) == 9 for batch in rest[:-1])
    assert sorted(index for batch in rest for index in batch) == sorted(index for batch in iterator for index in batch)
    assert not set(shown) & {index for batch in rest for index in batch}


@pytest.mark.parametrize("what", OTHERS)
def test_states_of_other_settings_are_refused_and_change_nothing(what):
    make, says = OTHERS[what]
    saved = prefix()
    epochs(saved, 3)
    next(iter(saved))
    reference = epochs(make(), 3)
    other = make()
    iterator = iter(other)
    head = [next(iterator), next(iterator)]
    before = other.state_dict()
    with pytest.raises(cl.StateError, match=says):
        other.load_state_dict(saved.state_dict())
    assert other.state_dict() == before and other.step == 2
    assert head + list(iterator) == reference[0]
    assert epochs(other, 2) == reference[1:]


LEARNING_OTHERS = {
    "info_batch": [{"n_epochs": 7}, {"r": 0.4}, {"seed": 4}, {"delta": 0.5}, {"draw": "fixed-count"}, {"batch_size": 9}],
    "instance_hardness": [{"warm_epochs": 2}, {"gamma": 0.5}, {"k": 0.3}, {"measure": "loss-change"}, {"seed": 4}],
    "teacher": [{"teacher": "naive"}, {"classes": (CLASSES + 1) % 4}, {"epsilon": 0.2}, {"seed": 4}],
    "rho_loss": [{"irreducible": DIFFICULTY}, {"factor": 2}, {"seed": 4}],
    "self_paced": [{"lambda_": 0.6}, {"mu": 1.5}, {"seed": 4}],
}


@learning
def test_states_of_other_settings_are_refused_by_samplers_that_learn(name):
    saved = LEARNS[name]()
    train(saved, 3)
    for other in LEARNING_OTHERS[name]:
        sampler = LEARNS[name](**other)
        before = sampler.state_dict()
        with pytest.raises(cl.StateError, match="the saved state was made with"):
            sampler.load_state_dict(saved.state_dict())
        assert sampler.state_dict() == before


def damaged(state):
    """The state with one thing wrong each, by what is wrong."""
    text = state["sampler"]
    yield "no version", {name: value for name, value in state.items() if name != "version"}
    yield "empty", {}
    for name in ("first", "step", "offset", "sampler"):
        yield f"no {name}", {key: value for key, value in state.items() if key != name}
        yield f"{name} none", {**state, name: None}
    yield "version", {**state, "version": state["version"] + 1}
    yield "version text", {**state, "version": "1"}
    yield "negative step", {**state, "step": -1}
    yield "huge step", {**state, "step": 2**70}
    yield "another step", {**state, "step": state["step"] + 1}
    yield "first within", {**state, "first": state["first"] + 1}
    yield "first beyond", {**state, "first": state["first"] + 2**40}
    yield "offset beyond the batch", {**state, "offset": 999}
    yield "examples", {**state, "examples": "0123"}
    yield "examples no text", {**state, "examples": 3}
    yield "cut", {**state, "sampler": text[: len(text) // 2]}
    yield "empty text", {**state, "sampler": ""}
    yield "other text", {**state, "sampler": "{}"}
    yield "other json", {**state, "sampler": "[1, 2]"}
    yield "altered", {**state, "sampler": text.replace('"n_steps":', '"n_steps":1')}
    yield "flipped", {**state, "sampler": text[:-8] + ("0" if text[-8] != "0" else "1") + text[-7:]}


DAMAGES = [what for what, _ in damaged(shuffle().state_dict())]


@pytest.mark.parametrize("what", DAMAGES)
@pytest.mark.parametrize("make", [prefix, LEARNS["info_batch"]], ids=["prefix", "info_batch"])
def test_damaged_states_are_refused_and_change_nothing(make, what):
    saved = make()
    train(saved, 3)
    state = dict(damaged(saved.state_dict()))[what]
    reference = train(make(), 12)
    sampler = make()
    iterator = iter(sampler)
    for batch, _ in reference[:2]:
        assert next(iterator) == batch
        sampler.update(batch, loss(batch, sampler.step))
    before = sampler.state_dict()
    with pytest.raises(cl.StateError):
        sampler.load_state_dict(state)
    assert sampler.state_dict() == before
    sampler.load_state_dict(before)
    assert train(sampler, 10) == reference[2:]


def test_what_is_no_state_is_a_type_error():
    for what in (None, 3, [1]):
        with pytest.raises(TypeError):
            shuffle().load_state_dict(what)


def test_what_comes_after_a_state_may_change():
    """Another pacing from here on is a choice, not a mistake."""
    saved = SAMPLERS.Prefix(ORDER, cl.pacing.Root(a=0.8, b=0.2), batch_size=BATCH, total_steps=STEPS, seed=3)
    next(iter(saved))
    other = SAMPLERS.Prefix(ORDER, cl.pacing.Linear(a=0.8, b=0.2), batch_size=BATCH, total_steps=STEPS, seed=3)
    other.load_state_dict(saved.state_dict())
    assert other.step == 1


# Samplers that learn --------------------------------------------------------------------------------------------------


@learning
@pytest.mark.parametrize("told", ["before the state", "after the state"])
def test_a_resumed_learner_goes_on_as_the_uninterrupted(name, told):
    n = 30
    reference = train(LEARNS[name](), n)
    sampler = LEARNS[name]()
    taken, states = [], []
    while len(states) <= n - 1:
        # Only here may the losses wanted be told twice: they are of the same model.
        if told == "before the state":
            tell(sampler)
        states.append(passed_through(sampler.state_dict()))
        taken += train(sampler, 1)
        # What train() leaves in mid epoch, resumed as from a checkpoint.
        sampler, before = LEARNS[name](), sampler.state_dict()
        sampler.load_state_dict(before)
    assert taken == reference
    for step in range(0, n, 3):
        resumed = LEARNS[name]()
        resumed.load_state_dict(states[step])
        assert train(resumed, n - step) == reference[step:]


@pytest.mark.parametrize("name", ["self_paced", "rho_loss"])
def test_a_function_of_losses_is_as_good_as_telling(name):
    """The function is asked in the middle of an iteration, and may look at the sampler."""
    n = 30
    reference = train(LEARNS[name](), n)
    asked = []

    def make():
        box = []

        def losses(indices):
            asked.append(len(indices))
            return loss(indices, box[0].step)

        box.append(LEARNS[name](losses=losses))
        return box[0]

    def taken(sampler, count):
        batches = []
        for _ in range(count):
            for batch in sampler:
                batches.append((batch, sampler.weights(batch).tolist()))
                if len(batches) == count:
                    return batches
        return batches

    assert taken(make(), n) == reference
    assert asked and max(asked) <= N
    for step in (0, 1, 5, 11, 20):
        sampler = make()
        taken(sampler, step) if step else None
        resumed = make()
        resumed.load_state_dict(passed_through(sampler.state_dict()))
        assert taken(resumed, n - step) == reference[step:]


def test_a_self_paced_epoch_ends_where_its_selection_does():
    sampler = LEARNS["self_paced"]()
    lengths = []
    for epoch in range(5):
        wanted = sampler.wanted()
        assert sorted(wanted) == list(range(N))
        losses = np.linspace(0, 1, N)
        sampler.update(wanted, losses[wanted])
        expected = [index for index in range(N) if losses[index] < 0.5 * 1.2**epoch]
        assert sorted(sum(sampler, [])) == expected
        assert sampler.epoch == epoch
        lengths.append(len(expected))
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]


def test_self_paced_losses_are_told_once_an_epoch_by_a_function():
    asked = []

    def losses(indices):
        asked.append(len(indices))
        return np.linspace(0, 1, N)[indices]

    sampler = LEARNS["self_paced"](losses=losses)
    for epoch in range(4):
        # Bounded: an epoch that never ends is a failure, and no hang.
        shown = sum(itertools.islice(sampler, N), [])
        assert len(shown) == len(set(shown)) <= N
        assert asked == [N] * (epoch + 1)


def test_what_self_paced_waits_for_is_said():
    sampler = LEARNS["self_paced"]()
    with pytest.raises(RuntimeError, match=r"waits for the losses of 53 examples.*wanted\(\) names.*losses="):
        next(iter(sampler))
    with pytest.raises(TypeError, match="not known before self-paced is told"):
        len(sampler)
    assert sampler.step == 0


def test_functions_of_losses_that_fail():
    def fails(indices):
        raise KeyError("no such model")

    with pytest.raises(KeyError, match="no such model"):
        next(iter(LEARNS["self_paced"](losses=fails)))
    with pytest.raises(ValueError, match="argument losses is a function that gave 3, expected one loss for each of the 53"):
        next(iter(LEARNS["self_paced"](losses=lambda indices: [1.0] * 3)))
    with pytest.raises(ValueError, match="NaN"):
        next(iter(LEARNS["self_paced"](losses=lambda indices: np.full(len(indices), np.nan))))
    # And work again afterwards.
    answers = iter([[1.0] * 3, np.full(N, 0.1)])
    sampler = LEARNS["self_paced"](losses=lambda indices: next(answers))
    with pytest.raises(ValueError):
        next(iter(sampler))
    assert len(next(iter(sampler))) == BATCH


def test_info_batch_waits_for_the_losses_of_an_epoch():
    sampler = LEARNS["info_batch"]()
    first = list(sampler)
    assert len(first) == 7 and sorted(sum(first, [])) == list(range(N))
    with pytest.raises(RuntimeError, match="waits for the losses of the batches given before"):
        next(iter(sampler))
    for batch in first:
        sampler.update(batch, loss(batch, 0))
    again = list(sampler)
    assert len(sum(again, [])) < N
    assert sum(sampler.weights(batch).sum() for batch in again) == pytest.approx(N, abs=15)


@pytest.mark.parametrize("order", ["as drawn", "reversed", "reversed, by step", "in turn"])
def test_info_batch_is_told_in_parts(order):
    whole, parts = LEARNS["info_batch"](), LEARNS["info_batch"]()
    first = list(whole)
    assert list(parts) == first
    for batch in first:
        whole.update(batch, loss(batch, 0))
    pieces = [(step, batch[at : at + 3]) for step, batch in enumerate(first) for at in range(0, len(batch), 3)]
    if order == "in turn":
        # The first part of every batch, then the second, ...
        pieces = sorted(pieces, key=lambda piece: first[piece[0]].index(piece[1][0]))
    elif order != "as drawn":
        pieces = pieces[::-1]
    for step, piece in pieces:
        parts.update(piece, loss(piece, 0), step=step if "by step" in order else None)
    assert list(whole) == list(parts)


@learning
def test_one_that_learns_is_left_in_mid_epoch(name):
    """As by `break`, or a limit on the batches of an epoch: all that was drawn was told."""
    sampler = LEARNS[name]()
    for _ in range(3):
        tell(sampler)
        for n_batches, batch in enumerate(sampler, start=1):
            sampler.update(batch, loss(batch, sampler.step))
            if n_batches == 2:
                break
            tell(sampler)


def test_the_last_losses_of_a_batch_count():
    sampler, plain = LEARNS["info_batch"](), LEARNS["info_batch"]()
    for batch in zip(sampler, plain, strict=True):
        sampler.update(batch[0], loss(batch[0], 1))
        plain.update(batch[1], loss(batch[1], 1))
    assert list(sampler) == list(plain)


@learning
def test_losses_that_cannot_be_are_refused_and_change_nothing(name):
    sampler = LEARNS[name]()
    tell(sampler)
    batch = next(iter(sampler))
    before = sampler.state_dict()
    others = [index for index in range(N) if index not in batch]
    good = loss(batch, 0)
    wrong = [
        (batch, np.where(np.arange(len(batch)) == 1, np.nan, good), ValueError, "NaN"),
        (batch, good[:-1], ValueError, r"argument losses is of shape \(7,\), expected one for each of 8 indices"),
        (batch, good[:, None], ValueError, "losses"),
        (batch, ["a"] * len(batch), TypeError, "losses"),
        (np.asarray(batch, dtype=float), good, TypeError, "argument indices is of dtype float64"),
        ([*batch[:-1], N], good, IndexError, r"argument indices\[7\] is 53"),
        ([*batch[:-1], -1], good, IndexError, r"argument indices\[7\] is -1"),
        (batch, None, TypeError, "losses"),
    ]
    if name in ("info_batch", "instance_hardness", "teacher"):
        wrong.append((others[:BATCH], good, ValueError, "argument indices is of no batch that was drawn"))
        wrong.append(([*batch[:-1], others[0]], good, ValueError, "argument indices is of no batch that was drawn"))
    for indices, losses, error, says in wrong:
        with pytest.raises(error, match=says):
            sampler.update(indices, losses)
        assert sampler.state_dict() == before, says


@fixed
def test_samplers_of_a_fixed_order_are_told_in_vain_but_checked(name):
    sampler = FIXED[name]()
    batch = next(iter(sampler))
    before = sampler.state_dict()
    sampler.update(batch, loss(batch, 0))
    assert sampler.state_dict() == before
    assert sampler.wanted().tolist() == [] and not sampler.learns
    with pytest.raises(ValueError, match="argument losses is of shape"):
        sampler.update(batch, [1.0])
    with pytest.raises(IndexError, match=r"argument indices\[0\] is 53"):
        sampler.update([N], [1.0])


def test_nan_shows_with_every_sampler():
    sampler = shuffle()
    batch = next(iter(sampler))
    with pytest.raises(ValueError, match="NaN"):
        sampler.update(batch, [float("nan")] * len(batch))


def test_ranks_that_are_told_the_same_draw_the_same():
    whole = LEARNS["info_batch"](batch_size=9)
    ranks = [LEARNS["info_batch"](batch_size=9, num_replicas=3, rank=rank, allow_empty=True) for rank in range(3)]
    for _ in range(4):
        batches = list(whole)
        parts = [list(rank) for rank in ranks]
        for step, batch in enumerate(batches):
            shares = [part[step] for part in parts]
            assert sum(shares, []) == batch
            weights = [rank.weights(share) for rank, share in zip(ranks, shares, strict=True)]
            assert np.concatenate(weights).tolist() == whole.weights(batch).tolist()
            whole.update(batch, loss(batch, step))
            for rank in ranks:
                for share in shares:
                    rank.update(share, loss(share, step))
    assert len({json.dumps(sampler.state_dict()) for sampler in [whole, *ranks]}) == 1


def test_epochs_of_unforeseen_length_go_well_with_ranks():
    """How many examples an epoch has depends on the losses: no batch size avoids a rest smaller than the ranks."""
    sampler = LEARNS["info_batch"](batch_size=9, num_replicas=8, rank=3, n_epochs=50)
    whole = LEARNS["info_batch"](batch_size=9, n_epochs=50)
    for _ in range(20):
        for batch, _ in zip(whole, sampler, strict=True):
            whole.update(batch, loss(batch, whole.step))
            sampler.update(batch, loss(batch, whole.step))


def test_a_teacher_gives_batches_of_its_classes():
    sampler = LEARNS["teacher"]()
    for batch, weights in train(sampler, 20):
        assert len(batch) == BATCH and weights == [1.0] * BATCH


def test_instance_hardness_shows_fewer_and_fewer():
    sampler = LEARNS["instance_hardness"]()
    sizes = []
    for _ in range(6):
        n_shown = 0
        for batch in sampler:
            n_shown += len(batch)
            sampler.update(batch, loss(batch, sampler.step))
        sizes.append(n_shown)
    assert sizes[0] == N and sizes == sorted(sizes, reverse=True) and sizes[-1] < N / 2


def test_rho_loss_takes_what_is_most_reducible():
    sampler = LEARNS["rho_loss"]()
    wanted = sampler.wanted()
    assert len(wanted) == 3 * BATCH == len(set(wanted.tolist()))
    losses = loss(wanted, 0)
    sampler.update(wanted, losses)
    batch = next(iter(sampler))
    reducible = dict(zip(wanted.tolist(), losses - DIFFICULTY[wanted] / 2, strict=True))
    assert sorted(batch) == sorted(sorted(reducible, key=reducible.get)[-BATCH:])


# Weights --------------------------------------------------------------------------------------------------------------


@fixed
def test_weights_of_every_batch(name):
    sampler = FIXED[name]()
    shown = []
    for epoch in range(4):
        for batch in sampler:
            weights = sampler.weights(batch)
            assert weights.dtype == np.float64 and weights.shape == (len(batch),)
            # Asked again, in parts, and in another order.
            assert sampler.weights(batch).tolist() == weights.tolist()
            assert sampler.weights(batch[:3]).tolist() == weights[:3].tolist()
            assert sampler.weights(np.asarray(batch[::-1])).tolist() == weights[::-1].tolist()
            assert sampler.weights(batch, step=sampler.step - 1).tolist() == weights.tolist()
            shown.append((epoch, set(weights)))
    fractions = [0.4, 0.7, 1.0, 1.0]
    for epoch, weights in shown:
        if name == "dynamic_random":
            (weight,) = weights
            # N over how many are shown.
            assert weight == pytest.approx(N / round(fractions[epoch] * N), rel=0.05)
        else:
            assert weights == {1.0}


def test_weights_of_batches_that_were_drawn_ahead():
    reference = [(batch, weight) for batch, weight in train(rescaled(), 12)]
    sampler = rescaled()
    drawn = list(sampler)
    assert [sampler.weights(batch).tolist() for batch in drawn] == [weight for _, weight in reference[: len(drawn)]]


def test_weights_after_weighted_epochs():
    """An epoch that shows everything follows on one that weighs."""
    sampler = rescaled(fractions="0.5,1")
    for expected in (2.0, 1.0, 1.0):
        for batch in sampler:
            assert sampler.weights(batch) == pytest.approx(np.full(len(batch), expected), rel=0.05)


def test_weights_after_going_back():
    sampler = rescaled()
    first = [sampler.weights(batch).tolist() for batch in sampler]
    list(sampler)
    sampler.set_epoch(0)
    assert [sampler.weights(batch).tolist() for batch in sampler] == first
    sampler.seek(1)
    assert [sampler.weights(batch).tolist() for batch in sampler] == first[1:]


def test_weights_after_the_number_of_examples_was_asked_for():
    reference = rescaled()
    expected = [reference.weights(batch).tolist() for batch in reference]
    sampler = rescaled()
    len(sampler.by_example())
    assert [sampler.weights(batch).tolist() for batch in sampler] == expected


def test_weights_after_a_resumption():
    reference = train(rescaled(), 12)
    for step in range(12):
        sampler = rescaled()
        train(sampler, step) if step else None
        resumed = rescaled()
        resumed.load_state_dict(passed_through(sampler.state_dict()))
        assert train(resumed, 12 - step) == reference[step:]


def test_weights_of_what_was_not_drawn():
    sampler = rescaled()
    batch = next(iter(sampler))
    other = [index for index in range(N) if index not in batch][:3]
    with pytest.raises(ValueError, match="argument indices is of no batch that was drawn"):
        sampler.weights(other)
    with pytest.raises(IndexError):
        sampler.weights([N])
    with pytest.raises(TypeError):
        sampler.weights([0.5])


def test_weights_of_very_many_batches_drawn_ahead():
    sampler = SAMPLERS.DynamicRandom(n_examples=2000, batch_size=2, fractions="0.9", rescaled=True)
    batches = list(sampler)
    assert len(batches) == 900
    assert sampler.weights(batches[0]) == pytest.approx([10 / 9] * 2)
    assert sampler.weights(batches[-1]) == pytest.approx([10 / 9] * 2)


# Parts of the data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*FIXED, *LEARNS])
def test_examples_are_mapped_both_ways(name):
    chosen = np.random.default_rng(5).permutation(1000)[:N] + 10
    make = (FIXED | LEARNS)[name]
    both = ({"n_examples": None} if "n_examples" in make.__code__.co_consts else {}) | {"examples": chosen}
    try:
        sampler = make(**both)
    except TypeError:
        sampler = make(examples=chosen)
    plain = make()
    place = {int(example): at for at, example in enumerate(chosen)}
    for _ in range(12):
        wanted = plain.wanted()
        assert sampler.wanted().tolist() == chosen[wanted].tolist()
        if len(wanted):
            sampler.update(chosen[wanted], loss(wanted, plain.step))
            plain.update(wanted, loss(wanted, plain.step))
        # Epochs end for both at once.
        batch = next(iter(gone_on(plain)), None)
        mapped = next(iter(gone_on(sampler)), None)
        assert [place[example] for example in mapped] == batch
        assert sampler.weights(mapped).tolist() == plain.weights(batch).tolist()
        sampler.update(mapped, loss(batch, plain.step))
        plain.update(batch, loss(batch, plain.step))
        with pytest.raises(IndexError, match=r"indices\[0\] is 3, expected one of the examples that the sampler draws from"):
            sampler.update([3], [1.0])


def test_a_function_of_losses_is_asked_for_the_examples():
    chosen = np.arange(N) * 3 + 1
    seen = []

    def losses(indices):
        seen.append(indices.tolist())
        return (indices - 1) / 3 / N

    sampler = SAMPLERS.SelfPaced(examples=chosen, batch_size=BATCH, lambda_=0.5, losses=losses)
    batch = next(iter(sampler))
    assert sorted(seen[0]) == chosen.tolist()
    assert all(example in chosen and (example - 1) / 3 / N < 0.5 for example in batch)


def test_examples_belong_to_the_state():
    first, second = np.arange(N), np.arange(N)[::-1]
    saved = shuffle(n_examples=None, examples=first).state_dict()
    shuffle(n_examples=None, examples=first.tolist()).load_state_dict(saved)
    for other in (shuffle(), shuffle(n_examples=None, examples=second)):
        with pytest.raises(cl.StateError, match="examples"):
            other.load_state_dict(saved)


# Example by example ---------------------------------------------------------------------------------------------------


@fixed
def test_examples_one_by_one_are_the_batches(name):
    reference = [sum(epoch, []) for epoch in epochs(FIXED[name](), 4)]
    examples = FIXED[name]().by_example()
    for epoch in reference:
        assert len(examples) == len(epoch)
        assert list(examples) == epoch


@fixed
def test_examples_one_by_one_are_resumed_in_mid_batch(name):
    reference = [sum(epoch, []) for epoch in epochs(FIXED[name](), 3)]
    everything = sum(reference, [])
    for taken in range(0, len(reference[0]) + 3):
        examples = FIXED[name]().by_example()
        iterator = iter(examples)
        got = list(itertools.islice(iterator, taken))
        if taken > len(got):
            got += list(itertools.islice(iter(examples), taken - len(got)))
        assert got == everything[:taken]
        resumed = FIXED[name]().by_example()
        resumed.load_state_dict(passed_through(examples.state_dict()))
        rest = list(resumed)
        assert rest == everything[taken : taken + len(rest)]
        assert taken + len(rest) in np.cumsum([len(epoch) for epoch in reference])


def test_a_state_in_mid_batch_is_for_examples_only():
    examples = shuffle().by_example()
    iterator = iter(examples)
    next(iterator)
    batches = shuffle()
    batches.load_state_dict(examples.state_dict())
    with pytest.raises(cl.StateError, match="by_example"):
        iter(batches)


def test_ranks_take_their_examples_one_by_one():
    for n_ranks in (2, 3):
        ranks = [shuffle(n_examples=47, num_replicas=n_ranks, rank=rank).by_example() for rank in range(n_ranks)]
        for _ in range(2):
            assert sum(len(rank) for rank in ranks) == 47
            parts = [list(rank) for rank in ranks]
            assert sorted(sum(parts, [])) == list(range(47))


def test_a_state_in_mid_batch_is_not_taken_by_other_ranks():
    """How many of a share were given says nothing to another number of ranks: refused, or nothing lost and repeated."""
    ranks = [shuffle(num_replicas=2, rank=rank).by_example() for rank in range(2)]
    iterators = [iter(rank) for rank in ranks]
    shown = [next(iterator) for iterator in iterators for _ in range(3)]
    alone = shuffle().by_example()
    try:
        alone.load_state_dict(ranks[0].state_dict())
        rest = list(alone)
    except cl.StateError:
        return
    assert sorted(shown + rest) == list(range(N))


# Ranks ----------------------------------------------------------------------------------------------------------------


@fixed
@pytest.mark.parametrize("n_ranks", [2, 3])
def test_ranks_share_every_batch(name, n_ranks):
    # The shortest batch must have one for each.
    whole = FIXED[name](allow_empty=True)
    ranks = [FIXED[name](num_replicas=n_ranks, rank=rank, allow_empty=True) for rank in range(n_ranks)]
    for _ in range(4):
        batches = list(whole)
        parts = [list(rank) for rank in ranks]
        assert [sum(shares, []) for shares in zip(*parts, strict=True)] == batches
        sizes = np.array([[len(share) for share in part] for part in parts])
        assert np.ptp(sizes, axis=0).max() <= 1
    assert len({json.dumps(sampler.state_dict()) for sampler in [whole, *ranks]}) == 1


@fixed
@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 1), (1, 2)])
def test_the_number_of_ranks_changes_in_mid_epoch(name, before, after):
    reference = epochs(FIXED[name](), 3)
    for taken in range(len(reference[0]) + 1):
        old = [FIXED[name](num_replicas=before, rank=rank, allow_empty=True) for rank in range(before)]
        shown = list(itertools.islice(zip(*map(iter, old), strict=True), taken))
        state = passed_through(old[taken % before].state_dict())
        new = [FIXED[name](num_replicas=after, rank=rank, allow_empty=True) for rank in range(after)]
        for sampler in new:
            sampler.load_state_dict(state)
        rest = list(zip(*map(list, new), strict=True))
        got = [sum(shares, []) for shares in shown + rest]
        assert got == (reference[0] if taken < len(reference[0]) else reference[0] + reference[1])


def test_a_batch_too_small_for_the_ranks_reaches_all_of_them():
    """49 = 6 batches of 8 and one of 1: ranks without a share are given an example that does not count."""
    ranks = [shuffle(n_examples=49, num_replicas=3, rank=rank) for rank in range(3)]
    batches = [list(rank) for rank in ranks]
    assert [len(rank) for rank in batches] == [7] * 3 and all(all(rank) for rank in batches)
    counted = []
    for rank, shares in zip(ranks, batches, strict=True):
        for share in shares:
            counted += [index for index, weight in zip(share, rank.weights(share), strict=True) if weight > 0]
    assert sorted(counted) == list(range(49))
    shares = [shuffle(n_examples=49, num_replicas=3, rank=rank, allow_empty=True) for rank in range(3)]
    assert sorted(sum((sum(share, []) for share in shares), [])) == list(range(49))
    one_by_one = [shuffle(n_examples=49, num_replicas=3, rank=rank).by_example() for rank in range(3)]
    assert sorted(sum((list(rank) for rank in one_by_one), [])) == list(range(49))


# Runs, copies ---------------------------------------------------------------------------------------------------------


@fixed
def test_a_run_is_a_budget_of_steps(name):
    reference = list(itertools.chain(*epochs(FIXED[name](), 20)))
    sampler = FIXED[name](total_steps=STEPS)
    got = []
    for batch in sampler.run():
        got.append(batch)
        if len(got) == 17:
            break
    # Resumed, what is left of it.
    resumed = FIXED[name](total_steps=STEPS)
    resumed.load_state_dict(sampler.state_dict())
    got += resumed.run()
    assert got == reference[:STEPS]
    assert list(resumed.run()) == []
    assert list(FIXED[name]().run(5)) == reference[:5]
    assert list(FIXED[name]().run(0)) == []


@fixed
def test_a_run_goes_on_where_the_last_one_stopped(name):
    reference = list(itertools.chain(*epochs(FIXED[name](), 20)))
    sampler = FIXED[name]()
    assert list(sampler.run(10)) + list(sampler.run(STEPS)) == reference[:STEPS]


def test_a_run_of_one_that_learns():
    sampler = LEARNS["info_batch"]()
    got = []
    for batch in sampler.run(20):
        got.append((batch, sampler.weights(batch).tolist()))
        sampler.update(batch, loss(batch, sampler.step))
    assert got == train(LEARNS["info_batch"](), 20)


COPIES = {"pickle": passed_through, "deepcopy": copy.deepcopy, "copy": copy.copy}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", [*FIXED, *LEARNS])
def test_copies_go_on_alone(name, how):
    make = (FIXED | LEARNS)[name]
    reference = train(make(), 12)
    for step in (0, 1, 5, 9):
        sampler = make()
        train(sampler, step) if step else None
        copied = COPIES[how](sampler)
        assert type(copied) is type(sampler) and copied.step == sampler.step
        if step:
            assert train(copied, 12 - step) == reference[step:]
            # The first was not touched by that.
            assert train(gone_on(sampler), 12 - step) == reference[step:]


def test_a_copy_example_by_example():
    examples = shuffle().by_example()
    iterator = iter(examples)
    head = [next(iterator) for _ in range(3)]
    copied = pickle.loads(pickle.dumps(examples))
    assert head + list(copied) == head + list(iterator)


def test_a_copy_keeps_ranks_and_parts_of_the_data():
    sampler = shuffle(n_examples=None, examples=np.arange(N) * 2, num_replicas=2, rank=1, batch_size=7, allow_empty=True)
    next(iter(sampler))
    copied = copy.deepcopy(sampler)
    assert (copied.num_replicas, copied.rank, copied.step) == (2, 1, 1)
    assert list(copied) == list(gone_on(sampler))


# Whatever happens -----------------------------------------------------------------------------------------------------


def random_sampler(rng):
    """A function that makes a sampler of a fixed order, of random settings."""
    n = int(rng.integers(5, 80))
    batch_size = int(rng.integers(1, n // 2 + 1))
    total_steps = int(rng.integers(5, 60))
    difficulty = rng.integers(0, 10, n) / 10
    order = cl.orders.EasyFirst()(difficulty, seed=int(rng.integers(100)))
    pacing = [cl.pacing.Linear, cl.pacing.Root, cl.pacing.Quadratic][rng.integers(3)]
    pacing = pacing(a=float(rng.uniform(0.1, 1)), b=float(rng.uniform(0.05, 1)))
    fractions = ",".join(f"{fraction:.2f}" for fraction in rng.uniform(0.3, 1, rng.integers(1, 4)))
    common = {"batch_size": batch_size, "total_steps": total_steps, "seed": int(rng.integers(2**40))}
    makers = [
        lambda **o: SAMPLERS.Prefix(order, pacing, **common, **o),
        lambda **o: SAMPLERS.MiniBatch(order, pacing, **common, **o),
        lambda **o: SAMPLERS.Competence(cl.pacing.Competence(c0=0.1), difficulty=difficulty, **common, **o),
        lambda **o: SAMPLERS.Shuffle(n_examples=n, **common, **o),
        lambda **o: SAMPLERS.Sequential(order, **common, **o),
        lambda **o: SAMPLERS.DynamicRandom(n_examples=n, fractions=fractions, rescaled=True, **common, **o),
        lambda **o: SAMPLERS.RepeatedRandom(n_examples=n, fractions=fractions, **common, **o),
    ]
    return makers[rng.integers(len(makers))], n


@pytest.mark.parametrize("seed", range(60))
def test_any_walk_gives_the_batches_of_its_steps(seed):
    rng = np.random.default_rng(seed)
    make, _ = random_sampler(rng)
    reference = make()
    table, weights, starts = [], [], [0]
    for _ in range(12):
        for batch in reference:
            table.append(batch)
            weights.append(reference.weights(batch, step=reference.step - 1).tolist())
        starts.append(len(table))
    # Stays where the table knows: the ninth epoch.
    sampler, iterator, place, epoch = make(), None, 0, 0

    def end():
        return starts[epoch + 1]

    for _ in range(80):
        action = rng.integers(7)
        if action <= 2 or iterator is None:
            if iterator is None:
                iterator = iter(sampler)
            for _ in range(rng.integers(1, 5)):
                batch = next(iterator, None)
                if place == end():
                    assert batch is None
                    iterator, epoch = None, epoch + 1
                    break
                assert batch == table[place]
                assert sampler.weights(batch, step=place).tolist() == weights[place]
                place += 1
                assert (sampler.step, sampler.epoch) == (place, epoch)
        elif action == 3:
            state = sampler.state_dict()
            sampler = make()
            sampler.load_state_dict(passed_through(state))
            iterator = None
            if place == end():
                epoch += 1
        elif action == 4:
            epoch = int(rng.integers(6))
            place = starts[epoch]
            sampler.set_epoch(epoch)
            assert sampler.epoch == epoch and len(sampler) == end() - place
            # Not what the call before left to go on with.
            iterator = None
        elif action == 5:
            place = int(rng.integers(starts[6]))
            epoch = int(np.searchsorted(starts, place, side="right")) - 1
            sampler.seek(place)
            iterator = None
        else:
            consumed = int(rng.integers(place + 1))
            state = sampler.state_dict(consumed=consumed)
            sampler = pickle.loads(pickle.dumps(make()))
            sampler.load_state_dict(state)
            place, iterator = consumed, None
            epoch = int(np.searchsorted(starts, place, side="right")) - 1
        if epoch > 9:
            sampler.set_epoch(0)
            place, epoch, iterator = 0, 0, None


@pytest.mark.parametrize("seed", range(60))
def test_any_ranks_share_any_batches(seed):
    rng = np.random.default_rng(1000 + seed)
    make, n = random_sampler(rng)
    n_ranks = int(rng.integers(1, 6))
    whole = make(allow_empty=True)
    ranks = [make(num_replicas=n_ranks, rank=rank, allow_empty=True) for rank in range(n_ranks)]
    by_example = make(allow_empty=True).by_example()
    for _ in range(3):
        length = len(whole)
        batches = list(whole)
        assert len(batches) == length
        assert all(0 <= index < n for batch in batches for index in batch)
        assert [sum(shares, []) for shares in zip(*ranks, strict=True)] == batches
        assert len(by_example) == sum(map(len, batches))
        assert list(by_example) == sum(batches, [])


@pytest.mark.parametrize("seed", range(30))
def test_any_weights_are_those_of_the_batch(seed):
    """Asked for in any order, late, in parts, of a loader that draws ahead."""
    rng = np.random.default_rng(2000 + seed)
    n, batch_size = int(rng.integers(20, 80)), int(rng.integers(2, 10))
    fractions = ",".join(f"{fraction:.2f}" for fraction in rng.uniform(0.3, 1, 3))
    given = {"n_examples": n, "batch_size": batch_size, "fractions": fractions, "rescaled": True, "seed": seed}
    sampler, direct = SAMPLERS.DynamicRandom(**given), SAMPLERS.DynamicRandom(**given)
    for _ in range(5):
        ahead = []
        for batch in sampler:
            ahead.append((sampler.step - 1, batch))
            if rng.random() < 0.6:
                step, batch = ahead.pop(0)
                expected = direct.weights(batch, step=step)
                assert sampler.weights(batch).tolist() == expected.tolist()
                assert sampler.weights(batch[: 1 + len(batch) // 2]).tolist() == expected[: 1 + len(batch) // 2].tolist()


@pytest.mark.parametrize("seed", range(20))
def test_any_learner_is_resumed_anywhere(seed):
    rng = np.random.default_rng(3000 + seed)
    name = ["info_batch", "instance_hardness", "teacher", "rho_loss"][seed % 4]
    make = LEARNS[name]
    options = {"batch_size": int(rng.integers(2, 12)), "seed": int(rng.integers(2**40))}
    n = 40
    reference = train(make(**options), n)
    sampler, done = make(**options), 0
    while done < n:
        count = int(min(rng.integers(1, 9), n - done))
        assert train(sampler, count) == reference[done : done + count]
        done += count
        state = passed_through(sampler.state_dict())
        sampler = make(**options)
        sampler.load_state_dict(state)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    path = tmp_path_factory.mktemp("scores") / "scores.npy"
    np.save(path, DIFFICULTY)
    return path


COMMANDS = {
    "prefix": ("root", {"a": 0.8, "b": 0.2}, {}),
    "mini-batch": ("exponential", {"a": 0.6, "b": 0.1}, {}),
    "competence": ("competence", {"c0": 0.1}, {"equal": "reached"}),
    "clocked": ("linear", {"a": 0.7, "b": 0.3}, {"clock": "updates", "total": STEPS}),
    "shuffle": (None, {}, {}),
    "sequential": (None, {}, {}),
}


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("name", COMMANDS)
def test_batches_are_those_of_the_command(name, seed, scores, command):
    pacing, parameters, options = COMMANDS[name]
    line = ["order", scores, "-q", "--high-is", "hard", "--sampler", name, "--batch-size", BATCH, "--seed", seed]
    line += ["--total-steps", STEPS, "--steps", f"0..{STEPS}"]
    for key, value in options.items():
        line += ["--sampler-param", f"{key}={value}"]
    if pacing:
        line += ["--pacing", pacing]
        for key, value in parameters.items():
            line += ["--param", f"{key}={value}"]
    rows = [row.split(",")[:2] for row in command(*line).splitlines()[1:]]
    expected = [[] for _ in range(STEPS)]
    for step, index in rows:
        expected[int(step)].append(int(index))
    given = {"batch_size": BATCH, "total_steps": STEPS, "seed": seed} | options
    order = cl.orders.EasyFirst()(DIFFICULTY, seed=seed)
    if name == "shuffle":
        given["n_examples"] = N
    elif name == "sequential":
        given["order"] = order
    else:
        given["pacing"] = cl.pacing.by_name(pacing, **parameters)
        given |= {"difficulty": DIFFICULTY} if name == "competence" else {"order": order}
    sampler = SAMPLERS.by_name(name, **given)
    assert list(sampler.run()) == expected
    # And of each rank.
    line += ["--world-size", 2, "--rank", 1]
    given["allow_empty"] = True
    rows = [row.split(",")[:2] for row in command(*line).splitlines()[1:]]
    share = SAMPLERS.by_name(name, **given, num_replicas=2, rank=1)
    expected = [[str(step), str(index)] for step, batch in enumerate(share.run()) for index in batch]
    assert rows == expected
