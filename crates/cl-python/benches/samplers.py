"""Samplers: from the first line to the first batch, batches a second, memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from report import Settings, Table, blocks, megabytes, per_second, ratio, seconds
from sides import Side, Sides, memory_of, rounds

BATCH = 256
REPLICAS = 8

GROUPS = [
    ["curriculum Shuffle", "curriculum Shuffle.by_example()", "torch RandomSampler"],
    ["curriculum Prefix, pacing Root", "torch WeightedRandomSampler"],
    [f"curriculum Shuffle, rank 0 of {REPLICAS}", f"torch DistributedSampler, rank 0 of {REPLICAS}"],
]


def _draw(sampler: Any, iterator: Iterator[list[int]], n_batches: int) -> Iterator[list[int]]:
    """Takes batches, epoch after epoch."""
    left = n_batches
    while True:
        for _ in iterator:
            left -= 1
            if left == 0:
                return iterator
        iterator = iter(sampler)


def _commands(make: Callable[[], Any]) -> dict[str, Callable[..., Any]]:
    """What is measured of the batch samplers that `make` constructs."""
    kept: list[Any] = []

    def first() -> float:
        start = time.perf_counter()
        sampler = make()
        iterator = iter(sampler)
        next(iterator)
        taken = time.perf_counter() - start
        kept[:] = [sampler, iterator]
        return taken

    def batches(n_batches: int) -> float:
        sampler, iterator = kept
        start = time.perf_counter()
        iterator = _draw(sampler, iterator, n_batches)
        taken = time.perf_counter() - start
        kept.clear()
        return taken

    def memory(n_batches: int) -> float | None:
        def work() -> None:
            first()
            batches(n_batches)

        return memory_of(work)

    return {"first": first, "batches": batches, "memory": memory}


def _shuffle(n_examples: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    return _commands(lambda: cl.samplers.Shuffle(n_examples=n_examples, batch_size=BATCH, seed=0))


def _by_example(n_examples: int) -> dict[str, Callable[..., Any]]:
    from torch.utils.data import BatchSampler

    import curriculum as cl

    def make() -> Any:
        shuffle = cl.samplers.Shuffle(n_examples=n_examples, batch_size=BATCH, seed=0)
        return BatchSampler(shuffle.by_example(), BATCH, False)

    return _commands(make)


def _random(n_examples: int) -> dict[str, Callable[..., Any]]:
    import torch
    from torch.utils.data import BatchSampler, RandomSampler

    def make() -> Any:
        return BatchSampler(RandomSampler(range(n_examples), generator=torch.Generator().manual_seed(0)), BATCH, False)

    return _commands(make)


def _prefix(n_examples: int) -> dict[str, Callable[..., Any]]:
    import numpy as np

    import curriculum as cl

    order = np.random.default_rng(0).permutation(n_examples)
    total_steps = 4 * n_examples // BATCH

    def make() -> Any:
        pacing = cl.pacing.Root(a=0.8, b=0.2)
        return cl.samplers.Prefix(order, pacing, batch_size=BATCH, total_steps=total_steps, seed=0)

    return _commands(make)


def _weighted(n_examples: int) -> dict[str, Callable[..., Any]]:
    import torch
    from torch.utils.data import BatchSampler, WeightedRandomSampler

    weights = torch.rand(n_examples, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def make() -> Any:
        generator = torch.Generator().manual_seed(0)
        return BatchSampler(WeightedRandomSampler(weights, n_examples, generator=generator), BATCH, False)

    return _commands(make)


def _shuffle_of_rank(n_examples: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    def make() -> Any:
        return cl.samplers.Shuffle(
            n_examples=n_examples, batch_size=BATCH * REPLICAS, seed=0, num_replicas=REPLICAS, rank=0
        )

    return _commands(make)


def _distributed(n_examples: int) -> dict[str, Callable[..., Any]]:
    from torch.utils.data import BatchSampler, DistributedSampler

    def make() -> Any:
        return BatchSampler(DistributedSampler(range(n_examples), REPLICAS, 0, seed=0), BATCH, False)

    return _commands(make)


SIDES = dict(
    zip(
        sum(GROUPS, []),
        [_shuffle, _by_example, _random, _prefix, _weighted, _shuffle_of_rank, _distributed],
        strict=True,
    )
)


def tables(settings: Settings) -> Iterator[Table]:
    """One table, of the largest data."""
    n_examples = settings.size(10_000_000, 20_000)
    n_rounds = settings.size(5, 2)
    # Of a rank's epoch no more than there is.
    n_batches = [settings.size(20_000, 60)] * 2 + [settings.size(4_000, 8)]
    table = Table(
        f"samplers: {n_examples:,} examples, batches of {BATCH}",
        f"The first batch: construction, `iter` and `next`, nothing cached before. Then {n_batches[0]:,} batches as lists of "
        f"int, of the rank {n_batches[2]:,}; an epoch that begins within (Prefix begins with a fifth of the data) is in its "
        "time. The order of Prefix and the weights of WeightedRandomSampler are inputs, and there before. PyTorch's samplers, "
        "and ours by example, are in its BatchSampler. Memory: of the first time, batches included. All threads, "
        f"{n_rounds} rounds.",
        ["sampler", "first batch", "times the first", "batches", "times the first", "memory"],
    )
    groups = [[Side("samplers", name, settings.threads, n_examples=n_examples) for name in names] for names in GROUPS]
    with Sides(sum(groups, [])) as sides:
        counts = {side.name: count for group, count in zip(groups, n_batches, strict=True) for side in group}
        for side in sides:
            side.ask("memory", counts[side.name])

        def measure(side: Side) -> None:
            side.ask("first")
            side.ask("batches", counts[side.name])

        rounds(sides, n_rounds, measure)

    def row(side: Side, first: Side) -> tuple[list[str], dict[str, Any]]:
        firsts, batches = side.answers["first"], side.answers["batches"]
        memory = side.answers["memory"][0]
        cells = [
            side.label,
            seconds(firsts),
            ratio(firsts, first.answers["first"]),
            per_second([counts[side.name] / taken for taken in batches]),
            ratio(batches, first.answers["batches"]),
            megabytes(memory),
        ]
        measured = {"first": firsts, "batches": batches, "n_batches": counts[side.name], "memory_mb": memory}
        return cells, measured

    blocks(groups, lambda side: side.error, row, table)
    yield table
