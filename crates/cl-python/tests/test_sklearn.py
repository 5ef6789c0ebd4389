"""Classifiers of scikit-learn: its checks hold, results are those by hand, errors say what."""

from __future__ import annotations

import doctest
import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.stats import ttest_rel
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

import curriculum as cl
import curriculum.sklearn
from curriculum.sklearn import PrunedClassifier, SelfPacedClassifier


@pytest.fixture(autouse=True)
def one_thread():
    # The fits are so small that several threads would wait for each other.
    with threadpool_limits(1):
        yield


X, Y = make_classification(
    n_samples=150, n_features=6, n_informative=4, n_classes=3, flip_y=0.1, random_state=0
)

TIES = {
    name: "trees predict 0 and 1, so that examples tie: which are kept is drawn, of copies apart"
    for name in (
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    )
}


@pytest.mark.parametrize(
    ("estimator", "fails"),
    [
        (PrunedClassifier(), {}),
        (PrunedClassifier(GaussianNB(), rule="easiest", keep=0.8), {}),
        (PrunedClassifier(GaussianNB(), metric="loss", drop_label_issues=True), {}),
        (PrunedClassifier(DecisionTreeClassifier()), TIES),
        (SelfPacedClassifier(), {}),
        (SelfPacedClassifier(GaussianNB(), pacing="root"), {}),
        (SelfPacedClassifier(GaussianNB(), weighting="linear"), {}),
        (SelfPacedClassifier(DecisionTreeClassifier()), {}),
    ],
    ids=str,
)
def test_the_checks_of_scikit_learn_hold(estimator, fails):
    results = check_estimator(estimator, expected_failed_checks=fails, on_skip=None)
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(fails)


def test_examples_run():
    results = doctest.testmod(curriculum.sklearn)
    assert results.attempted >= 10 and results.failed == 0


def out_of_fold(estimator, seed, n_folds=5):
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return cross_val_predict(estimator, X, Y, cv=folds, method="predict_proba")


METRICS = {
    "el2n": lambda p, y: np.sqrt(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1)),
    "loss": lambda p, y: -np.log(p[np.arange(len(y)), y]),
    "margin": lambda p, y: (
        0.5
        - 0.5 * (p[np.arange(len(y)), y] - np.where(np.eye(p.shape[1])[y] > 0, -1, p).max(axis=1))
    ),
    "self-confidence": lambda p, y: 1 - p[np.arange(len(y)), y],
    "self_confidence": lambda p, y: 1 - p[np.arange(len(y)), y],
}


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_kept_is_what_is_kept_by_hand(metric):
    difficulty = METRICS[metric](out_of_fold(GaussianNB(), seed=3), Y)
    kept = cl.prune(difficulty, rule="hardest", keep=0.4, seed=3)
    pruned = PrunedClassifier(GaussianNB(), metric=metric, keep=0.4, random_state=3).fit(X, Y)
    np.testing.assert_allclose(pruned.difficulty_, difficulty, rtol=1e-12)
    np.testing.assert_array_equal(pruned.kept_indices_, kept)
    kept.sort()
    by_hand = GaussianNB().fit(X[kept], Y[kept])
    np.testing.assert_array_equal(pruned.predict_proba(X), by_hand.predict_proba(X))
    assert len(pruned.label_issues_) == 0 and pruned.n_features_in_ == 6


@pytest.mark.parametrize(
    ("rule", "options", "inputs"),
    [
        ("random", {}, ()),
        ("stratified-random", {}, ("labels",)),
        ("middle", {"balance": "proportional"}, ("labels",)),
        ("ccs", {"beta": 0.1, "strata": 10}, ()),
        ("dual", {}, ("confidence",)),
    ],
)
def test_every_rule_is_had(rule, options, inputs):
    probabilities = out_of_fold(GaussianNB(), seed=1)
    given = {"labels": Y, "confidence": probabilities[np.arange(len(Y)), Y]}
    difficulty = METRICS["loss"](probabilities, Y)
    pruned = PrunedClassifier(
        GaussianNB(),
        metric=lambda p, y: METRICS["loss"](p, y),
        rule=rule,
        rule_options=options,
        random_state=1,
    ).fit(X, Y)
    by_hand = cl.prune(
        difficulty, rule, keep=0.5, seed=1, **options, **{name: given[name] for name in inputs}
    )
    np.testing.assert_array_equal(pruned.kept_indices_, by_hand)


def test_neighbours_are_found_for_d2():
    pruned = PrunedClassifier(
        GaussianNB(), rule="d2", rule_options={"n_neighbors": 4, "gamma": 0.5}, random_state=0
    )
    distances = np.linalg.norm(X[:, np.newaxis] - X, axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :4]
    neighbors = (nearest, np.take_along_axis(distances, nearest, axis=1))
    difficulty = METRICS["el2n"](out_of_fold(GaussianNB(), seed=0), Y)
    by_hand = cl.prune(difficulty, "d2", keep=0.5, seed=0, neighbors=neighbors, gamma=0.5)
    np.testing.assert_array_equal(pruned.fit(X, Y).kept_indices_, by_hand)
    assert pruned.rule_options == {"n_neighbors": 4, "gamma": 0.5}


def test_a_difficulty_that_is_known_needs_no_folds():
    known = np.random.default_rng(0).random(len(Y))
    pruned = PrunedClassifier(LinearSVC(), keep=0.3, random_state=0).fit(X, Y, difficulty=known)
    np.testing.assert_array_equal(pruned.kept_indices_, cl.prune(known, keep=0.3, seed=0))
    # A score that is high where it is easy is turned round.
    score = cl.Score(known, "aum", "easy")
    easy = PrunedClassifier(LinearSVC(), keep=0.3, random_state=0).fit(X, Y, difficulty=score)
    np.testing.assert_array_equal(easy.kept_indices_, cl.prune(-known, keep=0.3, seed=0))
    assert not hasattr(pruned, "predict_proba") and pruned.decision_function(X).shape == (150, 3)


def test_label_issues_go_first():
    probabilities = out_of_fold(GaussianNB(), seed=2)
    issues = cl.find_label_issues(Y, probabilities)
    pruned = PrunedClassifier(GaussianNB(), drop_label_issues=True, random_state=2).fit(X, Y)
    np.testing.assert_array_equal(pruned.label_issues_, np.flatnonzero(issues))
    good = np.flatnonzero(~issues)
    by_hand = good[cl.prune(METRICS["el2n"](probabilities, Y)[good], keep=0.5, seed=2)]
    np.testing.assert_array_equal(pruned.kept_indices_, by_hand)
    by_class = PrunedClassifier(
        GaussianNB(), drop_label_issues="prune_by_class", random_state=2
    ).fit(X, Y)
    issues = cl.find_label_issues(Y, probabilities, filter_by="prune_by_class")
    np.testing.assert_array_equal(by_class.label_issues_, np.flatnonzero(issues))


def test_wrong_labels_on_digits_are_better_dropped():
    features, digits = load_digits(return_X_y=True)
    plain, dropped = [], []
    for seed in range(12):
        train, test, y, truth = train_test_split(
            features / 16.0, digits, test_size=0.5, stratify=digits, random_state=seed
        )
        random = np.random.default_rng(seed)
        flipped = random.random(len(y)) < 0.2
        y = np.where(flipped, (y + random.integers(1, 10, len(y))) % 10, y)
        estimator = LogisticRegression(max_iter=1000)
        plain.append(clone(estimator).fit(train, y).score(test, truth))
        cleaned = PrunedClassifier(estimator, keep=1.0, drop_label_issues=True, random_state=seed)
        dropped.append(cleaned.fit(train, y).score(test, truth))
    # By paired seeds: what is gained lies above 1 point with a confidence of 99 %.
    gained = ttest_rel(dropped, plain).confidence_interval(0.98)
    assert gained.low > 0.01, gained


def test_nobody_is_scored_by_what_saw_them():
    class Remembers(GaussianNB):
        def fit(self, X, y, sample_weight=None):
            self.seen_ = {row.tobytes() for row in X}
            return super().fit(X, y)

        def predict_proba(self, X):
            assert not self.seen_ & {row.tobytes() for row in X}
            return super().predict_proba(X)

    PrunedClassifier(Remembers(), random_state=0).fit(X, Y)
    repeated = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    pruned = PrunedClassifier(
        Remembers(), cv=repeated, metric="self-confidence", random_state=0
    ).fit(X, Y)
    total = np.zeros(len(Y))
    for train, test in repeated.split(X, Y):
        model = GaussianNB().fit(X[train], Y[train])
        total[test] += model.predict_proba(X[test])[np.arange(len(test)), Y[test]]
    np.testing.assert_allclose(pruned.difficulty_, 1 - total / 2, rtol=1e-12, atol=1e-15)


def test_few_examples_and_rare_classes():
    # Each class has fewer examples than there are folds, one has a single example.
    y = np.array(["a", "a", "a", "b", "b", "b", "c"])
    few = np.random.default_rng(0).normal(size=(7, 1))
    for estimator in (LogisticRegression(), DecisionTreeClassifier()):
        pruned = PrunedClassifier(estimator, keep=0.3, rule="easiest", random_state=0).fit(few, y)
        assert pruned.classes_.tolist() == ["a", "b", "c"] == pruned.estimator_.classes_.tolist()
        assert set(y[pruned.kept_indices_]) == {"a", "b", "c"}
        paced = SelfPacedClassifier(estimator, start=0.1, n_rounds=3, random_state=0).fit(few, y)
        assert paced.predict_proba(few).shape == (7, 3) and (paced.n_selected_ >= 3).all()
    pair = PrunedClassifier(LogisticRegression(), random_state=0).fit([[0.0], [1.0]], [0, 1])
    assert pair.predict([[0.1], [0.9]]).tolist() == [0, 1]
    for method in (PrunedClassifier, SelfPacedClassifier):
        one = method(GaussianNB(), random_state=0).fit(few, np.ones(7))
        assert one.predict(few).tolist() == [1.0] * 7
        with pytest.raises(ValueError, match="class"):
            method(LogisticRegression()).fit(few, np.ones(7))


@pytest.mark.parametrize("method", [PrunedClassifier, SelfPacedClassifier])
def test_weights_are_copies(method):
    random = np.random.default_rng(0)
    weights = random.integers(0, 4, len(Y))
    copies = np.repeat(np.arange(len(Y)), weights)
    for estimator in (GaussianNB(), make_pipeline(GaussianNB())):
        if method is PrunedClassifier:
            # Folds that never part copies.
            fold = np.arange(len(Y)) % 3
            splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
            parted = [
                (np.flatnonzero(fold[copies] != k), np.flatnonzero(fold[copies] == k))
                for k in range(3)
            ]
            weighted, repeated = (
                method(estimator, cv=cv, keep=0.37, random_state=0) for cv in (splits, parted)
            )
        else:
            weighted, repeated = (
                method(estimator, random_state=0),
                method(estimator, random_state=0),
            )
        weighted.fit(X, Y, sample_weight=weights)
        repeated.fit(X[copies], Y[copies])
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7)
    if method is PrunedClassifier:
        assert np.isnan(weighted.difficulty_[weights == 0]).all()
        assert set(weighted.kept_indices_) == set(copies[repeated.kept_indices_])
    else:
        np.testing.assert_array_equal(weighted.weights_[copies], repeated.weights_)


def test_weights_that_are_no_whole_numbers_are_a_share():
    weights = np.random.default_rng(1).random(len(Y)) + 0.1
    pruned = PrunedClassifier(GaussianNB(), keep=0.5, random_state=0).fit(
        X, Y, sample_weight=weights
    )
    kept = weights[pruned.kept_indices_]
    assert kept[:-1].sum() < 0.5 * weights.sum() <= kept.sum()
    # Equal weights are none, as to what is kept.
    equal = PrunedClassifier(GaussianNB(), random_state=0).fit(
        X, Y, sample_weight=np.full(len(Y), 0.3)
    )
    without = PrunedClassifier(GaussianNB(), random_state=0).fit(X, Y)
    np.testing.assert_array_equal(equal.kept_indices_, without.kept_indices_)


def test_frames_and_pipelines():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdef"), index=np.arange(len(Y)) + 1000)
    labels = pd.Series(np.array(["x", "y", "z"])[Y], index=frame.index)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    for method in (PrunedClassifier, SelfPacedClassifier):
        fitted = method(pipeline, random_state=0).fit(
            frame, labels, sample_weight=pd.Series(np.arange(len(Y)) % 2 + 1)
        )
        assert fitted.feature_names_in_.tolist() == list("abcdef")
        assert fitted.estimator_[0].feature_names_in_.tolist() == list("abcdef")
        assert set(fitted.predict(frame)) == {"x", "y", "z"}
        plain = method(pipeline, random_state=0).fit(X, Y)
        np.testing.assert_array_equal(
            method(pipeline, random_state=0).fit(frame, labels).predict(frame),
            np.array(["x", "y", "z"])[plain.predict(X)],
        )


def self_paced_by_hand(estimator, shares, weighting, **options):
    model = clone(estimator).fit(X, Y)
    selected = []
    for share in shares:
        losses = -np.log(model.predict_proba(X)[np.arange(len(Y)), Y])
        weights = cl.weightings.by_name(weighting, quantile=share, classes=Y, **options)(losses)
        selected.append(np.count_nonzero(weights))
        # What has no weight is as though it were not there.
        chosen = weights > 0
        model = clone(estimator).fit(X[chosen], Y[chosen], sample_weight=weights[chosen])
    return model, weights, selected


@pytest.mark.parametrize(
    ("weighting", "options"),
    [
        ("hard", {}),
        ("linear", {}),
        ("polynomial", {"t": 3.0}),
        ("mixture", {"lambda1": 1.0, "lambda2": 0.5}),
    ],
)
def test_rounds_are_those_by_hand(weighting, options):
    model, weights, selected = self_paced_by_hand(
        GaussianNB(), [0.6, 0.7, 0.8, 0.9], weighting, **options
    )
    given = SelfPacedClassifier(
        GaussianNB(), n_rounds=4, start=0.6, weighting=weighting, weighting_options=options or None
    ).fit(X, Y)
    np.testing.assert_allclose(given.weights_, weights, rtol=1e-9, atol=1e-12)
    assert given.n_selected_.tolist() == selected
    np.testing.assert_allclose(
        given.predict_proba(X), model.predict_proba(X), rtol=1e-6, atol=1e-12
    )


def test_weightings_and_pacings_that_are_objects():
    def fit(**options):
        return SelfPacedClassifier(GaussianNB(), n_rounds=4, **options).fit(X, Y)

    # Its age is set by the rounds, its degree stays.
    named = fit(weighting="polynomial", weighting_options={"t": 3})
    given = fit(weighting=cl.weightings.Polynomial(lambda_=17.0, t=3))
    np.testing.assert_array_equal(named.weights_, given.weights_)
    root = fit(pacing="root", start=0.3)
    np.testing.assert_array_equal(root.weights_, fit(pacing=cl.pacing.Root(a=1.0, b=0.3)).weights_)
    assert fit(pacing="competence", start=0.2).n_selected_[0] == 30
    shares = []

    def own(losses, share):
        shares.append(share)
        return (losses <= np.quantile(losses, share)) * 0.5

    fit(weighting=own, pacing=lambda progress: 0.5 + progress / 4)
    assert shares == [0.5, 0.5625, 0.625, 0.6875]
    diverse = fit(weighting="diversity", weighting_options={"gamma": 1.0}, start=0.2)
    assert len(np.unique(Y[diverse.weights_ > 0])) == 3


@pytest.mark.parametrize(
    "estimator",
    [GaussianNB(), LogisticRegression(), DecisionTreeClassifier(max_depth=3, random_state=0)],
)
def test_from_all_on_it_is_the_plain_estimator(estimator):
    paced = SelfPacedClassifier(estimator, start=1.0).fit(X, Y)
    np.testing.assert_array_equal(
        paced.predict_proba(X), clone(estimator).fit(X, Y).predict_proba(X)
    )
    assert paced.n_selected_.tolist() == [150] * 5 and paced.weights_.tolist() == [1.0] * 150
    everything = PrunedClassifier(estimator, keep=1.0).fit(X, Y)
    np.testing.assert_array_equal(
        everything.predict_proba(X), clone(estimator).fit(X, Y).predict_proba(X)
    )


def test_no_class_vanishes_in_a_round():
    # The first class is so hard that half of all is less than the others.
    random = np.random.default_rng(0)
    features = random.normal(size=(90, 2))
    y = np.repeat([0, 1, 2], [10, 40, 40])
    features[y == 1] += 6.0
    features[y == 2] -= 6.0
    features[y == 0] *= 8.0
    paced = SelfPacedClassifier(GaussianNB(), start=0.02, n_rounds=1).fit(features, y)
    counts = np.bincount(y[paced.weights_ > 0], minlength=3)
    assert (counts >= 1).all()
    losses = -GaussianNB().fit(features, y).predict_log_proba(features)[np.arange(90), y]
    assert paced.weights_[np.argmin(np.where(y == 0, losses, np.inf))] == 1.0


def test_weights_of_0_and_1_need_no_sample_weight():
    paced = SelfPacedClassifier(KNeighborsClassifier(), n_rounds=3).fit(X, Y)
    assert paced.n_selected_[0] >= 75
    with pytest.raises(TypeError, match="takes no sample_weight in fit"):
        SelfPacedClassifier(KNeighborsClassifier(), weighting="linear").fit(X, Y)


@pytest.mark.parametrize("method", [PrunedClassifier, SelfPacedClassifier])
def test_the_random_state_is_all_there_is(method):
    tree = DecisionTreeClassifier(max_features=1)
    first, second = (method(tree, random_state=7).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert tree.random_state is None and first.estimator.random_state is None
    drawn = method(tree, random_state=np.random.RandomState(0)).fit(X, Y)
    assert drawn.estimator_.random_state is not None
    copy = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(copy.predict_proba(X), first.predict_proba(X))
    assert (
        not hasattr(clone(first), "estimator_")
        and clone(first).get_params().keys() == first.get_params().keys()
    )


def test_grids_over_what_is_kept():
    grid = GridSearchCV(
        PrunedClassifier(GaussianNB(), random_state=0),
        {"keep": [0.3, 0.6, 1.0], "estimator__var_smoothing": [1e-9, 1e-2]},
        cv=3,
        error_score="raise",
    ).fit(X, Y, difficulty=np.arange(len(Y)))
    assert len(grid.cv_results_["params"]) == 6 and grid.best_params_["keep"] in (0.3, 0.6, 1.0)
    paced = GridSearchCV(
        SelfPacedClassifier(GaussianNB()), {"start": [0.5, 1.0]}, cv=3, error_score="raise"
    ).fit(X, Y)
    assert paced.best_estimator_.n_selected_.shape == (5,)


def test_weights_are_routed():
    weights = np.arange(len(Y)) % 3 + 1.0
    for method in (PrunedClassifier, SelfPacedClassifier):
        plain = method(make_pipeline(GaussianNB()), random_state=0).fit(X, Y, sample_weight=weights)
        with config_context(enable_metadata_routing=True):
            inner = make_pipeline(GaussianNB().set_fit_request(sample_weight=True))
            outer = method(inner, random_state=0).set_fit_request(sample_weight=True)
            routed = make_pipeline(outer).fit(X, Y, sample_weight=weights)
            np.testing.assert_array_equal(routed.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"keep": 0.0}, ValueError, "argument keep is 0.0, expected a share in"),
        ({"keep": 2}, ValueError, "argument keep is 2, expected a share in"),
        ({"keep": True}, ValueError, "argument keep is True"),
        (
            {"rule": "hard"},
            ValueError,
            "argument rule is 'hard', expected one of: hardest, easiest",
        ),
        (
            {"metric": "aum"},
            ValueError,
            "argument metric is 'aum', expected a function, or one of: el2n, loss",
        ),
        ({"metric": lambda p, y: p}, ValueError, r"argument metric is one that returns \(150, 3\)"),
        ({"metric": lambda p, y: y * np.nan}, ValueError, "argument metric is NaN at example 0"),
        ({"cv": 1}, ValueError, "argument cv is 1, expected at least 2 folds"),
        ({"cv": "five"}, ValueError, "argument cv is 'five', expected a number of folds"),
        ({"cv": [(np.arange(75), np.arange(75, 150))]}, ValueError, "never tests example 0"),
        ({"cv": [(np.arange(150), np.arange(150))]}, ValueError, "fits to example 0 and tests it"),
        ({"rule_options": {"keep": 0.1}}, ValueError, "argument rule_options is with keep"),
        ({"rule_options": {"beta": 0.1}}, ValueError, "beta"),
        ({"rule_options": [1]}, TypeError, r"argument rule_options is \[1\], expected a dict"),
        (
            {"rule": "d2", "rule_options": {"n_neighbors": 0}},
            ValueError,
            "n_neighbors = 0, expected at least 1",
        ),
        ({"drop_label_issues": 3}, TypeError, "argument drop_label_issues is 3"),
        ({"drop_label_issues": "all"}, ValueError, "all"),
        ({"random_state": -1}, ValueError, "argument random_state is -1"),
        (
            {"estimator": LinearSVC()},
            TypeError,
            "has no predict_proba, expected a classifier that has",
        ),
        ({"estimator": GaussianNB}, TypeError, "argument estimator is"),
        ({"estimator": 3}, TypeError, "argument estimator is 3, expected a classifier"),
    ],
)
def test_what_is_wrong_with_a_pruning_is_said(options, error, message):
    with pytest.raises(error, match=message):
        PrunedClassifier(**{"estimator": GaussianNB(), **options}).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_rounds": 0}, ValueError, "argument n_rounds is 0, expected at least 1 round"),
        ({"n_rounds": 2.5}, ValueError, "argument n_rounds is 2.5"),
        ({"start": 0}, ValueError, "argument start is 0, expected a share in"),
        ({"weighting": "soft"}, ValueError, "'soft', expected one of: hard, linear"),
        (
            {"weighting": "focal"},
            ValueError,
            "argument weighting is 'focal', expected one that has an age: hard",
        ),
        ({"weighting": cl.weightings.Hard}, TypeError, "argument weighting is"),
        ({"weighting": "polynomial"}, ValueError, "polynomial.t is missing"),
        (
            {"weighting": lambda losses, share: losses[:3]},
            ValueError,
            r"argument weighting is one that returns \(3,\)",
        ),
        (
            {"weighting": lambda losses, share: -losses},
            ValueError,
            "expected finite weights of at least 0",
        ),
        (
            {"weighting": print, "weighting_options": {"t": 3}},
            ValueError,
            "argument weighting_options is",
        ),
        ({"weighting_options": 3}, TypeError, "argument weighting_options is 3"),
        ({"pacing": "rootlike"}, ValueError, "'rootlike', expected one of: full, linear"),
        (
            {"pacing": "one-pass"},
            ValueError,
            "argument pacing is 'one-pass', expected one that goes from a share",
        ),
        ({"pacing": 0.5}, TypeError, "argument pacing is 0.5"),
        ({"pacing": cl.pacing.Root}, TypeError, "argument pacing is"),
        (
            {"pacing": lambda progress: progress},
            ValueError,
            "argument pacing is one that admits 0.0 in round 0",
        ),
        ({"estimator": LinearSVC()}, TypeError, "CalibratedClassifierCV makes one"),
    ],
)
def test_what_is_wrong_with_a_self_paced_learner_is_said(options, error, message):
    with pytest.raises(error, match=message):
        SelfPacedClassifier(**{"estimator": GaussianNB(), **options}).fit(X, Y)


@pytest.mark.parametrize("method", [PrunedClassifier, SelfPacedClassifier])
def test_what_is_wrong_with_the_data_is_said(method):
    with pytest.raises(
        ValueError, match=r"argument sample_weight is of shape \(3,\), expected \(150,\)"
    ):
        method(GaussianNB()).fit(X, Y, sample_weight=[1, 2, 3])
    with pytest.raises(
        ValueError,
        match="argument sample_weight is -1.0 at example 0, expected weights of at least 0",
    ):
        method(GaussianNB()).fit(X, Y, sample_weight=np.arange(150) - 1.0)
    with pytest.raises(ValueError, match="argument sample_weight is zero for all"):
        method(GaussianNB()).fit(X, Y, sample_weight=np.zeros(150))
    with pytest.raises(TypeError, match="takes none in fit"):
        method(KNeighborsClassifier()).fit(X, Y, sample_weight=np.ones(150))
    with pytest.raises(ValueError, match="Unknown label type"):
        method(GaussianNB()).fit(X, X[:, 0])


def test_what_is_wrong_with_a_difficulty_is_said():
    with pytest.raises(
        ValueError, match=r"argument difficulty is of shape \(2,\), expected \(150,\)"
    ):
        PrunedClassifier(GaussianNB()).fit(X, Y, difficulty=[1, 2])
    with pytest.raises(
        ValueError, match="argument difficulty is NaN at example 4, expected numbers"
    ):
        PrunedClassifier(GaussianNB()).fit(
            X, Y, difficulty=np.where(np.arange(150) == 4, np.nan, 1.0)
        )
