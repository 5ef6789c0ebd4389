"""The recorder: difficulty scores from the training loop itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from curriculum import _core
from curriculum._parameters import listed, mapped, shown, texts, whole
from curriculum._scores import Scores

Metric = str | tuple[str, Mapping[str, Any]]


class Recorder:
    """Records what a model says of its examples while it is trained, and gives scores of it.

    Parameters
    ----------
    n_examples
        The number of examples; indices count from 0.
    n_classes
        The number of classes, at least 2.
    metrics
        Names of metrics, or pairs of a name and its options, such as ``("tdds", {"window": 10})``;
        :func:`curriculum.metrics` lists them.
    outputs
        What is told unless a call says otherwise: ``"logits"``, ``"probabilities"`` or ``"log-probabilities"``, one row of
        ``n_classes`` numbers for each example; ``"losses"`` in nats or ``"correct"`` (1 or 0), one number for each.
    labels
        The class of each example, (n_examples,), where calls shall not have to tell them.

    Each metric takes O(n_examples) memory; those that need windows or probabilities take more. Recording costs O(classes)
    for each example and lets other threads of Python run. What is told is checked before any of it is recorded: a call that
    raises leaves all as it was.

    ``ValueError`` on shapes, labels and numbers that cannot be, ``TypeError`` on dtypes, ``IndexError`` on an index outside
    of the data, ``RuntimeError`` in a forked copy of the process, such as a loader's worker, of which this one would hear
    nothing.

    Source: each metric's own, as :func:`curriculum.metrics` names it.

    >>> import curriculum as cl, numpy as np
    >>> recorder = cl.Recorder(n_examples=2, n_classes=3, metrics=["aum"])
    >>> recorder.update([0, 1], np.array([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]]), [1, 0], epoch=0)
    >>> recorder.scores()["aum"].tolist()
    [-1.0, 1.0]
    """

    def __init__(
        self,
        n_examples: int,
        n_classes: int,
        metrics: Sequence[Metric] = ("el2n", "forgetting", "aum"),
        *,
        outputs: str = "logits",
        labels: Any = None,
    ) -> None:
        if isinstance(metrics, str):
            metrics = [metrics]
        asked = [_asked(metric) for metric in listed("metrics", metrics, _METRICS)]
        n_examples, n_classes = whole("n_examples", n_examples), whole("n_classes", n_classes)
        self._core = _core.Recorder(n_examples, n_classes, asked, outputs, labels)

    @property
    def n_examples(self) -> int:
        """The number of examples."""
        return self._core.n_examples

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return self._core.n_classes

    @property
    def metrics(self) -> list[str]:
        """The metrics asked for."""
        return self._core.metrics

    @property
    def epochs(self) -> list[int]:
        """The epochs of which something was recorded."""
        return self._core.epochs

    def update(
        self,
        indices: Any,
        values: Any,
        labels: Any = None,
        *,
        epoch: int | None = None,
        outputs: str | None = None,
    ) -> None:
        """Takes in what the model said of the examples of a batch.

        Parameters
        ----------
        indices
            The examples (b,), whole numbers, each once.
        values
            What the model said: (b, n_classes), or (b,) where it is one number for each; float16, bfloat16, float32 or
            float64. Arrays and tensors in the processor's memory are read where they lie; those of a GPU are copied once.
        labels
            The class of each of them (b,), unless the recorder was made with all.
        epoch
            The epoch. Without, epochs are counted: one ends where an example comes again.
        outputs
            What ``values`` are, where that is not what the recorder was made for.
        """
        self._core.update(indices, values, labels, whole("epoch", epoch), outputs)

    def update_losses(self, indices: Any, losses: Any, labels: Any = None, *, epoch: int | None = None) -> None:
        """Takes in the losses (b,) of the examples of a batch, in nats: for metrics that need no more."""
        self._core.update(indices, losses, labels, whole("epoch", epoch), "losses")

    def observed(self) -> np.ndarray:
        """Which examples were told of at least once, (n_examples,) of bool."""
        return self._core.observed()

    def scores(self, *names: str, ids: Sequence[str] | Sequence[int] | None = None) -> Scores:
        """The scores asked for, all where no names are given, of all examples.

        ``ValueError`` where an example was never told of (:meth:`select` those that were), or a metric needs more epochs;
        ``KeyError`` on a metric that is not recorded.
        """
        columns = self._core.columns()
        if names:
            by_name = {column["name"]: column for column in columns}
            for name in names:
                if name not in by_name:
                    raise KeyError(f"no metric {name!r} is recorded, expected one of {', '.join(by_name)}")
            columns = [by_name[name] for name in names]
        has_forgetting = any(column["metric"] == "forgetting" for column in columns)
        n_never_learned = self._core.n_never_learned() if has_forgetting else None
        return Scores._of(columns, ids, self._core.labels(), self.epochs, n_never_learned)

    def select(self, examples: Any) -> Recorder:
        """A recorder of some of the examples, in this order."""
        return self._of(self._core.select(examples))

    def merge(self, other: Recorder) -> None:
        """Takes over what another recorder of the same examples, classes and metrics recorded, such as that of another rank.

        ``ValueError`` where they do not fit, or both have the same example in an epoch; nothing is taken then.
        """
        if not isinstance(other, Recorder):
            raise TypeError(f"argument other is a {type(other).__name__}, expected a Recorder")
        self._core.merge(other._core)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all that is recorded, with a checksum, whole or not at all."""
        self._core.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recorder:
        """Goes on where :meth:`save` was called. ``StateError`` where the file is none, damaged or of another version."""
        return cls._of(_core.Recorder.load(path))

    def state_dict(self) -> dict[str, Any]:
        """All that is recorded, for a checkpoint."""
        return {"recorder": self._core.to_bytes()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state_dict` gave of a recorder of the same examples, classes and metrics.

        ``StateError`` where it is of others, or damaged; what is recorded here stays then.
        """
        state_dict = mapped("state_dict", state_dict, "what state_dict() gave")
        if not isinstance(state_dict.get("recorder"), bytes):
            raise _core.StateError("the state has no \"recorder\", expected what state_dict() gave")
        read = _core.Recorder.from_bytes(state_dict["recorder"])
        for (name, saved), (_, here) in zip(read.settings(), self._core.settings(), strict=True):
            if saved != here:
                raise _core.StateError(f"the saved state was made with {name} {saved}, not with {here}")
        self._core = read

    @classmethod
    def _of(cls, core: Any) -> Recorder:
        recorder = cls.__new__(cls)
        recorder._core = core
        return recorder

    def __reduce__(self) -> tuple[Any, ...]:
        return (_loaded, (self._core.to_bytes(),))

    def __repr__(self) -> str:
        return (
            f"<Recorder of {self.n_examples} examples of {self.n_classes} classes: "
            f"{', '.join(self.metrics)}; {len(self.epochs)} epochs>"
        )


_METRICS = "names of metrics, or pairs of a name and its options"


def _asked(metric: Any) -> tuple[str, list[tuple[str, str]]]:
    """A metric with its options."""
    match metric:
        case str():
            return metric, []
        case str() as name, Mapping() as options:
            return name, texts(options)
    raise TypeError(f"argument metrics has {shown(metric)}, expected {_METRICS}")


def _loaded(saved: bytes) -> Recorder:
    return Recorder._of(_core.Recorder.from_bytes(saved))
