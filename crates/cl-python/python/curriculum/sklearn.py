"""Pruning and self-paced learning as classifiers of scikit-learn, over any of its classifiers.

>>> from sklearn.datasets import load_iris
>>> from sklearn.tree import DecisionTreeClassifier
>>> from curriculum.sklearn import PrunedClassifier
>>> X, y = load_iris(return_X_y=True)
>>> pruned = PrunedClassifier(DecisionTreeClassifier(), keep=0.6, random_state=0).fit(X, y)
>>> len(pruned.kept_indices_)
90
"""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, check_cv
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_array, check_random_state, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, has_fit_parameter, validate_data

from curriculum import pacing as pacings
from curriculum import weightings
from curriculum._catalogue import CATALOGUE
from curriculum._labels import find_label_issues, label_quality
from curriculum._parameters import python_name
from curriculum._scores import difficulty as as_difficulty
from curriculum._selection import prune

__all__ = ["PrunedClassifier", "SelfPacedClassifier"]

ArrayLike = Any


def _argument(name: str, value: object, expected: str) -> str:
    return f"argument {name} is {value}, expected {expected}"


def _el2n(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    errors = probabilities.copy()
    errors[np.arange(len(labels)), labels] -= 1.0
    return np.linalg.norm(errors, axis=1)


def _loss(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    smallest = np.finfo(np.float64).eps
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], smallest, 1.0 - smallest))


def _margin(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return 1.0 - label_quality(labels, probabilities, measure="normalized_margin")


def _self_confidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return 1.0 - probabilities[np.arange(len(labels)), labels]


_METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "el2n": _el2n,
    "loss": _loss,
    "margin": _margin,
    "self-confidence": _self_confidence,
}

# What PrunedClassifier tells curriculum.prune itself.
_TOLD = (
    "scores",
    "rule",
    "keep",
    "drop",
    "count",
    "seed",
    "labels",
    "confidence",
    "neighbors",
    "high_is",
)


def _share(name: str, value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not 0.0 < float(value) <= 1.0
    ):
        raise ValueError(_argument(name, repr(value), "a share in (0, 1]"))
    return float(value)


def _options(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TypeError(
            _argument(name, repr(value), "a dict from names of parameters to their values, or None")
        )
    return dict(value)


def _seed(random_state: Any) -> int:
    """The integer itself, so that `curriculum.prune` can be given it, or one that is drawn."""
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        if not 0 <= int(random_state) < 2**32:
            raise ValueError(_argument("random_state", random_state, "an integer in [0, 2**32)"))
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _weight_keyword(estimator: Any) -> str | None:
    """By what keyword ``fit`` takes weights, if it does: a pipeline hands them to its last step."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        keyword = _weight_keyword(last)
        if keyword is None or sklearn.get_config().get("enable_metadata_routing", False):
            return keyword
        return f"{name}__{keyword}"
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None


def _checked_weights(sample_weight: Any, n: int) -> np.ndarray:
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n,):
        raise ValueError(
            _argument("sample_weight", f"of shape {weights.shape}", f"({n},), one for each example")
        )
    if (weights < 0).any():
        at = int(np.argmax(weights < 0))
        raise ValueError(
            _argument("sample_weight", f"{weights[at]} at example {at}", "weights of at least 0")
        )
    if not weights.any():
        raise ValueError(
            "argument sample_weight is zero for all examples, expected a weight above it"
        )
    return weights


def _whole(weights: np.ndarray) -> bool:
    return bool((weights == np.floor(weights)).all())


class _Training:
    """The examples that have a weight, their classes as integers, and how a clone is fitted."""

    def __init__(self, owner: _Meta, seed: int, X: Any, y: Any, sample_weight: Any) -> None:
        if y is None:
            raise ValueError(
                f"{type(owner).__name__} requires y to be passed, but the target y is None"
            )
        X, y = indexable(X, y)
        y = column_or_1d(y, warn=True)
        check_array(y, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(y)
        self.all_X, self.all_y = X, y
        self.estimator = owner._template(seed)
        self.keyword = _weight_keyword(self.estimator)
        self.weighted = sample_weight is not None
        if self.weighted:
            weights = _checked_weights(sample_weight, len(y))
            if self.keyword is None:
                raise TypeError(
                    f"argument sample_weight is given, but estimator {self.estimator!r} takes none "
                    "in fit, expected an estimator that does, or no weights"
                )
        else:
            weights = np.ones(len(y))
        # A weight of 0 is as though the example were not there.
        self.rows = np.flatnonzero(weights)
        every = len(self.rows) == len(y)
        self.X = X if every else _safe_indexing(X, self.rows)
        self.y = y[self.rows]
        self.weights = weights[self.rows]
        self.classes, self.labels = np.unique(self.y, return_inverse=True)
        self.labels = self.labels.reshape(-1).astype(np.int64)
        self.n = len(self.y)

    def fit(self, chosen: np.ndarray | None, weights: np.ndarray | None = None) -> Any:
        """A clone fitted to those chosen, in ascending order, or to all, with their weights."""
        if weights is None and self.weighted:
            weights = self.weights if chosen is None else self.weights[chosen]
        every = chosen is None or len(chosen) == self.n
        X = self.X if every else _safe_indexing(self.X, chosen)
        y = self.y if every else self.y[chosen]
        model = clone(self.estimator)
        return (
            model.fit(X, y) if weights is None else model.fit(X, y, **{str(self.keyword): weights})
        )

    def probabilities(self, model: Any, X: Any) -> np.ndarray:
        """(n, classes); a class that the model has never seen has 0."""
        found = np.asarray(model.predict_proba(X), dtype=np.float64)
        if np.isnan(found).any():
            value = f"{self.estimator!r}, which predicts probabilities that are NaN"
            raise ValueError(_argument("estimator", value, "one that predicts numbers"))
        columns = np.searchsorted(self.classes, model.classes_)
        probabilities = np.zeros((len(found), len(self.classes)))
        probabilities[:, columns] = found
        return probabilities

    def easiest(self, difficulty: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Of each class of which none is kept, a mask, its easiest example and those as easy."""
        missing = np.setdiff1d(np.arange(len(self.classes)), self.labels[kept])
        return np.concatenate(
            [np.empty(0, dtype=np.int64)]
            + [
                members[difficulty[members] == difficulty[members].min()]
                for members in (np.flatnonzero(self.labels == label) for label in missing)
            ]
        )


class _Meta(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """What predicts by the estimator that ``fit`` left in ``estimator_``."""

    estimator: Any
    random_state: Any

    def _template(self, seed: int) -> Any:
        """What is cloned: the estimator, reproducible where ``random_state`` is given."""
        estimator = LogisticRegression() if self.estimator is None else self.estimator
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            raise TypeError(
                _argument("estimator", repr(estimator), "a classifier of scikit-learn, or None")
            )
        estimator = clone(estimator)
        if self.random_state is not None:
            random = np.random.RandomState(seed)
            unset = {
                name: random.randint(np.iinfo(np.int32).max)
                for name, value in sorted(estimator.get_params(deep=True).items())
                if value is None and (name == "random_state" or name.endswith("__random_state"))
            }
            estimator.set_params(**unset)
        return estimator

    def _begin(self, seed: int, X: Any, y: Any, sample_weight: Any) -> _Training:
        training = _Training(self, seed, X, y, sample_weight)
        validate_data(self, X, skip_check_array=True)
        return training

    def _needs_probabilities(self, estimator: Any) -> None:
        if not hasattr(estimator, "predict_proba"):
            raise TypeError(
                f"argument estimator is {estimator!r}, which has no predict_proba, expected a "
                "classifier that has; sklearn.calibration.CalibratedClassifierCV makes one "
                "of a decision_function"
            )

    def _fitted(self, X: Any) -> Any:
        """The estimator that was fitted, for features of the same names and number."""
        check_is_fitted(self, "estimator_")
        # Of one dimension there are no features; what the estimator makes of it, it says.
        if getattr(X, "ndim", 2) != 1:
            validate_data(self, X, reset=False, skip_check_array=True)
        return self.estimator_

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The class of each example of ``X`` (n, features), by ``estimator_``: (n,)."""
        return self._fitted(X).predict(X)

    @available_if(lambda self: self._has("predict_proba"))
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """The probabilities (n, classes) of the classes in ``classes_``, by ``estimator_``."""
        return self._fitted(X).predict_proba(X)

    @available_if(lambda self: self._has("predict_log_proba"))
    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """The logarithms (n, classes) of the probabilities, by ``estimator_``."""
        return self._fitted(X).predict_log_proba(X)

    @available_if(lambda self: self._has("decision_function"))
    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """The decision function, (n,) of two classes, else (n, classes), by ``estimator_``."""
        return self._fitted(X).decision_function(X)

    def _has(self, method: str) -> bool:
        """Whether the estimator has a method; where it has not, its own error says why."""
        estimator = getattr(self, "estimator_", self.estimator)
        getattr(LogisticRegression() if estimator is None else estimator, method)
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        try:
            own = get_tags(LogisticRegression() if self.estimator is None else self.estimator)
        except (AttributeError, TypeError, ValueError):
            # No estimator, which fit says.
            return tags
        tags.input_tags.sparse = own.input_tags.sparse
        tags.input_tags.allow_nan = own.input_tags.allow_nan
        tags.input_tags.categorical = own.input_tags.categorical
        tags.input_tags.string = own.input_tags.string
        tags.input_tags.positive_only = own.input_tags.positive_only
        if own.classifier_tags is not None:
            tags.classifier_tags.multi_class = own.classifier_tags.multi_class
            tags.classifier_tags.poor_score = own.classifier_tags.poor_score
        return tags


class PrunedClassifier(_Meta):
    """A classifier that is fitted to a part of the examples, chosen by how hard they are to others.

    Every example gets a difficulty from the probabilities that a clone of ``estimator`` predicts
    for it, fitted to folds without it. :func:`curriculum.prune` keeps a part by this difficulty,
    and a clone is fitted to the part.

    Parameters
    ----------
    estimator : classifier, default=None
        What is fitted; it needs ``predict_proba``, unless ``fit`` is given a ``difficulty``.
        ``None`` is ``LogisticRegression()``.
    metric : {"el2n", "loss", "margin", "self-confidence"} or callable, default="el2n"
        What the difficulty of an example of class y with probabilities p is, higher = harder::

            el2n               || p - onehot(y) ||_2
            loss               -ln p_y, with p_y in [2.2e-16, 1 - 2.2e-16]
            margin             1 - (p_y - max over j != y of p_j + 1) / 2
            self-confidence    1 - p_y

        The margin is the normalised one, turned round.
        A callable is given the probabilities (n, classes) and the labels (n,), indices into
        ``classes_``, and returns the difficulty (n,). Of a single class the named ones are all 0.
    rule : str, default="hardest"
        A rule of :func:`curriculum.prune`; ``curriculum.catalogue("rules")`` has them. On few
        examples, and where labels are wrong, the hardest are not the best: compare with
        ``"random"``, and look at ``drop_label_issues``.
    keep : float, default=0.5
        The share that is kept, in (0, 1]: of n examples floor(keep n + 0.5).
    cv : int, splitter or iterable of splits, default=5
        The folds. An integer is that many stratified and shuffled ones, fewer where no class has so
        many examples; where a splitter tests an example more than once, its probabilities are
        averaged.
    drop_label_issues : bool or str, default=False
        Whether examples are removed beforehand whose labels are probably wrong by the same
        probabilities; a text is the ``filter_by`` of :func:`curriculum.find_label_issues`. ``keep``
        is then a share of the others.
    rule_options : dict, default=None
        The options of the rule, such as ``{"balance": "proportional"}``. Rule ``d2`` has one more
        here, ``n_neighbors`` (10): the nearest by Euclidean distance of ``X``, which has to be
        numbers.
    random_state : int, RandomState or None, default=None
        Decides the folds, ties, and what is drawn. An integer is also the ``seed`` of
        :func:`curriculum.prune`. Unless it is ``None``, each ``random_state`` of the estimator that
        is ``None`` is set from it, equally in all clones.

    Attributes
    ----------
    estimator_ : classifier
        The clone that was fitted to the part that was kept.
    classes_ : ndarray of shape (n_classes,)
        The classes of the examples with a weight above 0.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where ``X`` has any that are texts.
    kept_indices_ : ndarray of int64
        The examples that were kept, the most important first.
    difficulty_ : ndarray of float64, shape (n,)
        The difficulty of each example, higher = harder; NaN where its weight is 0.
    label_issues_ : ndarray of int64
        The examples whose labels ``drop_label_issues`` found wrong, in ascending order.

    Raises
    ------
    ValueError, TypeError
        From ``fit``, naming the argument, its value and what was expected.

    Notes
    -----
    No class vanishes: of one without an example left, its easiest, and those that are as easy, are
    kept beside the others.

    A ``sample_weight`` of k is as k copies of an example, 0 as none. ``keep`` is then a share of
    the weight: as many examples are kept, by the rule, as have it, and the last of them counts for
    what is missing only. The share is rounded where all weights are whole numbers. Folds that are
    made of ``cv`` examples know no weights.

    It costs ``cv`` + 1 fits. Difficulty that is computed of the folds speaks of this ``estimator``
    alone.

    References
    ----------
    Paul, Ganguli and Dziugaite (2021), Deep learning on a data diet: finding important examples
    early in training. Here folds take the place of the seeds over which the paper averages, so that
    no example is scored by what saw it.

    Northcutt, Jiang and Chuang (2021), Confident learning: estimating uncertainty in dataset
    labels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from curriculum.sklearn import PrunedClassifier
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_digits(return_X_y=True)
    >>> pruned = PrunedClassifier(GaussianNB(), keep=0.3, rule="ccs", rule_options={"beta": 0.1})
    >>> pruned.fit(X, y).kept_indices_.shape
    (539,)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        metric: str | Callable[[np.ndarray, np.ndarray], ArrayLike] = "el2n",
        rule: str = "hardest",
        keep: float = 0.5,
        cv: int | Any = 5,
        drop_label_issues: bool | str = False,
        rule_options: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.metric = metric
        self.rule = rule
        self.keep = keep
        self.cv = cv
        self.drop_label_issues = drop_label_issues
        self.rule_options = rule_options
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        difficulty: ArrayLike | None = None,
    ) -> PrunedClassifier:
        """Scores the examples, keeps a part and fits the estimator to it.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, n_features)
            The features, handed to the estimator as they are.
        y : array-like of shape (n,)
            The labels.
        sample_weight : array-like of shape (n,), default=None
            How much each example counts, if the estimator takes weights.
        difficulty : array-like of shape (n,), default=None
            A difficulty that is known already, higher = harder, or a :class:`curriculum.Score`, in
            place of one by folds.

        Returns
        -------
        PrunedClassifier
            Itself.
        """
        options = self._check()
        seed = _seed(self.random_state)
        training = self._begin(seed, X, y, sample_weight)
        needs = [difficulty is None, bool(self.drop_label_issues), self.rule == "dual"]
        probabilities = self._out_of_fold(training, seed) if any(needs) else None
        if difficulty is None:
            known = self._difficulty(probabilities, training.labels)
        else:
            known = np.asarray(as_difficulty(difficulty, "difficulty"), dtype=np.float64)
            if known.shape != (len(training.all_y),):
                expected = f"({len(training.all_y)},), one for each example"
                raise ValueError(_argument("difficulty", f"of shape {known.shape}", expected))
            known = known[training.rows]
        if np.isnan(known).any():
            at = int(training.rows[np.argmax(np.isnan(known))])
            name = "metric" if difficulty is None else "difficulty"
            raise ValueError(_argument(name, f"NaN at example {at}", "numbers"))

        issues = self._label_issues(training, probabilities)
        candidates = np.flatnonzero(~issues)
        kept, weights = self._keep(training, candidates, known, probabilities, options, seed)
        is_kept = np.zeros(training.n, dtype=bool)
        is_kept[kept] = True
        beside = training.easiest(known, is_kept)
        kept = np.concatenate([kept, beside])
        if weights is not None:
            weights = np.concatenate([weights, training.weights[beside]])
        order = np.argsort(kept)
        self.estimator_ = training.fit(kept[order], None if weights is None else weights[order])
        self.classes_ = training.classes
        self.kept_indices_ = training.rows[kept]
        self.difficulty_ = np.full(len(training.all_y), np.nan)
        self.difficulty_[training.rows] = known
        self.label_issues_ = training.rows[issues]
        return self

    def _check(self) -> dict[str, Any]:
        """The options of the rule, where all parameters can be."""
        _share("keep", self.keep)
        names = [entry["name"] for entry in CATALOGUE["rules"]]
        if self.rule not in names:
            raise ValueError(_argument("rule", repr(self.rule), f"one of: {', '.join(names)}"))
        if not callable(self.metric) and str(self.metric).replace("_", "-") not in _METRICS:
            expected = f"a function, or one of: {', '.join(_METRICS)}"
            raise ValueError(_argument("metric", repr(self.metric), expected))
        if not isinstance(self.drop_label_issues, (bool, np.bool_, str)):
            expected = "True, False or how label issues are found"
            raise TypeError(_argument("drop_label_issues", repr(self.drop_label_issues), expected))
        options = _options("rule_options", self.rule_options)
        for told in _TOLD:
            if told in options:
                raise ValueError(
                    _argument("rule_options", f"with {told}", "options of the rule alone")
                )
        return options

    def _out_of_fold(self, training: _Training, seed: int) -> np.ndarray:
        """(n, classes): of each example by what was fitted without it."""
        self._needs_probabilities(training.estimator)
        total = np.zeros((training.n, len(training.classes)))
        tests = np.zeros(training.n)
        if len(training.classes) == 1:
            return total + 1.0
        for train, test in self._splits(training, seed):
            if not len(test):
                continue
            seen = np.unique(training.labels[train])
            if len(seen) < 2:
                # Many estimators refuse a single class, of which there is nothing to learn.
                total[np.ix_(test, seen)] += 1.0
            else:
                model = training.fit(np.sort(train))
                total[test] += training.probabilities(model, _safe_indexing(training.X, test))
            tests[test] += 1.0
        if not tests.all():
            at = int(training.rows[np.argmin(tests)])
            raise ValueError(
                _argument(
                    "cv", f"one that never tests example {at}", "folds that test each example"
                )
            )
        return total / tests[:, np.newaxis]

    def _splits(self, training: _Training, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The examples to fit to and those to score, by index, which have nothing in common."""
        cv = 5 if self.cv is None else self.cv
        if isinstance(cv, numbers.Integral):
            if isinstance(cv, bool) or cv < 2:
                raise ValueError(_argument("cv", cv, "at least 2 folds"))
            largest = int(np.bincount(training.labels).max())
            folds = (
                StratifiedKFold(min(int(cv), largest), shuffle=True, random_state=seed)
                if largest > 1
                else KFold(min(int(cv), training.n), shuffle=True, random_state=seed)
            )
            with warnings.catch_warnings():
                # A class with fewer examples than folds is in some of them only.
                warnings.filterwarnings(
                    "ignore", message="The least populated class", category=UserWarning
                )
                yield from list(folds.split(np.zeros(training.n), training.labels))
            return
        if isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
            raise ValueError(
                _argument("cv", repr(cv), "a number of folds, a splitter or an iterable of splits")
            )
        n = len(training.all_y)
        everything = np.arange(n)
        position = np.full(n, -1)
        position[training.rows] = np.arange(training.n)
        for train, test in check_cv(cv, training.all_y, classifier=True).split(
            training.all_X, training.all_y
        ):
            train, test = everything[np.asarray(train)], everything[np.asarray(test)]
            both = np.intersect1d(train, test)
            if len(both):
                raise ValueError(
                    _argument("cv", f"one that fits to example {both[0]} and tests it", "folds")
                )
            train, test = position[train], position[test]
            yield train[train >= 0], test[test >= 0]

    def _difficulty(self, probabilities: Any, labels: np.ndarray) -> np.ndarray:
        if not callable(self.metric):
            if probabilities.shape[1] == 1:
                return np.zeros(len(labels))
            return _METRICS[self.metric.replace("_", "-")](probabilities, labels)
        difficulty = np.asarray(self.metric(probabilities, labels), dtype=np.float64)
        if difficulty.shape != labels.shape:
            expected = f"a function that returns ({len(labels)},), one for each example"
            raise ValueError(_argument("metric", f"one that returns {difficulty.shape}", expected))
        return difficulty

    def _label_issues(self, training: _Training, probabilities: Any) -> np.ndarray:
        if not self.drop_label_issues or len(training.classes) == 1:
            return np.zeros(training.n, dtype=bool)
        if isinstance(self.drop_label_issues, str):
            return find_label_issues(
                training.labels, probabilities, filter_by=self.drop_label_issues
            )
        return find_label_issues(training.labels, probabilities)

    def _keep(
        self,
        training: _Training,
        candidates: np.ndarray,
        difficulty: np.ndarray,
        probabilities: Any,
        options: dict[str, Any],
        seed: int,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Those that are kept, the most important first, and their weights where there are any."""
        labels = training.labels[candidates]
        if probabilities is not None:
            options["confidence"] = probabilities[candidates, labels]
        if self.rule == "d2":
            options["neighbors"] = self._neighbors(
                training, candidates, options.pop("n_neighbors", 10)
            )

        def kept(**budget: Any) -> np.ndarray:
            return prune(
                difficulty[candidates], self.rule, seed=seed, labels=labels, **budget, **options
            )

        weights = training.weights[candidates]
        if not len(candidates) or (weights == weights[0]).all():
            chosen = candidates[kept(keep=float(self.keep))]
            return chosen, training.weights[chosen] if training.weighted else None

        budget = self.keep * weights.sum()
        if _whole(weights):
            budget = math.floor(budget + 0.5)
        # The least count whose weight is no less than the budget.
        low, high = 0, len(candidates)
        while low < high:
            middle = (low + high) // 2
            try:
                enough = weights[kept(count=middle)].sum() >= budget
            except ValueError:
                # Fewer than the floors of the classes, or else it is said of all of them below.
                enough = False
            low, high = (low, middle) if enough else (middle + 1, high)
        chosen = kept(count=low)
        own = weights[chosen]
        excess = own.sum() - budget
        if len(own) and 0.0 < excess < own[-1]:
            own[-1] -= excess
        return candidates[chosen], own

    def _neighbors(
        self, training: _Training, candidates: np.ndarray, n_neighbors: Any
    ) -> tuple[Any, Any]:
        if (
            isinstance(n_neighbors, bool)
            or not isinstance(n_neighbors, numbers.Integral)
            or n_neighbors < 1
        ):
            raise ValueError(
                _argument(
                    "rule_options", f"with n_neighbors = {n_neighbors!r}", "at least 1 neighbour"
                )
            )
        features = check_array(_safe_indexing(training.X, candidates), accept_sparse=True)
        k = min(int(n_neighbors), len(candidates) - 1)
        if k < 1:
            raise ValueError(
                "n_samples = 1, which has no neighbours for rule 'd2', expected at least 2"
            )
        distances, indices = NearestNeighbors(n_neighbors=k).fit(features).kneighbors()
        return indices.astype(np.int64), distances


class SelfPacedClassifier(_Meta):
    """A classifier by self-paced learning: fitted to easy examples first, then to ever harder ones.

    Round 0 takes the model w_0 that is fitted to all examples. Each round r = 0, ..., ``n_rounds``
    - 1 weights the examples by their losses under the model before, and fits the next one to them::

        l_i      = -ln p(y_i | x_i; w_r)
        v_i      = weight of l_i at the age lambda_r     hard: 1 if l_i < lambda_r, else 0
        w_(r+1)  = the fit with weights v_i s_i          s_i the sample weight, 1 without

    The age lambda_r admits the share pacing(r / n_rounds) of the examples, those with the lowest
    losses, and all whose losses are equal to the highest of them.

    Parameters
    ----------
    estimator : classifier, default=None
        What is fitted; it needs ``predict_proba``, and ``sample_weight`` in ``fit`` unless all
        weights are 0 or 1. ``None`` is ``LogisticRegression()``.
    n_rounds : int, default=5
        The number of rounds. One whose weights are those of the round before is not fitted again.
    start : float, default=0.5
        The share of the examples that the first round admits, in (0, 1]; 1 is the plain estimator
        where ``weighting`` is ``"hard"``. A pacing that is an object has its own.
    weighting : str, Weighting or callable, default="hard"
        A self-paced weighting by its name in :mod:`curriculum.weightings`: ``hard``, ``linear``,
        ``logarithmic``, ``mixture``, ``mixture2``, ``polynomial``, ``logistic`` or ``diversity``
        (over the classes). Or one of its objects: the rounds set its age, the rest of its settings
        stays. Or a function ``(losses, share) -> weights``.
    weighting_options : dict, default=None
        The parameters of a weighting that is given by name, such as ``{"t": 3}`` for
        ``polynomial``.
    pacing : str, Pacing or callable, default=None
        From progress in [0, 1) to the share that is admitted. ``None`` is linear from ``start`` to
        1. A name in :mod:`curriculum.pacing`, such as ``root`` or ``competence``, goes from
        ``start`` to 1, too. Or an object.
    random_state : int, RandomState or None, default=None
        Unless it is ``None``, each ``random_state`` of the estimator that is ``None`` is set from
        it, equally in all rounds.

    Attributes
    ----------
    estimator_ : classifier
        The clone that was fitted in the last round.
    classes_ : ndarray of shape (n_classes,)
        The classes of the examples with a weight above 0.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where ``X`` has any that are texts.
    n_selected_ : ndarray of int64, shape (n_rounds,)
        How many examples had a weight above 0 in each round.
    weights_ : ndarray of float64, shape (n,)
        The weights v_i of the last round, without ``sample_weight``; 0 where that is 0.

    Raises
    ------
    ValueError, TypeError
        From ``fit``, naming the argument, its value and what was expected.

    Notes
    -----
    No class vanishes: in a round that leaves none of a class, its easiest example counts 1, and
    those that are as easy.

    The last round admits pacing(1 - 1 / n_rounds), less than all: what is hardest, as wrong labels
    are, is left out at the end as well. With a pacing that is at 1 by then and hard weights, the
    last fit is that of the plain estimator, for each round starts afresh.

    A ``sample_weight`` of k is as k copies of an example, 0 as none; the share admitted is one of
    the weight.

    The losses are those of examples that the model has seen. A model that knows all of them by
    heart, as a deep tree does, finds all equally easy; then all are admitted. It costs up to
    ``n_rounds`` + 1 fits.

    References
    ----------
    Kumar, Packer and Koller (2010), Self-paced learning for latent variable models.

    Jiang, Meng, Mitamura and Hauptmann (2014), Easy samples first: self-paced reranking for
    zero-example multimedia search.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from curriculum.sklearn import SelfPacedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> paced = SelfPacedClassifier(LogisticRegression(max_iter=1000), n_rounds=5, start=0.5)
    >>> paced.fit(X, y).n_selected_.tolist()
    [75, 90, 105, 120, 135]
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_rounds: int = 5,
        start: float = 0.5,
        weighting: str | weightings.Weighting | Callable[[np.ndarray, float], ArrayLike] = "hard",
        weighting_options: Mapping[str, Any] | None = None,
        pacing: str | pacings.Pacing | Callable[[float], float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.n_rounds = n_rounds
        self.start = start
        self.weighting = weighting
        self.weighting_options = weighting_options
        self.pacing = pacing
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> SelfPacedClassifier:
        """Goes through the rounds.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, n_features)
            The features, handed to the estimator as they are.
        y : array-like of shape (n,)
            The labels.
        sample_weight : array-like of shape (n,), default=None
            How much each example counts, if the estimator takes weights.

        Returns
        -------
        SelfPacedClassifier
            Itself.
        """
        shares = self._shares()
        weigh = self._weighting()
        training = self._begin(_seed(self.random_state), X, y, sample_weight)
        self._needs_probabilities(training.estimator)
        model = training.fit(None)
        fitted = weights = np.ones(training.n)
        n_selected = np.empty(len(shares), dtype=np.int64)
        losses = None
        for round_, share in enumerate(shares):
            if losses is None:
                losses = self._losses(model, training)
            weights = weigh(losses, share, training)
            weights[training.easiest(losses, weights > 0.0)] = 1.0
            n_selected[round_] = np.count_nonzero(weights)
            if not np.array_equal(weights, fitted):
                model, fitted, losses = self._weighted_fit(training, weights), weights, None
        self.estimator_ = model
        self.classes_ = training.classes
        self.n_selected_ = n_selected
        self.weights_ = np.zeros(len(training.all_y))
        self.weights_[training.rows] = weights
        return self

    def _losses(self, model: Any, training: _Training) -> np.ndarray:
        if len(training.classes) == 1:
            return np.zeros(training.n)
        return _loss(training.probabilities(model, training.X), training.labels)

    def _weighted_fit(self, training: _Training, weights: np.ndarray) -> Any:
        chosen = np.flatnonzero(weights)
        own = weights[chosen]
        if (own == 1.0).all():
            return training.fit(chosen)
        if training.keyword is None:
            raise TypeError(
                f"argument estimator is {training.estimator!r}, which takes no sample_weight "
                f"in fit, expected one that does, as weighting {self.weighting!r} has others "
                "than 0 and 1"
            )
        return training.fit(chosen, own * training.weights[chosen])

    def _shares(self) -> list[float]:
        """What share each round admits."""
        n = self.n_rounds
        if isinstance(n, bool) or not isinstance(n, numbers.Integral) or n < 1:
            raise ValueError(_argument("n_rounds", repr(n), "at least 1 round"))
        start = _share("start", self.start)
        pacing = self.pacing
        if pacing is None:
            pacing = "linear"
        if isinstance(pacing, str):
            found = pacings.by_name(pacing)
            ends = {"a": 1.0, "b": start, "c0": start}
            names = [parameter["name"] for parameter in found._entry["parameters"]]
            if not {"b", "c0"} & set(names):
                expected = "one that goes from a share to all, or an object of curriculum.pacing"
                raise ValueError(_argument("pacing", repr(pacing), expected))
            pacing = found(**{name: value for name, value in ends.items() if name in names})
        if isinstance(pacing, type) or not callable(pacing):
            expected = (
                "a name or an object of curriculum.pacing, or a function from progress to a share"
            )
            raise TypeError(_argument("pacing", repr(pacing), expected))
        shares = [float(pacing(round_ / n)) for round_ in range(n)]
        for round_, share in enumerate(shares):
            if not 0.0 < share <= 1.0:
                value = f"one that admits {share} in round {round_}"
                raise ValueError(_argument("pacing", value, "shares in (0, 1]"))
        return shares

    def _weighting(self) -> Callable[[np.ndarray, float, _Training], np.ndarray]:
        """From losses, the share to admit and what is trained on to weights."""
        options = _options("weighting_options", self.weighting_options)
        weighting = self.weighting
        if options and not isinstance(weighting, str):
            raise ValueError(
                _argument(
                    "weighting_options", repr(options), "none beside a weighting that is an object"
                )
            )
        if isinstance(weighting, str):
            found = weightings.by_name(weighting)
        elif isinstance(weighting, weightings.Weighting):
            found, options = type(weighting), dict(weighting._given)
        elif callable(weighting) and not isinstance(weighting, type):
            return lambda losses, share, training: self._given_weights(weighting, losses, share)
        else:
            expected = "a name or object of curriculum.weightings, or a function (losses, share)"
            raise TypeError(_argument("weighting", repr(weighting), expected))
        self_paced = [
            entry["name"]
            for entry in CATALOGUE["weightings"]
            if any(parameter["name"] == "quantile" for parameter in entry["parameters"])
        ]
        if found._entry["name"] not in self_paced:
            expected = f"one that has an age: {', '.join(self_paced)}"
            raise ValueError(_argument("weighting", repr(weighting), expected))
        for age in (python_name("lambda"), "quantile"):
            options.pop(age, None)

        def weigh(losses: np.ndarray, share: float, training: _Training) -> np.ndarray:
            given = {"classes": training.labels, **options}
            return found(quantile=_admitting(losses, share, training.weights), **given)(losses)

        return weigh

    def _given_weights(
        self, weighting: Callable[[np.ndarray, float], ArrayLike], losses: np.ndarray, share: float
    ) -> np.ndarray:
        weights = np.array(weighting(losses, share), dtype=np.float64)
        if weights.shape != losses.shape:
            expected = f"a function that returns ({len(losses)},), one for each loss"
            raise ValueError(_argument("weighting", f"one that returns {weights.shape}", expected))
        if not (np.isfinite(weights) & (weights >= 0.0)).all():
            raise ValueError(
                _argument("weighting", "one that returns others", "finite weights of at least 0")
            )
        return weights


def _admitting(losses: np.ndarray, share: float, weights: np.ndarray) -> float:
    """The share of the examples that has the share of the weight, from the lowest loss on."""
    if (weights == weights[0]).all():
        return share
    order = np.argsort(losses, kind="stable")
    reached = np.cumsum(weights[order])
    wanted = share * reached[-1]
    # So much less as decimal fractions are rounded: they mean what they say.
    rank = min(int(np.searchsorted(reached, wanted * (1.0 - 1e-12))) + 1, len(losses))
    return (rank - 0.5) / len(losses)
