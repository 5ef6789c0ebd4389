"""Facility location beside apricot's and submodlib's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from report import Settings, Table, blocks, megabytes, ratio, seconds
from sides import Side, Sides, memory_of, rounds

OURS = "curriculum facility-location"
APRICOT = "apricot, lazy"
SUBMODLIB = "submodlib, LazyGreedy, the similarities given to it"
SUBMODLIB_OWN = "submodlib, LazyGreedy, its own similarity"
N_FEATURES = 64
N_GROUPS = 100


def _features(n_examples: int) -> Any:
    """Groups around centres of their own, (n, d) in float64."""
    import numpy as np

    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(N_GROUPS, N_FEATURES))
    return centres[rng.integers(N_GROUPS, size=n_examples)] + rng.normal(size=(n_examples, N_FEATURES))


def _objective(features: Any, chosen: Any) -> float:
    """What is maximised: the sum over all examples of max d^2 - d^2 to the nearest that was chosen."""
    import numpy as np

    norms = np.square(features).sum(1)
    greatest = 0.0
    for start in range(0, len(features), 1000):
        block = slice(start, start + 1000)
        squared = norms[block, None] + norms - 2 * (features[block] @ features.T)
        greatest = max(greatest, float(squared.max()))
    nearest = np.full(len(features), np.inf)
    for index in chosen:
        nearest = np.minimum(nearest, np.square(features - features[index]).sum(1))
    return float((greatest - nearest).sum())


def _commands(features: Any, choose: Callable[[], list[int]]) -> dict[str, Callable[..., Any]]:
    chosen: list[int] = []

    def memory() -> float | None:
        return memory_of(lambda: chosen.extend(choose()))

    def run() -> float:
        start = time.perf_counter()
        choose()
        return time.perf_counter() - start

    return {
        "memory": memory,
        "time": run,
        "chosen": lambda: chosen,
        "objective": lambda: _objective(features, chosen),
    }


def _ours(n_examples: int, count: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    features = _features(n_examples)
    return _commands(
        features,
        lambda: cl.coreset(features, method="facility-location", similarity="max-squared", count=count).tolist(),
    )


def _apricot(n_examples: int, count: int) -> dict[str, Callable[..., Any]]:
    from apricot import FacilityLocationSelection

    features = _features(n_examples)

    def choose(features: Any = features, count: int = count) -> list[int]:
        selection = FacilityLocationSelection(count, metric="euclidean", optimizer="lazy")
        return selection.fit(features).ranking.tolist()

    def compile() -> float:
        start = time.perf_counter()
        choose(features[:20], 2)
        return time.perf_counter() - start

    choose(features[:20], 2)  # What numba does once in a process is done.
    return {**_commands(features, choose), "compile": compile}


def _submodlib(n_examples: int, count: int, *, own: bool) -> dict[str, Callable[..., Any]]:
    import numpy as np
    from sklearn.metrics.pairwise import euclidean_distances
    from submodlib import FacilityLocationFunction

    features = _features(n_examples)

    def choose() -> list[int]:
        if own:
            function = FacilityLocationFunction(n=n_examples, mode="dense", data=features, metric="euclidean")
        else:
            # It computes in float32, whatever it is given.
            similarities = euclidean_distances(features, squared=True).astype(np.float32)
            np.subtract(similarities.max(), similarities, out=similarities)
            function = FacilityLocationFunction(n=n_examples, mode="dense", separate_rep=False, sijs=similarities)
        pairs = function.maximize(budget=count, optimizer="LazyGreedy", show_progress=False)
        return [int(index) for index, _ in pairs]

    return _commands(features, choose)


SIDES = {
    OURS: _ours,
    APRICOT: _apricot,
    SUBMODLIB: lambda **sizes: _submodlib(**sizes, own=False),
    SUBMODLIB_OWN: lambda **sizes: _submodlib(**sizes, own=True),
}


def tables(settings: Settings) -> Iterator[Table]:
    """A table for each size."""
    for n_examples in settings.size([2_000, 10_000], [500]):
        yield _table(settings, n_examples)


def _table(settings: Settings, n_examples: int) -> Table:
    n_rounds, count = settings.size(3, 1), n_examples // 100
    # On the larger data the peers take too long for what would be learned: one thread, and submodlib's own similarity.
    large = n_examples > 2_000
    names = [OURS, APRICOT, SUBMODLIB, *([] if large else [SUBMODLIB_OWN])]
    thread_counts = settings.thread_counts()[-1:] if large else settings.thread_counts()
    table = Table(
        f"coresets: facility location, {count} of {n_examples:,} examples, {N_FEATURES} features",
        f"From features in float64, {N_GROUPS} groups of them, to the examples chosen: the similarities are in the time. "
        "Similarity: max d^2 - d^2, which apricot calls \"euclidean\", is its default, and is given to submodlib in float32; its "
        "own is another, and its choice another. Objective: of the examples chosen, under max d^2 - d^2 in float64, of ours = 1. "
        "The same: how many of the examples that ours chose. The peers choose by one "
        "thread, whatever there are. apricot compiles by numba anew in every call: beside it is the time of a choice of 2 of 20 "
        f"examples. {n_rounds} rounds after one for the warm-up.",
        ["by", "threads", "time", "times the first", "compiling", "memory", "objective", "the same"],
    )
    for threads in thread_counts:
        sizes = {"n_examples": n_examples, "count": count}
        with Sides(Side("coresets", name, threads, **sizes) for name in names) as sides:
            for side in sides:
                for command in ("memory", "chosen", "objective", *(["compile"] if side.name == APRICOT else [])):
                    side.ask(command)
            rounds(sides, n_rounds, lambda side: side.ask("time"))

        def row(side: Side, first: Side, threads: int = threads) -> tuple[list[str], dict[str, Any]]:
            times, memory = side.answers["time"], side.answers["memory"][0]
            objective, reference = side.answers["objective"][0], first.answers["objective"][0]
            same = len(set(side.answers["chosen"][0]) & set(first.answers["chosen"][0]))
            cells = [
                side.label,
                f"{threads}",
                seconds(times),
                ratio(times, first.answers["time"]),
                seconds(side.answers["compile"]) if "compile" in side.answers else "-",
                megabytes(memory),
                f"{objective / reference:.6f}",
                f"{same} of {count}",
            ]
            measured = {"threads": threads, "seconds": times, "memory_mb": memory, "objective": objective, "same": same}
            return cells, measured

        blocks([sides], lambda side: side.error, row, table)
    return table
