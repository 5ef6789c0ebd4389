"""What the trainers' adaptors stand on: indices in batches, epochs of one length, losses by example."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import curriculum as cl  # noqa: E402
from curriculum.torch import Batches, Indexed, Loader, example_losses  # noqa: E402

pytestmark = pytest.mark.torch

N, BATCH = 50, 8


def shuffle(**options):
    return cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=3, **options)


def growing():
    order = cl.orders.EasyFirst()(np.random.default_rng(0).random(N), seed=0)
    return cl.samplers.Prefix(order, cl.pacing.Root(a=0.6, b=0.2), batch_size=BATCH, total_steps=60, seed=1)


def info_batch():
    return cl.samplers.InfoBatch(n_examples=N, batch_size=BATCH, n_epochs=8, seed=2)


def loss(indices):
    return np.sin(np.asarray(indices, dtype=float)) ** 2


def drawn_by_hand(sampler, n):
    """The first n batches, told of one by one."""
    batches = []
    while len(batches) < n:
        for batch in sampler:
            sampler.update(batch, loss(batch))
            batches.append(list(batch))
            if len(batches) == n:
                break
    return batches


def trained(batches, n, source=None):
    """n batches that are taken, epoch after epoch."""
    seen = []
    while len(seen) < n:
        for indices in source or batches:
            indices = indices.tolist() if isinstance(indices, torch.Tensor) else indices
            drawn = batches.find(indices)
            batches.tell(drawn, loss(indices))
            batches.take(drawn)
            seen.append(indices)
            if len(seen) == n:
                break
    return seen


class Pairs:
    """A data set that gives many items at once."""

    asked = 0

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return (index * 10, index % 2)

    def __getitems__(self, indices):
        self.asked += 1
        return [self[index] for index in indices]


def test_items_know_their_index():
    pairs = Pairs()
    indexed = Indexed(pairs)
    assert len(indexed) == 4
    assert indexed[3] == ((30, 1), 3)
    loader = torch.utils.data.DataLoader(indexed, batch_sampler=[[2, 0], [1]])
    (x, y), index = next(iter(loader))
    assert (x.tolist(), y.tolist(), index.tolist()) == ([20, 0], [0, 0], [2, 0])
    assert pairs.asked == 1
    assert Indexed([{"x": 1}])[0] == {"x": 1, "index": 0}
    assert pickle.loads(pickle.dumps(Indexed([5, 6])))[1] == (6, 1)


def test_an_index_is_not_overwritten():
    with pytest.raises(ValueError, match="item 0 has a key 'index'"):
        Indexed([{"index": 7}])[0]
    with pytest.raises(TypeError, match="argument dataset is a generator"):
        Indexed(x for x in range(3))


@pytest.mark.parametrize("make", [shuffle, growing, info_batch])
def test_epochs_have_one_length_and_the_batches_of_the_sampler(make):
    batches = Batches(make())
    assert len(batches) == 7
    seen = trained(batches, 33)
    assert seen == drawn_by_hand(make(), 33)
    assert batches.n_taken == 33


def test_a_length_of_ones_own():
    batches = Batches(shuffle(), length=3)
    assert len(list(batches)) == len(batches) == 3
    for length, error in ((0, ValueError), (2.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match=f"argument length is {length}"):
            Batches(shuffle(), length=length)
    with pytest.raises(TypeError, match="argument sampler is a list"):
        Batches([[0]])


@pytest.mark.parametrize("make", [shuffle, growing])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_what_was_drawn_and_not_taken_comes_again(make, n_workers):
    expected = drawn_by_hand(make(), 20)
    batches = Batches(make())
    loader = torch.utils.data.DataLoader(
        torch.arange(N), batch_sampler=batches, num_workers=n_workers, multiprocessing_context="fork" if n_workers else None
    )
    seen = []
    for n in (3, 1, 6, 10):
        seen += trained(batches, n, loader)
    assert seen == expected


@pytest.mark.parametrize("make", [shuffle, growing, info_batch])
@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 15])
def test_the_state_is_that_of_what_was_taken(make, n):
    expected = drawn_by_hand(make(), 30)
    batches = Batches(make())
    assert trained(batches, n) == expected[:n]
    state = batches.taken_state()
    resumed = Batches(make())
    resumed.load_state_dict(state)
    assert resumed.n_taken == n
    assert trained(resumed, 30 - n) == expected[n:]


@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")  # torchdata 0.11 beside torch 2.15
@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize("n", [1, 7, 10])
def test_a_stateful_loader_goes_on(n_workers, n):
    data = pytest.importorskip("torchdata.stateful_dataloader")
    options = {"num_workers": n_workers, "multiprocessing_context": "fork" if n_workers else None}
    expected = drawn_by_hand(growing(), 20)
    batches = Batches(growing())
    loader = data.StatefulDataLoader(torch.arange(N), batch_sampler=batches, **options)
    seen, state = [], None
    while len(seen) < n:
        for indices in loader:
            batches.take(batches.find(indices))
            seen.append(indices.tolist())
            if len(seen) == n:
                state, taken = loader.state_dict(), batches.taken_state()
                break
    resumed = Batches(growing())
    loader = data.StatefulDataLoader(torch.arange(N), batch_sampler=resumed, **options)
    # As Lightning does: both.
    resumed.load_state_dict(taken)
    loader.load_state_dict(state)
    assert seen + trained(resumed, 20 - n, loader) == expected


def test_the_loader_has_the_state_of_what_was_taken():
    expected = drawn_by_hand(shuffle(), 12)
    batches = Batches(shuffle())
    loader = Loader(torch.arange(N), batch_sampler=batches, num_workers=1, multiprocessing_context="fork")
    assert trained(batches, 5, loader) == expected[:5]
    state = loader.state_dict()
    resumed = Batches(shuffle())
    loader = Loader(torch.arange(N), batch_sampler=resumed)
    loader.load_state_dict(state)
    assert trained(resumed, 7, loader) == expected[5:]


def test_empty_batches_to_throw_away():
    expected = drawn_by_hand(shuffle(), 14)
    batches = Batches(shuffle())
    trained(batches, 3)
    resumed = Batches(shuffle())
    resumed.load_state_dict(batches.taken_state())
    resumed.skip(3)
    assert list(resumed) == [[], [], []] + expected[3:7]
    for drawn in list(resumed._ahead):
        resumed.take(drawn)
    assert list(resumed) == expected[7:]


def test_losses_that_are_asked_for():
    asked = []

    def losses_of(indices):
        asked.append(len(indices))
        return loss(indices)

    def rho():
        return cl.samplers.RhoLoss(irreducible=np.zeros(N), batch_size=5, factor=4, seed=0)

    batches = Batches(rho(), losses_of=losses_of)
    seen = trained(batches, 12)
    own = cl.samplers.RhoLoss(irreducible=np.zeros(N), batch_size=5, factor=4, seed=0, losses=loss)
    assert seen == drawn_by_hand(own, 12)
    assert asked and all(n > 5 for n in asked[:-1])
    with pytest.raises(RuntimeError, match="waits for the losses"):
        list(Batches(rho()))


def test_within_an_update_losses_are_asked_for_where_an_epoch_ends():
    batches = Batches(info_batch(), losses_of=loss)
    seen = []
    for _ in range(3):
        epoch = []
        for indices in batches:
            epoch.append(batches.find(indices))
            if len(epoch) % 3 == 0 or len(epoch) == len(batches):
                for drawn in epoch[len(epoch) - 1 - (len(epoch) - 1) % 3 :]:
                    batches.tell(drawn, loss(drawn.indices))
                    batches.take(drawn)
        seen += [drawn.indices for drawn in epoch]
    assert seen == drawn_by_hand(info_batch(), len(seen))


def test_ranks_are_those_of_the_trainer():
    batches = Batches(shuffle())
    trained(batches, 2)
    batches.rank(2, 1)
    assert (batches.source.num_replicas, batches.source.rank, batches.source.step) == (2, 1, 2)
    assert next(iter(batches)) == drawn_by_hand(shuffle(), 3)[2][4:]
    with pytest.raises(ValueError, match="argument num_replicas of the sampler is 2, expected 4"):
        Batches(shuffle(num_replicas=2, rank=0)).rank(4, 0)


def test_other_data_batches_and_states_are_refused():
    batches = Batches(shuffle())
    with pytest.raises(ValueError, match="has 49 examples, expected the 50"):
        batches.check(range(49))
    some = Batches(cl.samplers.Shuffle(examples=[3, 9, 12], batch_size=2))
    some.check(range(13))
    with pytest.raises(ValueError, match="has 12 examples, expected more than 12"):
        some.check(range(12))
    with pytest.raises(ValueError, match=r"argument indices is \[1, 2\], of no batch"):
        batches.find([1, 2])
    with pytest.raises(cl.StateError, match="'version' is None"):
        batches.load_state_dict({})
    with pytest.raises(cl.StateError, match="version 9, expected 1"):
        batches.load_state_dict({**batches.state_dict(), "version": 9})
    with pytest.raises(cl.StateError, match="seed"):
        Batches(cl.samplers.Shuffle(n_examples=N, batch_size=BATCH, seed=4)).load_state_dict(batches.state_dict())


def test_losses_by_example():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, generator=generator)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    own = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    assert torch.equal(example_losses(logits, labels), own)
    tokens, ids = torch.randn(2, 3, 5, generator=generator), torch.tensor([[0, 1, -100], [-100, -100, -100]])
    expected = torch.nn.functional.cross_entropy(tokens[0, :2], ids[0, :2])
    assert torch.allclose(example_losses(tokens, ids), torch.stack([expected, torch.tensor(0.0)]))
    assert example_losses(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])).tolist() == [1.0, 4.0]
    assert example_losses(torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 3.0]])).tolist() == [2.5]
    with pytest.raises(ValueError, match=r"of shape \(6, 4\) beside labels \(5,\)"):
        example_losses(logits, labels[:5])
