# Written by crates/cl-python/stubs.py, of the catalogue.

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

class Weighting:
    """From losses (b,) to weights (b,), float64. Displayed, it is its name with its parameters."""

    _entry: dict[str, Any]

    _given: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __call__(self, losses: Any) -> np.ndarray:
        """The weight of each example, given the loss of each. ``ValueError`` on NaN."""

    def __repr__(self) -> str: ...

    def __reduce__(self) -> tuple[Any, ...]: ...

class Hard(Weighting):
    """Self-paced: 1 below lambda, else 0.

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Linear(Weighting):
    """Self-paced: falls linearly to 0 at lambda.

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Logarithmic(Weighting):
    """Self-paced: falls logarithmically to 0 at lambda, below 1.

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Mixture(Weighting):
    """Self-paced: 1 up to lambda2, 0 from lambda1, soft between.

    Parameters
    ----------
    lambda1
        the loss from which on the weight is 0, the age
    lambda2
        the loss up to which the weight is 1, below lambda1
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda1: float | None = None,
        lambda2: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Mixture2(Weighting):
    """Self-paced: hard at both ends, soft between, on the root of the loss.

    Parameters
    ----------
    gamma
        the width of the soft part
    lambda_
        the age, above 0: the older, the harder the examples that count
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        gamma: float | None = None,
        lambda_: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Polynomial(Weighting):
    """Self-paced: a linear fall to a power.

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    t
        the degree of the regulariser, above 1
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        t: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Logistic(Weighting):
    """Self-paced: falls logistically around lambda.

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    c
        the lateness allowed within the curriculum region of the a given (SPCL)
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        quantile: float | None = None,
        c: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Diversity(Weighting):
    """Self-paced with diversity over the classes given (SPLD).

    Parameters
    ----------
    lambda_
        the age, above 0: the older, the harder the examples that count
    gamma
        the weight of diversity, above 0
    quantile
        instead of lambda: the fraction of the losses to admit, in (0, 1]
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        lambda_: float | None = None,
        gamma: float | None = None,
        quantile: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Superloss(Weighting):
    """SuperLoss: above 1 below the threshold tau, less above it.

    Parameters
    ----------
    tau
        the loss that counts 1, ln C for C classes
    lambda_, by default 1
        the regularisation
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        tau: float | None = None,
        lambda_: float = 1,
        cap: float | None = None,
    ) -> None: ...

class Focal(Weighting):
    """The factor that makes the gradient of cross-entropy focal.

    Parameters
    ----------
    gamma, by default 2
        the focusing parameter, at least 0
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        gamma: float = 2,
        cap: float | None = None,
    ) -> None: ...

class DetachedFocal(Weighting):
    """(1 - p)^gamma held constant, which is not the focal gradient.

    Parameters
    ----------
    gamma, by default 2
        the focusing parameter, at least 0
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        gamma: float = 2,
        cap: float | None = None,
    ) -> None: ...

class HardMining(Weighting):
    """1 for the hardest examples, else 0.

    Parameters
    ----------
    fraction
        the fraction that counts, in (0, 1]
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        fraction: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class L2Hard(Weighting):
    """Towards hard examples within a bound on the L2 norm.

    Parameters
    ----------
    rho
        the mean squared distance of the weights from 1, at most
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        rho: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class L2Easy(Weighting):
    """Towards easy examples within a bound on the L2 norm.

    Parameters
    ----------
    rho
        the mean squared distance of the weights from 1, at most
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        rho: float | None = None,
        cap: float | None = None,
    ) -> None: ...

class Mentornet(Weighting):
    """MentorNet's predefined curriculum in one of its epochs.

    Parameters
    ----------
    gamma, by default 1
        the width of the soft part from epoch 90 on
    epoch
        the epoch
    threshold
        the loss that weights are relative to
    cap
        no weight above it; any weighting takes it
    """

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        a: ArrayLike | None = None,
        gamma: float = 1,
        epoch: int | None = None,
        threshold: float | None = None,
        cap: float | None = None,
    ) -> None: ...

def by_name(name: str, **parameters: Any) -> Any:
    """The class of the weighting of this name, or the weighting itself where parameters are given."""

__all__ = [
    "Weighting",
    "by_name",
    "Hard",
    "Linear",
    "Logarithmic",
    "Mixture",
    "Mixture2",
    "Polynomial",
    "Logistic",
    "Diversity",
    "Superloss",
    "Focal",
    "DetachedFocal",
    "HardMining",
    "L2Hard",
    "L2Easy",
    "Mentornet",
]
