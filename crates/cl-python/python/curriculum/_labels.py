"""Wrong labels, by confident learning (Northcutt, Jiang and Chuang 2021)."""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum import _core
from curriculum._parameters import real, whole

NoiseRate = _core.NoiseRate


def find_label_issues(
    labels: Any,
    pred_probs: Any,
    *,
    filter_by: str = "prune_by_noise_rate",
    return_indices_ranked_by: str | None = None,
) -> np.ndarray:
    """Which labels are probably wrong: a mask (n,) of bool, or, ranked, their indices, the worst first.

    Parameters
    ----------
    labels
        The given classes (n,), from 0 on.
    pred_probs
        Probabilities (n, c) of models that were not trained on the example.
    filter_by
        ``prune_by_noise_rate``, ``prune_by_class``, ``both``, ``confident_learning``, ``predicted_neq_given``,
        ``low_normalized_margin`` or ``low_self_confidence``: those of cleanlab 2.9.
    return_indices_ranked_by
        ``self_confidence``, ``normalized_margin`` or ``confidence_weighted_entropy``.

    Equal to cleanlab's ``find_label_issues`` but for exact ties, which its unstable sort decides by the processor; here they go
    by the order of the examples. O(n c), on all threads. ``ValueError`` on shapes, labels and numbers that are no probabilities.

    >>> import curriculum as cl, numpy as np
    >>> probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])
    >>> cl.find_label_issues([0, 0, 0, 1, 1, 1], probs).tolist()
    [False, False, True, False, False, True]
    """
    issues = _core.label_issues(labels, pred_probs, filter_by)
    if return_indices_ranked_by is None:
        return issues
    quality = _core.label_quality(labels, pred_probs, return_indices_ranked_by, "return_indices_ranked_by")
    found = np.flatnonzero(issues)
    # Stable: equal qualities stay in the order of the examples.
    return found[np.argsort(quality[found], kind="stable")]


def label_quality(labels: Any, pred_probs: Any, *, measure: str = "self_confidence") -> np.ndarray:
    """How good each label is, (n,) in [0, 1], low where it is probably wrong.

    ``self_confidence`` (p_y), ``normalized_margin`` or ``confidence_weighted_entropy``. Source: cleanlab 2.9.
    """
    return _core.label_quality(labels, pred_probs, measure)


def noise_rate(
    labels: Any, pred_probs: Any, *, level: float = 0.95, n_resamples: int = 1000, seed: int = 0
) -> NoiseRate:
    """The share of wrong labels that confident learning estimates, with an interval over resampled examples.

    Returns a ``NoiseRate``: ``estimate``, ``low``, ``high``, ``level``, the ``thresholds`` (c,) of the classes, and the
    ``confident_joint`` (c, c) and ``joint`` (c, c) of given and true labels. The model's own errors are in no interval.
    """
    level, n_resamples, seed = real("level", level), whole("n_resamples", n_resamples), whole("seed", seed)
    return _core.noise_rate(labels, pred_probs, level, n_resamples, seed)


__all__ = ["NoiseRate", "find_label_issues", "label_quality", "noise_rate"]
