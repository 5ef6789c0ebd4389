"""The recorder beside the same scores by hand, and beside a training step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from report import Settings, Table, blocks, ratio, seconds, significant
from sides import Side, Sides, rounds

NAMES = ["curriculum Recorder, tensors", "curriculum Recorder, arrays", "by hand in PyTorch", "by hand in NumPy"]
STEPS = ["ResNet-18, stem of ImageNet", "ResNet-18, stem for small images"]
BATCHES = 8
CHECKED = 64


class _Batches:
    """Batches of an epoch after another, as arrays: each example once an epoch, logits from a few batches of them."""

    def __init__(self, n_examples: int, n_classes: int, batch: int) -> None:
        import numpy as np

        rng = np.random.default_rng(0)
        self.labels = rng.integers(n_classes, size=n_examples)
        self.logits = [rng.normal(scale=2, size=(batch, n_classes)).astype(np.float32) for _ in range(BATCHES)]
        self.order, self.batch = rng.permutation(n_examples), batch
        self.per_epoch, self.step = n_examples // batch, 0
        self.first = self.order[:CHECKED]

    def next(self) -> tuple[Any, Any, Any, int]:
        """Indices, logits, labels, epoch."""
        epoch, place = divmod(self.step, self.per_epoch)
        # With another number of batches in the epoch, an example has other logits in the next one.
        logits = self.logits[(place + epoch) % BATCHES]
        indices = self.order[place * self.batch : (place + 1) * self.batch]
        self.step += 1
        return indices, logits, self.labels[indices], epoch


def _commands(
    batches: _Batches,
    update: Callable[[Any, Any, Any, int], None],
    scores: Callable[[Any], list[Any]],
    convert: Callable[[Any], Any] = lambda array: array,
) -> dict[str, Callable[..., Any]]:
    batches.logits = [convert(logits) for logits in batches.logits]

    def take() -> float:
        indices, logits, labels, epoch = batches.next()
        indices, labels = convert(indices), convert(labels)
        start = time.perf_counter()
        update(indices, logits, labels, epoch)
        return time.perf_counter() - start

    def check(n_epochs: int) -> list[list[float]]:
        """The scores of the first examples after a few epochs of a few batches."""
        whole, batches.per_epoch = batches.per_epoch, 2
        for _ in range(n_epochs * batches.per_epoch):
            take()
        # The next epoch begins with what is timed.
        batches.per_epoch, batches.step = whole, n_epochs * whole
        return [[float(value) for value in values] for values in scores(batches.first)]

    return {"check": check, "time": lambda n: median(take() for _ in range(n))}


def _recorder(n_examples: int, n_classes: int, batch: int, *, tensors: bool) -> dict[str, Callable[..., Any]]:
    from by_hand import SCORES

    import curriculum as cl

    convert = lambda array: array  # noqa: E731
    if tensors:
        import torch
        from sides import use_threads_of_torch

        use_threads_of_torch()
        convert = torch.from_numpy
    recorder = cl.Recorder(n_examples=n_examples, n_classes=n_classes, metrics=list(SCORES))

    def update(indices: Any, logits: Any, labels: Any, epoch: int) -> None:
        recorder.update(indices, logits, labels, epoch=epoch)

    def scores(indices: Any) -> list[Any]:
        found = recorder.select(indices).scores()
        return [found[name] for name in SCORES]

    return _commands(_Batches(n_examples, n_classes, batch), update, scores, convert)


def _by_hand_in_torch(n_examples: int, n_classes: int, batch: int) -> dict[str, Callable[..., Any]]:
    import torch
    from by_hand import WithTorch
    from sides import use_threads_of_torch

    use_threads_of_torch()
    hand = WithTorch(n_examples)

    def update(indices: Any, logits: Any, labels: Any, _: int) -> None:
        hand.update(indices, logits, labels)

    return _commands(_Batches(n_examples, n_classes, batch), update, hand.scores, torch.from_numpy)


def _by_hand_in_numpy(n_examples: int, n_classes: int, batch: int) -> dict[str, Callable[..., Any]]:
    from by_hand import WithNumpy

    hand = WithNumpy(n_examples)

    def update(indices: Any, logits: Any, labels: Any, _: int) -> None:
        hand.update(indices, logits, labels)

    return _commands(_Batches(n_examples, n_classes, batch), update, hand.scores)


def _step(small_images: bool) -> Callable[..., dict[str, Callable[..., Any]]]:
    def prepare(batch: int) -> dict[str, Callable[..., Any]]:
        from resnet import step

        return step(batch, small_images=small_images)

    return prepare


SIDES = {
    NAMES[0]: lambda **sizes: _recorder(**sizes, tensors=True),
    NAMES[1]: lambda **sizes: _recorder(**sizes, tensors=False),
    NAMES[2]: _by_hand_in_torch,
    NAMES[3]: _by_hand_in_numpy,
    STEPS[0]: _step(small_images=False),
    STEPS[1]: _step(small_images=True),
}


def tables(settings: Settings) -> Iterator[Table]:
    """A table for each shape of a batch, and the shares of a training step."""
    yield _batches(settings, settings.size(1_280_000, 20_000), 1000, 512)
    small = _batches(settings, settings.size(50_000, 5_000), 10, 128)
    yield small
    times = {row["threads"]: row["seconds"] for row in small.measured if row.get("name") == NAMES[0]}
    yield _shares(settings, times)


def _batches(settings: Settings, n_examples: int, n_classes: int, batch: int) -> Table:
    n_rounds, n_updates = settings.size(7, 2), settings.size(100, 5)
    table = Table(
        f"recorder: batches of {batch} x {n_classes:,} float32, {n_examples:,} examples",
        "One `update` of EL2N, forgetting, AUM, confidence and variability together, by logits on the processor: of a round the "
        f"median of {n_updates} updates, {n_rounds} rounds after some updates for the warm-up. By hand: softmax over the batch, "
        "then a sum for each example and score in float64, without any check of the input; the recorder checks what it is told. "
        f"Difference: the greatest of any score of {CHECKED} examples from the recorder's, as a share of it where it is above 1, "
        "after 3 epochs.",
        ["by", "threads", "time of a batch", "times the first", "difference"],
    )
    for threads in settings.thread_counts():
        sizes = {"n_examples": n_examples, "n_classes": n_classes, "batch": batch}
        with Sides(Side("recorder", name, threads, **sizes) for name in NAMES) as sides:
            for side in sides:
                side.ask("check", 3)
                side.ask("time", n_updates, keep=False)
            rounds(sides, n_rounds, lambda side: side.ask("time", n_updates))

        def row(side: Side, first: Side, threads: int = threads) -> tuple[list[str], dict[str, Any]]:
            times, difference = side.answers["time"], _difference(side, first)
            cells = [side.label, f"{threads}", seconds(times), ratio(times, first.answers["time"])]
            cells.append("-" if side is first else significant(difference))
            return cells, {"name": side.name, "threads": threads, "seconds": times, "difference": difference}

        blocks([sides], lambda side: side.error, row, table)
    return table


def _difference(side: Side, first: Side) -> float:
    pairs = (
        (value, reference)
        for values, references in zip(side.answers["check"][0], first.answers["check"][0], strict=True)
        for value, reference in zip(values, references, strict=True)
    )
    return max(abs(value - reference) / max(abs(reference), 1.0) for value, reference in pairs)


def _shares(settings: Settings, recorded: dict[int, list[float]]) -> Table:
    n_rounds, batch = settings.size(3, 1), settings.size(128, 4)
    table = Table(
        f"recorder: as a share of a training step of ResNet-18, batches of {batch} x 3 x 32 x 32, 10 classes",
        "Forward, backward and SGD in float32 **on this processor**, where a step is far slower than on a GPU; the recorder's "
        "time is that of its first row above, 128 x 10, measured before. For a GPU divide that time by its step's, and add the "
        f"copy of 128 x 10 numbers. {n_rounds} rounds after a step for the warm-up.",
        ["network", "threads", "training step", "recorder, a batch", "share"],
    )
    for threads in settings.thread_counts():
        with Sides(Side("recorder", name, threads, batch=batch) for name in STEPS) as sides:
            for side in sides:
                side.ask("time", keep=False)
            rounds(sides, n_rounds, lambda side: side.ask("time"))

        def row(side: Side, _: Side, threads: int = threads) -> tuple[list[str], dict[str, Any]]:
            steps = side.answers["time"]
            if threads not in recorded:
                return [side.label, f"{threads}", seconds(steps)], {"threads": threads, "seconds": steps}
            share = median(recorded[threads]) / median(steps)
            cells = [side.label, f"{threads}", seconds(steps), seconds(recorded[threads]), f"{significant(100 * share)} %"]
            return cells, {"threads": threads, "seconds": steps, "share": share}

        blocks([sides], lambda side: side.error, row, table)
    return table
