"""Orders: which examples come first, from difficulty to a permutation. One class for each of the catalogue.

>>> import curriculum as cl
>>> cl.orders.EasyFirst()([0.3, 0.9, 0.1], seed=0).tolist()
[2, 0, 1]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum import _core
from curriculum._catalogue import Shape, arguments, by_name as _by_name, classes, own_keywords, parameter_names
from curriculum._parameters import texts, whole
from curriculum._scores import difficulty


class Order:
    """From difficulty (n,), higher = harder, to a permutation of the examples: the first to come first.

    Ties are broken by the seed, never by index. A :class:`curriculum.Score` knows which way it points.
    """

    _entry: dict[str, Any]
    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = arguments(type(self), args, kwargs)
        self._given = dict(given)
        self._classes, self._order = given.pop("classes", None), given.pop("order", None)
        self._parameters = texts(given, parameter_names(self._entry))
        _core.check_order(self._entry["name"], self._parameters, self._order)

    def __call__(self, scores: Any, seed: int = 0, classes: Any = None) -> np.ndarray:
        """The permutation (n,) of int64 for these scores (n,).

        ``classes`` (n,) are those over which the order is balanced, where it is. ``ValueError`` on NaN and on a metric that
        is no difficulty.
        """
        classes = self._classes if classes is None else classes
        name, seed = self._entry["name"], whole("seed", seed)
        return _core.make_order(name, self._parameters, difficulty(scores), seed, classes, self._order)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self._parameters)
        return f"{type(self).__name__}({given})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_made, (type(self), self._given))


def _made(cls: type[Order], given: dict[str, Any]) -> Order:
    order: Order = cls(**given)
    return order


_DATA = {"classes": None, "order": None}
_found = classes("orders", Order, __name__, shape=lambda entry: Shape({}, own_keywords(entry) | _DATA))
globals().update(_found)
__all__ = ["Order", "by_name", *_found]


def by_name(name: str, **parameters: Any) -> Any:
    """The class of the order of this name, or the order itself where parameters are given."""
    cls = _by_name("orders", _found, name)
    return cls(**parameters) if parameters else cls
