"""Label issues beside cleanlab's."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any

from report import Settings, Table, blocks, megabytes, ratio, seconds
from sides import Side, Sides, memory_of, rounds

OURS = "curriculum find_label_issues"
CLEANLAB = "cleanlab, n_jobs=1"
CLEANLAB_DEFAULT = "cleanlab, n_jobs by default"


def _inputs(n_examples: int, n_classes: int) -> tuple[Any, Any]:
    """Probabilities (n, c) in float64 that go with true classes, neighbouring ones being taken for each other, and labels (n,)
    of which a tenth was flipped.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    truth = rng.integers(n_classes, size=n_examples)
    logits = rng.normal(size=(n_examples, n_classes))
    # The classes before and behind the true one are likely, too, more or less by example.
    strength = rng.gamma(4.0, size=n_examples)
    rows = np.arange(n_examples)
    logits[rows, truth] += strength
    logits[rows, (truth + 1) % n_classes] += 0.6 * strength * rng.random(n_examples)
    logits[rows, truth - 1] += 0.3 * strength * rng.random(n_examples)
    np.exp(logits, out=logits)
    logits /= logits.sum(1, keepdims=True)
    flipped = rng.random(n_examples) < 0.1
    labels = np.where(flipped, (truth + rng.integers(1, n_classes, size=n_examples)) % n_classes, truth)
    return labels, logits


def _commands(find: Callable[[], Any]) -> dict[str, Callable[..., Any]]:
    import numpy as np

    def run() -> float:
        start = time.perf_counter()
        find()
        return time.perf_counter() - start

    def mask() -> str:
        return base64.b64encode(np.packbits(find())).decode()

    def stable_mask() -> str:
        """The mask where NumPy's sorts keep the order of what is equal."""
        sort = np.argsort
        np.argsort = lambda values, *rest, **options: sort(values, *rest, **{**options, "kind": "stable"})
        try:
            return mask()
        finally:
            np.argsort = sort

    return {"memory": lambda: memory_of(find), "time": run, "mask": mask, "stable mask": stable_mask}


def _ours(n_examples: int, n_classes: int) -> dict[str, Callable[..., Any]]:
    import curriculum as cl

    labels, pred_probs = _inputs(n_examples, n_classes)
    return _commands(lambda: cl.find_label_issues(labels, pred_probs, filter_by="prune_by_noise_rate"))


def _cleanlab(n_jobs: int | None) -> Callable[..., dict[str, Callable[..., Any]]]:
    def prepare(n_examples: int, n_classes: int) -> dict[str, Callable[..., Any]]:
        from cleanlab.filter import find_label_issues

        labels, pred_probs = _inputs(n_examples, n_classes)
        return _commands(
            lambda: find_label_issues(labels, pred_probs, filter_by="prune_by_noise_rate", n_jobs=n_jobs)
        )

    return prepare


SIDES = {OURS: _ours, CLEANLAB: _cleanlab(1), CLEANLAB_DEFAULT: _cleanlab(None)}


def tables(settings: Settings) -> Iterator[Table]:
    """A table for each size."""
    sizes = settings.size([(50_000, 10), (1_000_000, 10), (100_000, 100)], [(5_000, 10)])
    for size in sizes:
        yield _table(settings, *size)


def _table(settings: Settings, n_examples: int, n_classes: int) -> Table:
    n_rounds = settings.size(5, 2)
    table = Table(
        f"label issues: {n_examples:,} examples, {n_classes} classes",
        "`filter_by=\"prune_by_noise_rate\"`, a mask, of probabilities in float64; a tenth of the labels was flipped to any other "
        "class. By default cleanlab starts a process for each physical core (each logical one where psutil is missing); memory "
        f"is that of the calling process alone. {n_rounds} rounds after one for the warm-up. The same: the share of the examples "
        "of which both say the same. cleanlab rounds the counts of pairs of classes by an unstable sort, which decides between "
        "equal ones by the processor, so that there is beside it what it says where that sort is stable.",
        ["by", "threads", "time", "times the first", "memory", "issues", "the same", "stable sort"],
    )
    blocks_of = [(1, [OURS, CLEANLAB]), (settings.threads, [OURS, CLEANLAB_DEFAULT])]
    for threads, names in blocks_of:
        sizes = {"n_examples": n_examples, "n_classes": n_classes}
        with Sides(Side("label_issues", name, threads, **sizes) for name in names) as sides:
            for side in sides:
                side.ask("memory")
                side.ask("mask")
                side.ask("stable mask")
            rounds(sides, n_rounds, lambda side: side.ask("time"))

        def row(side: Side, first: Side, threads: int = threads) -> tuple[list[str], dict[str, Any]]:
            times, memory = side.answers["time"], side.answers["memory"][0]
            mask, stable, reference = _mask(side, "mask"), _mask(side, "stable mask"), _mask(first, "mask")
            same, stable_same = (1 - (one ^ reference).bit_count() / n_examples for one in (mask, stable))
            cells = [
                side.label,
                f"{threads}",
                seconds(times),
                ratio(times, first.answers["time"]),
                megabytes(memory),
                f"{mask.bit_count():,}",
                *("-" if side is first else f"{100 * share:.6g} %" for share in (same, stable_same)),
            ]
            measured = {"threads": threads, "seconds": times, "memory_mb": memory, "same": same, "stable": stable_same}
            return cells, measured

        blocks([sides], lambda side: side.error, row, table)
    return table


def _mask(side: Side, command: str) -> int:
    """A mask as one number, a bit for each example."""
    return int.from_bytes(base64.b64decode(side.answers[command][0]), "big")
