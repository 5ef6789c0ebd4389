# Written by crates/cl-python/stubs.py, of the catalogue.

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

class Pacing:
    """A function from progress (step / total steps, 0 to 1) to the fraction of the data that is available.

    Displayed, it is its name with its parameters, named as in the paper. Pacings that count in steps of the run, or go by
    difficulty, are given these here or by the sampler that takes them.
    """

    _entry: dict[str, Any]

    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def fraction(self, progress: float) -> float:
        """The fraction of the data, in [0, 1], that is available at ``progress``."""

    __call__ = fraction

    def dropped(self, progress: float) -> float:
        """The fraction of the data, the first of the order, that is no longer available at ``progress``."""

    def count(self, progress: float, n_examples: int, batch_size: int = 1) -> int:
        """How many of ``n_examples`` are available at ``progress``: at least one batch."""

    def full_at(self) -> float | None:
        """The progress from which on all are available; above 1 that is beyond the budget, ``None`` is never."""

    def __repr__(self) -> str: ...

    def __reduce__(self) -> tuple[Any, ...]: ...

class Full(Pacing):
    """All data from the start: standard training.

    Parameters
    ----------
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Linear(Pacing):
    """Wu: from b to all at a, linearly.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Quadratic(Pacing):
    """Wu: from b to all at a, as the square.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Root(Pacing):
    """Wu: from b to all at a, as the square root.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Polynomial(Pacing):
    """Wu: from b to all at a, as a power.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    p
        the power, above 0
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        p: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Exponential(Pacing):
    """Wu: from b to all at a, most of it at the end.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Logarithmic(Pacing):
    """Wu: from b to all at a, most of it at the start.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Step(Pacing):
    """Wu: b until a, then all.

    Parameters
    ----------
    a
        the progress at which all data are available; above 1 they never are
    b
        the fraction available at first, in [0, 1]
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        a: float | None = None,
        b: float | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class FixedExponential(Pacing):
    """Hacohen: the share grows by a factor every so many steps.

    Parameters
    ----------
    s, by default 0.04
        the fraction available at first, in (0, 1]
    increase, by default 1.9
        the factor of an increase, above 1
    step_length, by default 100
        the steps between two increases
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        s: float = 0.04,
        increase: float = 1.9,
        step_length: int = 100,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class VariedExponential(Pacing):
    """Hacohen: the share grows by a factor after each of the steps given.

    Parameters
    ----------
    s, by default 0.04
        the fraction available at first, in (0, 1]
    increase, by default 1.9
        the factor of an increase, above 1
    after
        the steps after which it grows, separated by commas
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        s: float = 0.04,
        increase: float = 1.9,
        after: ArrayLike | str | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class SingleStep(Pacing):
    """Hacohen: a share for the first steps, then all.

    Parameters
    ----------
    s, by default 0.04
        the fraction available at first, in (0, 1]
    step_length
        the steps that it lasts
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        s: float = 0.04,
        step_length: int | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Competence(Pacing):
    """Platanios: root-p competence, from c0 to all at the end.

    Parameters
    ----------
    c0, by default 0.01
        the fraction available at first
    p, by default 2
        the degree of the root, at least 1: 1 is linear, 2 the square root
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        c0: float = 0.01,
        p: float = 2,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Geometric(Pacing):
    """By equal factors in equal times, from c0 to all at the end.

    Parameters
    ----------
    c0, by default 0.01
        the fraction available at first
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        c0: float = 0.01,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class BabySteps(Pacing):
    """Buckets from easy to hard, each joining those before it.

    Parameters
    ----------
    n_buckets
        the number of buckets
    bucket_length
        the steps of each
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        n_buckets: int | None = None,
        bucket_length: int | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class OnePass(Pacing):
    """Buckets from easy to hard, each in place of the one before it.

    Parameters
    ----------
    n_buckets
        the number of buckets
    bucket_length
        the steps of each
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        n_buckets: int | None = None,
        bucket_length: int | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Discrete(Pacing):
    """A table of fractions.

    Parameters
    ----------
    table
        progress:fraction, separated by commas, the first from 0
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        table: Mapping[float, float] | Sequence[tuple[float, float]] | str | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class Decreasing(Pacing):
    """DIHCL: from all data down to b by a factor every so many steps.

    Parameters
    ----------
    gamma, by default 0.85
        the factor, in (0, 1)
    b, by default 0.2
        the fraction available at last
    step_length
        the steps between two decreases
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        gamma: float = 0.85,
        b: float = 0.2,
        step_length: int | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class FixedLinear(Pacing):
    """DeepSpeed: examples up to a difficulty that grows linearly.

    Parameters
    ----------
    min
        the least difficulty
    max
        the highest difficulty
    total_step
        the steps until the highest difficulty
    difficulty_step, by default 1
        of what difficulties are multiples
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        min: int | None = None,
        max: int | None = None,
        total_step: int | None = None,
        difficulty_step: int = 1,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class FixedRoot(Pacing):
    """DeepSpeed: examples up to a difficulty that grows as a root.

    Parameters
    ----------
    min
        the least difficulty
    max
        the highest difficulty
    total_step
        the steps until the highest difficulty
    difficulty_step, by default 1
        of what difficulties are multiples
    root_degree, by default 2
        the degree of the root
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        min: int | None = None,
        max: int | None = None,
        total_step: int | None = None,
        difficulty_step: int = 1,
        root_degree: float = 2,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

class FixedDiscrete(Pacing):
    """DeepSpeed: examples up to a difficulty by a table.

    Parameters
    ----------
    difficulties
        the difficulties, separated by commas
    max_steps
        the last step of each but the last, separated by commas
    n_cycles, by default 1
        how often the pacing is gone through; any pacing takes it
    """

    def __init__(
        self,
        *,
        difficulties: ArrayLike | str | None = None,
        max_steps: ArrayLike | str | None = None,
        n_cycles: int = 1,
        total_steps: int | None = None,
        difficulty: ArrayLike | None = None,
    ) -> None: ...

def by_name(name: str, **parameters: Any) -> Any:
    """The class of the pacing of this name, or the pacing itself where parameters are given."""

__all__ = [
    "Pacing",
    "by_name",
    "Full",
    "Linear",
    "Quadratic",
    "Root",
    "Polynomial",
    "Exponential",
    "Logarithmic",
    "Step",
    "FixedExponential",
    "VariedExponential",
    "SingleStep",
    "Competence",
    "Geometric",
    "BabySteps",
    "OnePass",
    "Discrete",
    "Decreasing",
    "FixedLinear",
    "FixedRoot",
    "FixedDiscrete",
]
