"""Pacings: how much of the data is available when, from progress to fraction. One class for each of the catalogue.

>>> import curriculum as cl
>>> cl.pacing.Root(a=0.8, b=0.2).fraction(0.2)
0.6000000000000001
>>> cl.pacing.by_name("baby-steps").__name__
'BabySteps'
"""

from __future__ import annotations

from typing import Any

from curriculum import _core
from curriculum._catalogue import Shape, arguments, by_name as _by_name, classes, own_keywords, parameter_names
from curriculum._parameters import real, texts, whole


class Pacing:
    """A function from progress (step / total steps, 0 to 1) to the fraction of the data that is available.

    Displayed, it is its name with its parameters, named as in the paper. Pacings that count in steps of the run, or go by
    difficulty, are given these here or by the sampler that takes them.
    """

    _entry: dict[str, Any]
    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = arguments(type(self), args, kwargs)
        self._given = dict(given)
        total_steps, difficulty = given.pop("total_steps", None), given.pop("difficulty", None)
        parameters = texts(given, parameter_names(self._entry))
        self._core = _core.Pacing(self._entry["name"], parameters, whole("total_steps", total_steps), difficulty)

    def fraction(self, progress: float) -> float:
        """The fraction of the data, in [0, 1], that is available at ``progress``."""
        return self._core.fraction(real("progress", progress))

    __call__ = fraction

    def dropped(self, progress: float) -> float:
        """The fraction of the data, the first of the order, that is no longer available at ``progress``."""
        return self._core.dropped(real("progress", progress))

    def count(self, progress: float, n_examples: int, batch_size: int = 1) -> int:
        """How many of ``n_examples`` are available at ``progress``: at least one batch."""
        n_examples, batch_size = whole("n_examples", n_examples), whole("batch_size", batch_size)
        return self._core.count(real("progress", progress), n_examples, batch_size)

    def full_at(self) -> float | None:
        """The progress from which on all are available; above 1 that is beyond the budget, ``None`` is never."""
        return self._core.full_at()

    def __repr__(self) -> str:
        return repr(self._core)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (type(self), self._given))


def _made(cls: type[Pacing], given: dict[str, Any]) -> Pacing:
    pacing: Pacing = cls(**given)
    return pacing


_RUN = {"total_steps": None, "difficulty": None}
_classes = classes("pacing", Pacing, __name__, shape=lambda entry: Shape({}, own_keywords(entry) | _RUN))
globals().update(_classes)
__all__ = ["Pacing", "by_name", *_classes]


def by_name(name: str, **parameters: Any) -> Any:
    """The class of the pacing of this name, or the pacing itself where parameters are given."""
    cls = _by_name("pacing", _classes, name)
    return cls(**parameters) if parameters else cls
