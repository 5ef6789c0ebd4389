# Written by crates/cl-python/stubs.py, of the catalogue.

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

class Order:
    """From difficulty (n,), higher = harder, to a permutation of the examples: the first to come first.

    Ties are broken by the seed, never by index. A :class:`curriculum.Score` knows which way it points.
    """

    _entry: dict[str, Any]

    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __call__(self, scores: Any, seed: int = 0, classes: Any = None) -> np.ndarray:
        """The permutation (n,) of int64 for these scores (n,).

        ``classes`` (n,) are those over which the order is balanced, where it is. ``ValueError`` on NaN and on a metric that
        is no difficulty.
        """

    def __repr__(self) -> str: ...

    def __reduce__(self) -> tuple[Any, ...]: ...

class EasyFirst(Order):
    """Easy to hard: the curriculum.

    Parameters
    ----------
    balance, by default none
        over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)
    """

    def __init__(
        self,
        *,
        balance: str = 'none',
        classes: ArrayLike | None = None,
        order: ArrayLike | None = None,
    ) -> None: ...

class HardFirst(Order):
    """Hard to easy: the anti-curriculum.

    Parameters
    ----------
    balance, by default none
        over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)
    """

    def __init__(
        self,
        *,
        balance: str = 'none',
        classes: ArrayLike | None = None,
        order: ArrayLike | None = None,
    ) -> None: ...

class Random(Order):
    """A random order, the control with the same pacing.

    Parameters
    ----------
    balance, by default none
        over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)
    """

    def __init__(
        self,
        *,
        balance: str = 'none',
        classes: ArrayLike | None = None,
        order: ArrayLike | None = None,
    ) -> None: ...

class Permutation(Order):
    """An order of one's own.

    Parameters
    ----------
    balance, by default none
        over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)
    """

    def __init__(
        self,
        *,
        balance: str = 'none',
        classes: ArrayLike | None = None,
        order: ArrayLike | None = None,
    ) -> None: ...

def by_name(name: str, **parameters: Any) -> Any:
    """The class of the order of this name, or the order itself where parameters are given."""

__all__ = [
    "Order",
    "by_name",
    "EasyFirst",
    "HardFirst",
    "Random",
    "Permutation",
]
