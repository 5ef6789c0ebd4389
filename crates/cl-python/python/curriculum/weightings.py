"""Weightings: how much each example counts, from losses to weights. One class for each of the catalogue.

>>> import curriculum as cl
>>> cl.weightings.Linear(lambda_=2.0)([0.0, 0.5, 3.0]).tolist()
[1.0, 0.75, 0.0]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum import _core
from curriculum._catalogue import Shape, arguments, by_name as _by_name, classes, own_keywords, parameter_names
from curriculum._parameters import texts


class Weighting:
    """From losses (b,) to weights (b,), float64. Displayed, it is its name with its parameters."""

    _entry: dict[str, Any]
    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = arguments(type(self), args, kwargs)
        self._given = dict(given)
        classes, lateness = given.pop("classes", None), given.pop("a", None)
        parameters = texts(given, parameter_names(self._entry))
        self._core = _core.Weighting(self._entry["name"], parameters, classes, lateness)

    def __call__(self, losses: Any) -> np.ndarray:
        """The weight of each example, given the loss of each. ``ValueError`` on NaN."""
        return self._core(losses)

    def __repr__(self) -> str:
        return repr(self._core)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (type(self), self._given))


def _made(cls: type[Weighting], given: dict[str, Any]) -> Weighting:
    weighting: Weighting = cls(**given)
    return weighting


# A parameter of the same name goes before what there is for each example.
_DATA = {"classes": None, "a": None}
_found = classes("weightings", Weighting, __name__, shape=lambda entry: Shape({}, _DATA | own_keywords(entry)))
globals().update(_found)
__all__ = ["Weighting", "by_name", *_found]


def by_name(name: str, **parameters: Any) -> Any:
    """The class of the weighting of this name, or the weighting itself where parameters are given."""
    cls = _by_name("weightings", _found, name)
    return cls(**parameters) if parameters else cls
