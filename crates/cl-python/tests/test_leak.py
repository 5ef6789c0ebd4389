"""Whatever is called a hundred thousand times holds no more memory in the end than after a while."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

import curriculum as cl

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory in use is not told here")

# What allocators and caches may take at any time. A leak of 100 bytes a call is ten times as much.
MOST = 6 * 2**20


def resident():
    gc.collect()
    import resource

    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def grown(work, n, warm):
    """How much memory `n` calls of `work` hold in the end, after `warm` of them."""
    for at in range(warm):
        work(at)
    before = resident()
    for at in range(warm, warm + n):
        work(at)
    return resident() - before


def check(work, n, warm=None):
    growth = grown(work, n, n // 10 if warm is None else warm)
    assert growth < MOST, f"{growth / 2**20:.1f} MiB more after {n} calls: {growth / n:.0f} bytes a call"


def drawn(sampler, save_each):
    """Draws one batch a call, epoch after epoch."""
    batches = iter(sampler)

    def work(at):
        nonlocal batches
        batch = next(batches, None)
        if batch is None:
            batches = iter(sampler)
            batch = next(batches)
        assert batch
        if at % save_each == 0:
            state = sampler.state_dict()
            if at % (10 * save_each) == 0:
                sampler.load_state_dict(state)
                batches = iter(sampler)

    return work


def test_a_million_batches():
    sampler = cl.samplers.Shuffle(n_examples=2000, batch_size=8, seed=1)
    check(drawn(sampler, 1000), 900_000)


def test_batches_of_a_growing_prefix():
    order = np.arange(2000)
    sampler = cl.samplers.Prefix(order, cl.pacing.Root(a=0.8, b=0.2), batch_size=8, total_steps=100_000, seed=1)
    check(drawn(sampler, 1000), 90_000)


def test_examples_one_by_one():
    sampler = cl.samplers.Shuffle(n_examples=2000, batch_size=8, seed=1).by_example()
    examples = iter(sampler)

    def work(at):
        nonlocal examples
        if next(examples, None) is None:
            examples = iter(sampler)
            next(examples)

    check(work, 200_000)


@pytest.mark.parametrize("told", [True, False])
def test_batches_of_a_sampler_that_learns(told):
    """Batches that nobody tells the losses of are remembered, but not all of them."""
    n = 400
    sampler = cl.samplers.InfoBatch(n_examples=n, batch_size=8, n_epochs=100_000, seed=1)
    losses = np.linspace(0, 1, n)
    batches = iter(sampler)

    def work(at):
        nonlocal batches
        wanted = sampler.wanted()
        if len(wanted):
            sampler.update(wanted, losses[wanted])
        batch = next(batches, None)
        if batch is None:
            batches = iter(sampler)
            return
        if told:
            weights = sampler.weights(batch)
            assert len(weights) == len(batch)
            sampler.update(batch, losses[batch])
        else:
            sampler.update(batch[:4], losses[batch[:4]])
            sampler.update(batch[4:], losses[batch[4:]])

    check(work, 40_000)


def test_a_hundred_thousand_updates_of_a_recorder():
    n, c, b = 4096, 4, 16
    rng = np.random.default_rng(7)
    recorder = cl.Recorder(n, c, ["el2n", "aum", "confidence"])
    logits, labels = rng.normal(size=(n, c)).astype(np.float32), rng.integers(0, c, n)
    each = n // b

    def work(at):
        nonlocal recorder
        epoch, batch = divmod(at, each)
        if batch == 0 and epoch % 50 == 0:
            # So that what an epoch rightly takes is not counted.
            recorder = cl.Recorder(n, c, ["el2n", "aum", "confidence"])
        at = slice(batch * b, (batch + 1) * b)
        recorder.update(np.arange(at.start, at.stop), logits[at], labels[at], epoch=epoch)

    check(work, 100_000, warm=50 * each)


def test_updates_that_are_refused_and_arrays_that_are_copied():
    n, c = 64, 4
    recorder = cl.Recorder(n, c, ["el2n"])
    rng = np.random.default_rng(8)
    logits, labels, at = rng.normal(size=(n, c)), rng.integers(0, c, n), np.arange(n)
    broken = np.full((n, c), np.nan)
    fortran, foreign = np.asfortranarray(logits), logits.astype(">f4")

    class Lent:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return (1, 0)

    tensors = [Lent(broken), Lent(np.asfortranarray(broken)), Lent(broken[:, :3]), Lent(np.ones((n, c), np.int32))]

    def work(step):
        for values in (broken, *tensors):
            try:
                recorder.update(at, values, labels, epoch=0)
            except (TypeError, ValueError):
                continue
            pytest.fail("what is no number was taken")
        for values in (fortran, foreign):
            try:
                recorder.update(at, values, labels[:3], epoch=0)
            except ValueError:
                continue
            pytest.fail("too few labels were taken")

    before = [sys.getrefcount(tensor.array) for tensor in tensors]
    check(work, 15_000)
    assert [sys.getrefcount(tensor.array) for tensor in tensors] == before


def test_states_of_a_recorder():
    n = 500
    rng = np.random.default_rng(9)
    recorder = cl.Recorder(n, 3, ["el2n", "forgetting"])
    recorder.update(np.arange(n), rng.normal(size=(n, 3)), rng.integers(0, 3, n), epoch=0)

    def work(at):
        recorder.load_state_dict(recorder.state_dict())
        recorder.scores().fingerprint  # noqa: B018
        recorder.select(np.arange(100))

    check(work, 3_000)


def test_a_hundred_thousand_weightings():
    weighting = cl.weightings.Linear(lambda_=2.0)
    losses = np.linspace(0, 3, 256)

    def work(at):
        assert len(weighting(losses)) == 256

    check(work, 100_000)


def test_orders_and_selections():
    scores = cl.Score(np.random.default_rng(10).random(500), "aum", "easy")
    order = cl.orders.EasyFirst()

    def work(at):
        order(scores, seed=at)
        selection = cl.select(scores, keep=0.5, seed=at)
        selection.reason(at % 500)
        selection.mask()

    check(work, 5_000)


def test_ten_thousand_streams():
    pa = pytest.importorskip("pyarrow")
    values = np.random.default_rng(11).random(2_000)
    scores = cl.Scores([{"name": name, "values": values.copy()} for name in ("a", "b", "c")], labels=range(2_000))
    own = scores["a"]
    before = sys.getrefcount(own)

    def work(at):
        if at % 2:
            # Nobody reads it.
            scores.__arrow_c_stream__()
        else:
            assert pa.table(scores).num_rows == 2_000

    check(work, 10_000)
    gc.collect()
    assert sys.getrefcount(own) == before
