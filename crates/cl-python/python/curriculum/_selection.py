"""Which examples are kept: by a score, or by their features."""

from __future__ import annotations

from typing import Any

import numpy as np

from curriculum import _core
from curriculum._catalogue import CATALOGUE
from curriculum._parameters import named, python_name, real, reals, texts, whole
from curriculum._scores import Score, difficulty

Selection = _core.Selection
Coreset = _core.Coreset


def _known(family: str, name: str, common: list[dict[str, Any]]) -> dict[str, str]:
    """The options of a method by their keywords; of an unknown one none, which the method itself then tells."""
    entry = next((entry for entry in CATALOGUE[family] if entry["name"] == name.replace("_", "-")), None)
    parameters = [*(entry["parameters"] if entry else []), *common]
    return {python_name(parameter["name"]): parameter["name"] for parameter in parameters}


def _pointing(scores: Any, high_is: str | None) -> Any:
    if high_is is None:
        return difficulty(scores)
    if high_is not in ("hard", "easy"):
        raise ValueError(f"argument high_is is {high_is!r}, expected 'hard' or 'easy'")
    return scores if high_is == "hard" else -reals("scores", scores)


def select(
    scores: Any,
    rule: str = "hardest",
    *,
    keep: float | None = None,
    drop: float | None = None,
    count: int | None = None,
    seed: int = 0,
    labels: Any = None,
    confidence: Any = None,
    neighbors: tuple[Any, Any] | None = None,
    high_is: str | None = None,
    **options: Any,
) -> Selection:
    """Keeps a part of the examples by a score, and says of each why: as :func:`prune`, with all that is known of it.

    Returns a ``Selection``: ``kept`` and ``dropped`` (int64, the most important first, the narrowest miss first),
    ``mask()`` (n,), ``reason(example)``, and the ``groups`` that were decided on together.
    """
    parameters = texts(options, _known("rules", named("rule", rule), CATALOGUE["class_options"]))
    keep, drop, count, seed = real("keep", keep), real("drop", drop), whole("count", count), whole("seed", seed)
    difficulty = _pointing(scores, high_is)
    return _core.select(difficulty, rule, parameters, seed, keep, drop, count, labels, confidence, neighbors)


def prune(
    scores: Any,
    rule: str = "hardest",
    *,
    keep: float | None = None,
    drop: float | None = None,
    count: int | None = None,
    seed: int = 0,
    labels: Any = None,
    confidence: Any = None,
    neighbors: tuple[Any, Any] | None = None,
    high_is: str | None = None,
    **options: Any,
) -> np.ndarray:
    """The examples that stay, by a score: int64 indices, the most important first.

    Parameters
    ----------
    scores
        A difficulty (n,), higher = harder, or a :class:`curriculum.Score`, which knows which way it points.
    rule
        ``hardest``, ``easiest``, ``random``, ``stratified-random``, ``middle``, ``offset``, ``forgetting``, ``ccs``, ``dual``,
        ``d2``, ``prototypes``: ``curriculum.catalogue("rules")`` has them with their options, which are keywords here.
    keep, drop, count
        One of them: the share kept or dropped, in (0, 1], or how many are kept. Of n examples floor(keep n + 0.5) are.
    seed
        Decides ties, and what is drawn.
    labels
        The classes (n,), for rules over classes and ``balance=``.
    confidence
        The mean probability of each label (n,), for the rules that ask for it.
    neighbors
        Indices (n, k) and distances (n, k) of the nearest of each example, for ``d2``.
    high_is
        ``"hard"`` or ``"easy"``: which way the scores point, where they do not know it themselves.

    ``ValueError`` names the argument, its value and what was expected. Source: each rule's own; ``curriculum prune --list``.

    >>> import curriculum as cl
    >>> cl.prune([0.1, 0.9, 0.5, 0.7], rule="hardest", keep=0.5).tolist()
    [1, 3]
    """
    return select(
        scores,
        rule,
        keep=keep,
        drop=drop,
        count=count,
        seed=seed,
        labels=labels,
        confidence=confidence,
        neighbors=neighbors,
        high_is=high_is,
        **options,
    ).kept


def choose_coreset(
    features: Any,
    method: str = "facility-location",
    *,
    count: int | None = None,
    seed: int = 0,
    labels: Any = None,
    start: int | None = None,
    validation: Any = None,
    query: Any = None,
    private: Any = None,
    probabilities: Any = None,
    chosen: Any = None,
    weights: Any = None,
    groups: Any = None,
    costs: Any = None,
    budget: float | None = None,
    neighbors: int | None = None,
    **options: Any,
) -> Coreset:
    """Chooses examples by their features: as :func:`coreset`, with all that is known of the choice.

    Returns a ``Coreset``: ``indices`` (int64, the first chosen first), ``gains`` (what each added), ``weights`` (how much each
    counts for, or ``None``) and ``value`` (the sum of gains).
    """
    entry = next((entry for entry in CATALOGUE["coresets"] if entry["name"] == named("method", method)), None)
    common = CATALOGUE["submodular_options"] if entry and entry["submodular"] else []
    parameters = texts(options, _known("coresets", method, common))
    count, seed, start = whole("count", count), whole("seed", seed), whole("start", start)
    given = {
        "labels": labels,
        "start": start,
        "validation": validation,
        "query": query,
        "private": private,
        "probabilities": probabilities,
        "chosen": chosen,
        "weights": weights,
        "groups": groups,
        "costs": costs,
        "budget": None if budget is None else real("budget", budget),
        "neighbors": whole("neighbors", neighbors),
    }
    return _core.choose(features, method, parameters, count, seed, given)


def coreset(features: Any, method: str = "facility-location", *, count: int | None = None, seed: int = 0, **given: Any) -> np.ndarray:
    """A few examples that stand for all, by their features: int64 indices, the first chosen first.

    Parameters
    ----------
    features
        (n, d), one example a row: float32 or float64 are read where they lie, halves in single precision.
    method
        ``k-center``, ``herding``, ``facility-location``, ``graph-cut``, ``sum-redundancy``, ``log-determinant``,
        ``saturated-coverage``, ``feature-based``, ``set-cover``, ``probabilistic-set-cover``, ``mixture``, ``disparity-sum``,
        ``disparity-min``, ``craig``, ``grad-match``, ``glister``, ``contextual-diversity``, ``cal``, and towards and away from
        examples ``flqmi``, ``flvmi``, ``gcmi``, ``logdetmi``, ``com``, ``flcg``, ``gccg``, ``logdetcg``, ``flcmi``, ``logdetcmi``:
        ``curriculum.catalogue("coresets")`` has them with their options, which are keywords here.
    count
        How many; matching pursuit and sieves may choose fewer. With ``costs`` it need not be given.
    labels
        The classes (n,): then there is chosen within classes, of each its share of ``count``.
    start
        The first example, for methods that have one.
    validation
        The gradients (m, d) of validation examples, for methods that need them.
    query, private
        The features (m, d) of examples that the choice is to be like, and of those it is to have nothing in common with.
    probabilities
        The predicted probabilities (n, classes), for ``cal``.
    chosen
        The indices of what is chosen already: not chosen again, and not counted.
    weights
        How much each example counts (n,) among those that are represented.
    groups
        The group of each example (n,): chosen whole, or not at all.
    costs, budget
        What each example costs (n,), and how much all may cost together.
    neighbors
        Compare each example with so many nearest alone, itself among them: what large n takes.

    Nested methods give every smaller count by the first of them. ``ValueError`` on features that are not finite, counts above
    n, and options that are none.

    >>> import curriculum as cl, numpy as np
    >>> points = np.array([[0.0], [1.0], [2.0], [9.0], [10.0]])
    >>> cl.coreset(points, similarity="max-distance", count=2).tolist()
    [2, 3]
    >>> cl.coreset(points, similarity="max-distance", costs=[1, 1, 5, 2, 1], budget=2.5).tolist()
    [1, 4]
    """
    return choose_coreset(features, method, count=count, seed=seed, **given).indices


__all__ = ["Coreset", "Score", "Selection", "choose_coreset", "coreset", "prune", "select"]
