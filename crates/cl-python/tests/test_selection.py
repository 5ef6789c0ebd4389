"""Selections, coresets and label issues: the same as the command's, which is Rust alone, and as cleanlab's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import curriculum as cl

RNG = np.random.default_rng(7)
N = 400
SCORES = np.round(RNG.gamma(2.0, size=N), 1)  # with ties
LABELS = RNG.integers(0, 5, N)
FEATURES = RNG.normal(size=(N, 6)) + 3 * LABELS[:, None]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("scores") / "scores.csv"
    scores = cl.Scores([{"name": "el2n", "values": SCORES, "higher_is_harder": True}], labels=LABELS)
    scores.save(path)
    return path


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("hardest", {}),
        ("easiest", {}),
        ("random", {}),
        ("stratified-random", {}),
        ("middle", {}),
        ("offset", {"offset": 0.1}),
        ("ccs", {"beta": 0.1, "strata": 20}),
        ("hardest", {"balance": "equal"}),
    ],
)
def test_rules_are_the_commands(table, tmp_path, command, rule, options):
    kept = tmp_path / "kept.txt"
    given = [f"--option={name}={value}" for name, value in options.items()]
    command("prune", table, "--keep", 0.3, "--rule", rule, "--column", "el2n", "--seed", 5, "-o", kept, *given)
    own = cl.prune(SCORES, rule, keep=0.3, seed=5, labels=LABELS, **options)
    assert own.dtype == np.int64
    assert own.tolist() == [int(line) for line in kept.read_text().split()]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("k-center", {}),
        ("herding", {}),
        ("facility-location", {}),
        ("facility-location", {"optimizer": "stochastic"}),
        ("graph-cut", {}),
        ("log-determinant", {}),
        ("saturated-coverage", {}),
        ("disparity-sum", {}),
        ("craig", {}),
        ("grad-match", {}),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_coresets_are_the_commands(tmp_path, command, method, options, dtype):
    features, chosen = tmp_path / "features.npy", tmp_path / "chosen.npz"
    np.save(features, FEATURES.astype(dtype))
    given = [f"--option={name}={value}" for name, value in options.items()]
    command("coreset", features, "--method", method, "--count", 17, "--seed", 5, "-o", chosen, *given)
    expected = np.load(chosen)
    own = cl.choose_coreset(FEATURES.astype(dtype), method, count=17, seed=5, **options)
    assert own.indices.tolist() == expected["order"].tolist()
    assert own.gains.tobytes() == expected["gains"].tobytes()
    assert ("weights" in expected) == (own.weights is not None)
    if own.weights is not None:
        assert own.weights.tobytes() == expected["weights"].tobytes()
    assert cl.coreset(FEATURES.astype(dtype), method, count=17, seed=5, **options).tolist() == own.indices.tolist()


def test_coresets_within_classes_and_of_halves():
    chosen = cl.coreset(FEATURES, "k-center", count=10, labels=LABELS, seed=1)
    assert sorted(np.bincount(LABELS[chosen], minlength=5)) == sorted(
        np.bincount(LABELS[cl.coreset(FEATURES, "herding", count=10, labels=LABELS)], minlength=5)
    )
    halves = FEATURES.astype(np.float16)
    own = cl.coreset(halves, "k-center", count=5, start=3)
    assert own.tolist() == cl.coreset(halves.astype(np.float32), "k-center", count=5, start=3).tolist()
    assert own[0] == 3
    gradients = RNG.normal(size=(20, 6))
    assert len(cl.coreset(FEATURES, "glister", count=5, validation=gradients)) == 5


def test_coresets_towards_and_away_within_budgets_and_beside_what_is_chosen(tmp_path, command):
    np.save(tmp_path / "features.npy", FEATURES)
    np.save(tmp_path / "query.npy", FEATURES[:3])
    np.save(tmp_path / "start.npy", np.arange(5))
    np.save(tmp_path / "costs.npy", 1 + np.arange(400) % 7)
    np.save(tmp_path / "groups.npy", np.arange(400) // 2)
    of = lambda name: tmp_path / f"{name}.npy"
    for method, given, arguments in [
        ("flqmi", {"count": 9, "query": FEATURES[:3]}, ["--count", 9, "--query", of("query")]),
        ("flcg", {"count": 9, "private": FEATURES[:3]}, ["--count", 9, "--private", of("query")]),
        ("facility-location", {"count": 9, "chosen": range(5)}, ["--count", 9, "--start", of("start")]),
        ("facility-location", {"count": 9, "neighbors": 20}, ["--count", 9, "--neighbors", 20]),
        ("facility-location", {"count": 10, "groups": np.arange(400) // 2}, ["--count", 10, "--groups", of("groups")]),
        (
            "facility-location",
            {"costs": 1 + np.arange(400) % 7, "budget": 20},
            ["--cost", of("costs"), "--budget", 20],
        ),
    ]:
        out = tmp_path / "chosen.npz"
        command("coreset", of("features"), "--method", method, "-o", out, *arguments)
        given = {name: list(value) if isinstance(value, range) else value for name, value in given.items()}
        assert cl.coreset(FEATURES, method, **given).tolist() == np.load(out)["order"].tolist(), method
    with pytest.raises(IndexError, match=r"argument chosen\[0\] is 400, expected an index in 0\.\.400"):
        cl.coreset(FEATURES, count=2, chosen=[400])
    probabilities = RNG.dirichlet(np.ones(4), size=400)
    assert cl.coreset(FEATURES, "cal", count=6, probabilities=probabilities).size == 6


def test_a_selection_says_why():
    selection = cl.select([1.0, 3.0, 1.0, np.inf], "hardest", count=3)
    assert selection.kept.tolist()[:2] == [3, 1]
    assert selection.mask().sum() == 3
    assert selection.reason(3) == "kept: rank 1 of 4 by keep hardest, 3 kept"
    with pytest.raises(IndexError, match=r"argument example is 4, expected an index in 0\.\.4"):
        selection.reason(4)
    assert cl.prune(SCORES, drop=0.25).size == 300
    assert cl.prune(SCORES, count=0).size == 0
    assert cl.prune(SCORES, count=3, high_is="easy").tolist() == cl.prune(-SCORES, count=3).tolist()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: cl.prune(SCORES), "one of keep=, drop= and count="),
        (lambda: cl.prune(SCORES, keep=0.5, count=3), "one of keep=, drop= and count="),
        (lambda: cl.prune(SCORES, keep=2), "argument keep is 2, expected"),
        (lambda: cl.prune(SCORES, "hard", keep=0.5), "hardest, easiest"),
        (lambda: cl.prune(SCORES, "ccs", keep=0.5, beat=1), "ccs.beat"),
        (lambda: cl.prune(SCORES, keep=0.5, labels=LABELS[:3]), r"argument labels is of shape \(3,\)"),
        (lambda: cl.prune(FEATURES, keep=0.5), r"argument scores is of shape \(400, 6\)"),
        (lambda: cl.prune([0.0, np.nan], keep=0.5), "score of example 1 is NaN"),
        (lambda: cl.prune(SCORES, "d2", keep=0.5), "nearest neighbours"),
        (lambda: cl.coreset(FEATURES, count=401), "argument count is 401"),
        (lambda: cl.coreset(FEATURES), "argument count is None"),
        (lambda: cl.coreset(FEATURES, budget=3), "argument budget is 3"),
        (lambda: cl.coreset(FEATURES, count=2, costs=np.ones(400), budget=3), "argument count is 2"),
        (lambda: cl.coreset(FEATURES, costs=np.ones(400)), "argument budget is None"),
        (lambda: cl.coreset(FEATURES, costs=np.ones(3), budget=3), r"argument costs is of shape \(3,\)"),
        (lambda: cl.coreset(FEATURES, "flqmi", count=2), "query"),
        (lambda: cl.coreset(FEATURES, "k-centre", count=4), "k-center, herding"),
        (lambda: cl.coreset(FEATURES, count=4, validation=FEATURES[:, :2]), "argument validation is of 2"),
        (lambda: cl.coreset(SCORES, count=4), r"argument features is of shape \(400,\)"),
        (lambda: cl.coreset(np.full((3, 2), np.nan), count=1), "feature 0 of example 0 is NaN"),
        (lambda: cl.find_label_issues([0, 9], np.full((2, 3), 1 / 3)), r"argument labels\[1\] is 9"),
        (lambda: cl.find_label_issues([0, 1], np.full((2, 3), 0.5)), "sum of probabilities of example 0 is 1.5"),
        (lambda: cl.find_label_issues([0, 1], np.full((2, 2), 0.5), filter_by="all"), "prune_by_noise_rate"),
        (lambda: cl.agree({"a": SCORES}), "at least two"),
        (lambda: cl.agree({"a": SCORES, "b": SCORES}, correlation="pearson"), "spearman or kendall"),
        (lambda: cl.crossover([[1.0]], [[1.0, 2.0]], [0.5]), r"\(seeds, 1\)"),
    ],
)
def test_what_is_wrong_is_named(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_agreement_is_the_commands(tmp_path, command):
    other = SCORES + RNG.normal(size=N)
    scores = cl.Scores([{"name": "a", "values": SCORES, "higher_is_harder": True},
                        {"name": "b", "values": other, "higher_is_harder": True}])
    scores.save(tmp_path / "scores.csv")
    for correlation in ("spearman", "kendall"):
        figure = tmp_path / f"{correlation}.svg"
        line = ("agree", tmp_path / "scores.csv", "--method", correlation, "--json", "-o", figure)
        told = json.loads(command(*line))
        own = cl.agree({"a": SCORES, "b": other}, correlation=correlation).values[0, 1]
        assert repr(float(own)) in json.dumps(told)
    matrix = cl.agree({"a": SCORES, "b": other}, n_resamples=200)
    assert matrix.low[0, 1] < matrix.values[0, 1] < matrix.high[0, 1]
    assert cl.overlap(SCORES, SCORES, [0.5], seed=1)[0] > 0.5
    assert cl.stability([SCORES, other]).mean == matrix.values[0, 1]
    assert cl.combine([[0.1, 0.5, 0.9], [20.0, 10.0, 20.0]], how="borda").tolist() == [1.5, 1.0, 3.5]


def test_crossover_is_where_the_means_cross():
    kept = [0.25, 1.0, 0.5]
    method = np.array([[0.4, 0.9, 0.85]] * 6) + np.linspace(-0.01, 0.01, 6)[:, None]
    control = np.array([[0.7, 0.9, 0.8]] * 6)
    found = cl.crossover(method, control, kept, margin=0.02)
    assert found.at == pytest.approx(0.5 - 0.25 * 0.07 / (0.07 + 0.28))
    low, high = found.interval
    assert low is not None and min(low, high) <= found.at <= max(low, high)
    assert cl.crossover(control, control, kept).text == "never below"


def test_issues_are_cleanlabs():
    cleanlab = pytest.importorskip("cleanlab")
    rng = np.random.default_rng(1)
    true = rng.integers(0, 6, 3000)
    logits = rng.normal(size=(3000, 6)) + 3 * np.eye(6)[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flipped = rng.random(3000) < 0.1
    labels = np.where(flipped, (true + 1) % 6, true)
    for filter_by in ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given"):
        expected = cleanlab.filter.find_label_issues(labels, probabilities, filter_by=filter_by, n_jobs=1)
        assert np.array_equal(cl.find_label_issues(labels, probabilities, filter_by=filter_by), expected), filter_by
    for ranked in ("self_confidence", "normalized_margin"):
        expected = cleanlab.filter.find_label_issues(
            labels, probabilities, return_indices_ranked_by=ranked, n_jobs=1
        )
        own = cl.find_label_issues(labels, probabilities, return_indices_ranked_by=ranked)
        assert own.tolist() == expected.tolist(), ranked
    single = cl.find_label_issues(labels, probabilities.astype(np.float32))
    assert (single != cl.find_label_issues(labels, probabilities)).mean() < 0.001
    rate = cl.noise_rate(labels, probabilities)
    assert rate.low < flipped.mean() < rate.high
    assert float(rate) == rate.estimate
