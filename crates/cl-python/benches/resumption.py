"""States of samplers, and how soon a run goes on from one."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from typing import Any

from report import Settings, Table, blocks, ratio, seconds, significant
from sides import Side, Sides, rounds

BATCH = 256
REPLICAS = 8
STATES = 20

GROUPS = [
    ["curriculum Shuffle", "torchdata RandomSampler"],
    ["curriculum Prefix, pacing Root", "torch WeightedRandomSampler"],
    [f"curriculum Shuffle, rank 0 of {REPLICAS}", f"torchdata StatefulDistributedSampler, rank 0 of {REPLICAS}"],
]


class _Indices:
    """Data that cost nothing: an example is its index, a batch the list of them."""

    def __init__(self, n_examples: int) -> None:
        self.n_examples = n_examples

    def __len__(self) -> int:
        return self.n_examples

    def __getitem__(self, index: int) -> int:
        return index

    def __getitems__(self, batch: list[int]) -> list[int]:
        return batch


def _same(batch: list[int]) -> list[int]:
    return batch


def _loader(n_examples: int, **options: Any) -> Any:
    from torchdata.stateful_dataloader import StatefulDataLoader

    return StatefulDataLoader(_Indices(n_examples), collate_fn=_same, **options)


def _commands(
    make: Callable[[], Any],
    resume_at: int,
    set_epoch: Callable[[Any, int], None] = lambda loader, epoch: None,
) -> dict[str, Callable[..., Any]]:
    """What is measured of the loaders that `make` constructs."""

    def at(step: int) -> tuple[Any, Any, int]:
        """A loader, its iterator, which took so many steps, and the epoch."""
        loader, taken, epoch = make(), 0, 0
        while True:
            set_epoch(loader, epoch)
            iterator = iter(loader)
            for _ in iterator:
                taken += 1
                if taken == step:
                    return loader, iterator, epoch
            epoch += 1

    early = at(1000)
    late, rest, epoch = at(resume_at)
    state = pickle.dumps(late.state_dict())
    expected = next(rest, None)
    del late, rest
    same = []

    def states() -> float:
        start = time.perf_counter()
        for _ in range(STATES):
            early[0].state_dict()
        return (time.perf_counter() - start) / STATES

    def resume() -> float:
        read = pickle.loads(state)
        start = time.perf_counter()
        loader = make()
        set_epoch(loader, epoch)
        loader.load_state_dict(read)
        batch = next(iter(loader))
        taken = time.perf_counter() - start
        same.append(batch == expected)
        return taken

    return {
        "states": states,
        "resume": resume,
        "size": lambda: len(pickle.dumps(early[0].state_dict())),
        "same": lambda: all(same),
    }


def _set_epoch(loader: Any, epoch: int) -> None:
    loader.sampler.set_epoch(epoch)


def _shuffle(n_examples: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    def make() -> Any:
        return _loader(n_examples, batch_sampler=cl.samplers.Shuffle(n_examples=n_examples, batch_size=BATCH, seed=0))

    return _commands(make, _half_of_second(n_examples))


def _random(n_examples: int) -> dict[str, Callable[..., Any]]:
    import torch

    def make() -> Any:
        return _loader(n_examples, shuffle=True, batch_size=BATCH, generator=torch.Generator().manual_seed(0))

    return _commands(make, _half_of_second(n_examples))


def _prefix(n_examples: int) -> dict[str, Callable[..., Any]]:
    import numpy as np

    import curriculum as cl

    order = np.random.default_rng(0).permutation(n_examples)

    def make() -> Any:
        sampler = cl.samplers.Prefix(
            order, cl.pacing.Root(a=0.8, b=0.2), batch_size=BATCH, total_steps=4 * n_examples // BATCH, seed=0
        )
        return _loader(n_examples, batch_sampler=sampler)

    return _commands(make, _half_of_second(n_examples))


def _weighted(n_examples: int) -> dict[str, Callable[..., Any]]:
    import torch
    from torch.utils.data import WeightedRandomSampler

    weights = torch.rand(n_examples, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def make() -> Any:
        sampler = WeightedRandomSampler(weights, n_examples, generator=torch.Generator().manual_seed(0))
        return _loader(n_examples, sampler=sampler, batch_size=BATCH)

    return _commands(make, _half_of_second(n_examples))


def _shuffle_of_rank(n_examples: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    def make() -> Any:
        sampler = cl.samplers.Shuffle(
            n_examples=n_examples, batch_size=BATCH * REPLICAS, seed=0, num_replicas=REPLICAS, rank=0
        )
        return _loader(n_examples, batch_sampler=sampler)

    return _commands(make, _half_of_second(n_examples // REPLICAS))


def _distributed(n_examples: int) -> dict[str, Callable[..., Any]]:
    from torchdata.stateful_dataloader.sampler import StatefulDistributedSampler

    def make() -> Any:
        sampler = StatefulDistributedSampler(_Indices(n_examples), REPLICAS, 0, seed=0)
        return _loader(n_examples, sampler=sampler, batch_size=BATCH)

    return _commands(make, _half_of_second(n_examples // REPLICAS), _set_epoch)


def _half_of_second(n_examples: int) -> int:
    """The step at half of the second epoch of a sampler that goes through all."""
    return max(3 * n_examples // (2 * BATCH), 1)


SIDES = dict(
    zip(sum(GROUPS, []), [_shuffle, _random, _prefix, _weighted, _shuffle_of_rank, _distributed], strict=True)
)


def tables(settings: Settings) -> Iterator[Table]:
    """A table for each size of the data."""
    for n_examples in settings.size([50_000, 1_280_000, 10_000_000], [20_000]):
        yield _table(settings, n_examples)


def _table(settings: Settings, n_examples: int) -> Table:
    n_rounds = settings.size(3 if n_examples > 2_000_000 else 5, 2)
    table = Table(
        f"resumption: {n_examples:,} examples, batches of {BATCH}",
        "Of torchdata's StatefulDataLoader without workers, over data that cost nothing. The state is that after 1,000 "
        "batches, its size that of its pickle. To resume: construction of sampler and loader, `load_state_dict`, and the first "
        "batch; the state is that at half of the second epoch (Prefix: after as many steps as Shuffle). Right: whether that "
        "batch is the one that an uninterrupted run drew, where the loader, its generator too, is made anew by the same lines. "
        f"All threads, {n_rounds} rounds after one for the warm-up.",
        ["sampler", "state_dict", "times the first", "size of the state", "to resume", "times the first", "right"],
    )
    groups = [[Side("resumption", name, settings.threads, n_examples=n_examples) for name in names] for names in GROUPS]
    with Sides(sum(groups, [])) as sides:
        for side in sides:
            side.ask("size")
            for command in ("states", "resume"):
                side.ask(command, keep=False)

        def measure(side: Side) -> None:
            side.ask("states")
            side.ask("resume")

        rounds(sides, n_rounds, measure)
        for side in sides:
            side.ask("same")

    def row(side: Side, first: Side) -> tuple[list[str], dict[str, Any]]:
        states, resume = side.answers["states"], side.answers["resume"]
        size, same = side.answers["size"][0], side.answers["same"][0]
        cells = [
            side.label,
            seconds(states),
            ratio(states, first.answers["states"]),
            f"{significant(size)} bytes",
            seconds(resume),
            ratio(resume, first.answers["resume"]),
            "yes" if same else "**no**",
        ]
        return cells, {"state_dict": states, "size": size, "resume": resume, "same": same}

    blocks(groups, lambda side: side.error, row, table)
    return table
