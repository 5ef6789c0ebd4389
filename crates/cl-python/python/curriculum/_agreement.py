"""How far scores agree, and where a pruning falls below chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from curriculum import _core
from curriculum._parameters import listed, mapped, real, reals, whole
from curriculum._scores import difficulty

if TYPE_CHECKING:
    import pandas as pd


class Agreement:
    """The rank correlation of every score with every other.

    ``values`` (k, k) has 1 on its diagonal and NaN where a score is constant and ranks nothing; ``low`` and ``high`` are the ends
    of the intervals, where these were asked for.
    """

    def __init__(self, names: list[str], cells: Sequence[Mapping[str, Any]]) -> None:
        self.names = names
        k = len(names)
        self.values, self.low, self.high = (np.full((k, k), np.nan) for _ in range(3))
        for cell in cells:
            i, j = cell["row"], cell["column"]
            ends = cell["interval"] or (np.nan, np.nan)
            for array, value in ((self.values, cell["value"]), (self.low, ends[0]), (self.high, ends[1])):
                array[i, j] = array[j, i] = np.nan if value is None else value

    def to_pandas(self) -> pd.DataFrame:
        """The correlations as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.values, index=self.names, columns=self.names)

    def __repr__(self) -> str:
        return f"<Agreement of {', '.join(self.names)}>\n{self.values}"


def agree(
    scores: Mapping[str, Any],
    *,
    correlation: str = "spearman",
    n_resamples: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """How far scores (n,) of the same examples order them alike.

    Scores that know which way they point are compared as difficulties, so that an AUM, where high is easy, agrees with a loss.
    ``correlation`` is ``"spearman"`` or ``"kendall"`` (tau-b). With ``n_resamples`` above 0 each has a percentile interval over
    examples drawn anew (Efron 1979). ``ValueError`` on NaN, lengths that differ and fewer than two scores.

    >>> import curriculum as cl
    >>> float(cl.agree({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 3.0, 2.0, 4.0]}).values[0, 1])
    0.8
    """
    scores = mapped("scores", scores, "a mapping from names to scores")
    if len(scores) < 2:
        raise ValueError(f"argument scores has {len(scores)} scores, expected at least two")
    names = [str(name) for name in scores]
    values = [difficulty(score, name) for name, score in zip(names, scores.values())]
    n_resamples, level, seed = whole("n_resamples", n_resamples), real("level", level), whole("seed", seed)
    return Agreement(names, _core.agree(names, values, correlation, n_resamples, level, seed))


def overlap(a: Any, b: Any, fractions: Sequence[float] = (0.1, 0.3, 0.5), *, seed: int = 0) -> list[float | None]:
    """How much the hardest by two scores have in common, |A and B| / |A or B|, for each fraction that is kept."""
    parts = [real("fractions", fraction) for fraction in listed("fractions", fractions, "a list of fractions")]
    return _core.overlap(difficulty(a, "a"), difficulty(b, "b"), parts, whole("seed", seed))


class Stability(NamedTuple):
    """How far a score agrees with itself over runs: correlations over pairs, and the pairs that have one and have none."""

    mean: float | None
    lowest: float | None
    highest: float | None
    n_pairs: int
    n_undefined: int


def stability(runs: Sequence[Any], *, correlation: str = "spearman") -> Stability:
    """The mean rank correlation over all pairs of runs (n,) of a score, by several seeds or at several epochs."""
    return Stability(**_core.runs_stability(listed("runs", runs, "a list of runs"), correlation))


def combine(scores: Sequence[Any], *, how: str = "mean_rank") -> np.ndarray:
    """Several difficulties (n,) as one: by ``"mean_rank"``, or by ``"borda"`` count. Higher = harder."""
    several = listed("scores", scores, "a list of scores")
    return _core.combined([difficulty(score) for score in several], how)


class Crossover(NamedTuple):
    """At which part of the data kept a method falls below a control.

    ``at`` is ``None`` where it is undefined, and ``text`` says on which side; ``interval`` likewise. ``never_below`` and
    ``always_below`` are the shares of resamples without a crossing.
    """

    at: float | None
    text: str
    interval: tuple[float | None, float | None] | None
    never_below: float
    always_below: float


def crossover(
    accuracy: Any,
    control: Any,
    kept: Sequence[float],
    *,
    crossing: str = "first",
    margin: float = 0.0,
    n_resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> Crossover:
    """Where a pruning falls below chance: the part kept at which its mean accuracy falls below the control's.

    Parameters
    ----------
    accuracy, control
        (seeds, fractions) of the method and of random pruning: runs of the same seeds, which makes them paired.
    kept
        The fractions (fractions,) of the data that were kept, in (0, 1].
    crossing
        ``"first"`` from the full data, or the one after which it ``"stays"`` below.
    margin
        By how much it must be below.

    The interval is a bootstrap over seeds, expanded for their number; for fewer than five it is still too narrow.

    >>> import curriculum as cl
    >>> cl.crossover([[0.9, 0.85, 0.4]] * 3, [[0.9, 0.8, 0.7]] * 3, [1.0, 0.5, 0.25]).text
    '0.464'
    """
    runs = {"accuracy": reals("accuracy", accuracy), "control": reals("control", control)}
    parts = [real("kept", part) for part in listed("kept", kept, "the fractions that were kept")]
    for name, array in runs.items():
        if array.ndim != 2 or array.shape[1] != len(parts):
            raise ValueError(f"argument {name} is of shape {array.shape}, expected (seeds, {len(parts)})")
    if runs["accuracy"].shape != runs["control"].shape:
        raise ValueError(
            f"argument control is of shape {runs['control'].shape}, expected {runs['accuracy'].shape}, as accuracy"
        )
    # The largest first.
    order = np.argsort(-np.array(parts, dtype=np.float64), kind="stable")
    flat = {name: np.ascontiguousarray(array[:, order].T).reshape(-1) for name, array in runs.items()}
    fractions = [parts[at] for at in order]
    margin, level = real("margin", margin), real("level", level)
    n_resamples, seed = whole("n_resamples", n_resamples), whole("seed", seed)
    found = _core.crossover(
        fractions, flat["accuracy"], flat["control"], crossing, margin, n_resamples, level, seed
    )
    interval = found["interval"]
    return Crossover(
        found["at"],
        found["text"],
        None if interval is None else tuple(interval),
        found["never_below"],
        found["always_below"],
    )


__all__ = ["Agreement", "Crossover", "Stability", "agree", "combine", "crossover", "overlap", "stability"]
