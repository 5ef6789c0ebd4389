"""What is wrong is said: the right class of error, and a message that names the argument and what was expected. Whatever
comes in, nothing but an ordinary exception comes out."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import curriculum as cl

N, C = 20, 3
RNG = np.random.default_rng(12)
LOGITS = RNG.normal(size=(N, C))
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
LABELS = np.tile(np.arange(C), N)[:N]
SCORES = RNG.random(N)
FEATURES = RNG.normal(size=(N, 4))
ORDER = np.argsort(SCORES)
RUNS = RNG.random((6, 3))
KEPT = [1.0, 0.5, 0.25]

TOO_LARGE = 2**64


def recorder(**options):
    return cl.Recorder(**({"n_examples": N, "n_classes": C, "metrics": ["el2n", "loss"]} | options))


def shuffle(**options):
    return cl.samplers.Shuffle(**({"n_examples": N, "batch_size": 4} | options))


def pacing():
    return cl.pacing.Root(a=0.5, b=0.5)


def prefix(order=ORDER, **options):
    return cl.samplers.Prefix(order, pacing(), **({"batch_size": 4, "total_steps": 20} | options))


def scores(**options):
    return cl.Scores([{"name": "own", "values": SCORES, "higher_is_harder": True}], **options)


# Arrays: by what they are called with one array, and the name of the argument.

NUMBERS = {
    "prune": ("scores", lambda given: cl.prune(given, keep=0.5)),
    "prune, high is easy": ("scores", lambda given: cl.prune(given, keep=0.5, high_is="easy")),
    "prune, confidence": ("confidence", lambda given: cl.prune(SCORES, "dual", keep=0.5, confidence=given)),
    "select": ("scores", lambda given: cl.select(given, keep=0.5)),
    "orders": ("difficulty|scores", lambda given: cl.orders.EasyFirst()(given)),
    "weightings": ("losses", lambda given: cl.weightings.Linear(lambda_=1.0)(given)),
    "pacing": ("difficulty", lambda given: cl.pacing.Root(a=0.5, b=0.5, difficulty=given)),
    "competence": (
        "difficulty",
        lambda given: cl.samplers.Competence(difficulty=given, pacing=pacing(), batch_size=4, total_steps=9),
    ),
    "rho-loss": ("irreducible", lambda given: cl.samplers.RhoLoss(irreducible=given, batch_size=2)),
    "agree": ("b|scores", lambda given: cl.agree({"a": SCORES, "b": given})),
    "overlap, a": ("a", lambda given: cl.overlap(given, SCORES)),
    "overlap, b": ("b", lambda given: cl.overlap(SCORES, given)),
    "stability": ("runs|scores", lambda given: cl.stability([SCORES, given])),
    "combine": ("scores", lambda given: cl.combine([SCORES, given])),
    "sampler.update": ("losses", lambda given: shuffle().update(np.arange(N), given)),
    "update_losses": (
        "losses",
        lambda given: recorder(metrics=["loss"]).update_losses(np.arange(N), given, LABELS, epoch=0),
    ),
}

TABLES = {
    "update": ("outputs", lambda given: recorder().update(np.arange(N), given, LABELS, epoch=0)),
    "coreset": ("features", lambda given: cl.coreset(given, count=2)),
    "choose_coreset": ("features", lambda given: cl.choose_coreset(given, count=2)),
    "validation": ("validation", lambda given: cl.coreset(FEATURES, "glister", count=2, validation=given)),
    "find_label_issues": ("pred_probs", lambda given: cl.find_label_issues(LABELS, given)),
    "label_quality": ("pred_probs", lambda given: cl.label_quality(LABELS, given)),
    "noise_rate": ("pred_probs", lambda given: cl.noise_rate(LABELS, given)),
}

WHOLE = {
    "update, indices": ("indices", lambda given: recorder().update(given, LOGITS, LABELS, epoch=0)),
    "update, labels": ("labels", lambda given: recorder().update(np.arange(N), LOGITS, given, epoch=0)),
    "recorder, labels": ("labels", lambda given: recorder(labels=given)),
    "recorder.select": ("examples", lambda given: recorder().select(given)),
    "prune, labels": ("labels", lambda given: cl.prune(SCORES, "stratified-random", keep=0.5, labels=given)),
    "coreset, labels": ("labels", lambda given: cl.coreset(FEATURES, count=3, labels=given)),
    "find_label_issues": ("labels", lambda given: cl.find_label_issues(given, PROBS)),
    "label_quality": ("labels", lambda given: cl.label_quality(given, PROBS)),
    "noise_rate": ("labels", lambda given: cl.noise_rate(given, PROBS)),
    "orders, classes": ("classes", lambda given: cl.orders.EasyFirst(balance="round-robin")(SCORES, classes=given)),
    "permutation": ("order", lambda given: cl.orders.Permutation(order=given)(SCORES)),
    "prefix": ("order", lambda given: prefix(given)),
    "sequential": ("order", lambda given: cl.samplers.Sequential(given, batch_size=4)),
    "teacher": ("classes", lambda given: cl.samplers.Teacher(classes=given, batch_size=4)),
    "examples": ("examples", lambda given: shuffle(examples=given, n_examples=None)),
    "sampler.update": ("indices", lambda given: shuffle().update(given, SCORES)),
    "sampler.weights": ("indices", lambda given: shuffle().weights(given)),
}

NO_NUMBERS = {
    "texts": np.array(["a"] * N),
    "bytes": np.array([b"a"] * N),
    "a text": "abc",
    "objects": np.array([object()] * N, dtype=object),
    "numbers as objects": SCORES.astype(object),
    "complex": SCORES * 1j,
    "times": np.arange(N).astype("datetime64[s]"),
    "spans of time": np.arange(N).astype("timedelta64[s]"),
    "records": np.zeros(N, dtype=[("a", "f8")]),
    "raw memory": np.zeros(N, dtype="V4"),
    "a dictionary": {"a": 1},
    "a set": {1, 2},
    "a function": len,
    "a module": np,
    "lists of unequal length": [[1.0], [1.0, 2.0]],
    "a list with nothing": [1.0, None],
    "a generator": (number for number in range(N)),
}


def reshaped(given, two):
    """The same as a table of C columns, where one is wanted and it can be."""
    if two and isinstance(given, np.ndarray):
        return np.stack([given] * C, axis=1)
    return given


OF_ARRAYS = [
    pytest.param(name, call, two, id=f"{'table' if two else 'numbers' if family is NUMBERS else 'whole'}: {what}")
    for family, two in ((NUMBERS, False), (TABLES, True), (WHOLE, False))
    for what, (name, call) in family.items()
]


@pytest.mark.parametrize(("name", "call", "two"), OF_ARRAYS)
@pytest.mark.parametrize("what", NO_NUMBERS)
@pytest.mark.filterwarnings("ignore")
def test_what_holds_no_numbers_is_a_type_error(name, call, two, what):
    given = NO_NUMBERS[what]
    # A text or a set is an array of no dimension to NumPy, which may be told of first.
    scalar = not isinstance(given, (np.ndarray, list))
    with pytest.raises((TypeError, ValueError) if scalar else TypeError, match=f"argument ({name})"):
        call(reshaped(given, two))


@pytest.mark.parametrize(("name", "call", "two"), [case for case in OF_ARRAYS if "labels" not in case.values[0]])
def test_none_is_a_type_error(name, call, two):
    if name in ("examples", "classes", "confidence", "labels", "validation", "difficulty", "order"):
        pytest.skip("None says that there is none")
    with pytest.raises(TypeError, match=f"argument ({name})"):
        call(None)


@pytest.mark.parametrize(("name", "call", "two"), OF_ARRAYS)
def test_wrong_shapes_are_value_errors(name, call, two):
    dtype = np.float64 if two or call in [call for _, call in NUMBERS.values()] else np.int64
    shapes = [(), (N,), (2, N, C), (1, 1, 1, 1)] if two else [(), (N, 2), (1, N), (2, 2, 5)]
    for shape in shapes:
        with pytest.raises(ValueError, match=f"argument ({name}).*shape.*expected"):
            call(np.zeros(shape, dtype))


LENGTHS = {
    "prune, labels": ("labels", lambda: cl.prune(SCORES, keep=0.5, labels=LABELS[:3])),
    "prune, confidence": ("confidence", lambda: cl.prune(SCORES, "dual", keep=0.5, confidence=SCORES[:3])),
    "coreset, labels": ("labels", lambda: cl.coreset(FEATURES, count=2, labels=LABELS[:3])),
    "coreset, validation": ("validation", lambda: cl.coreset(FEATURES, "glister", count=2, validation=FEATURES[:, :2])),
    "find_label_issues": ("labels", lambda: cl.find_label_issues(LABELS[:3], PROBS)),
    "noise_rate": ("labels", lambda: cl.noise_rate(LABELS, PROBS[:3])),
    "agree": ("score", lambda: cl.agree({"a": SCORES, "b": SCORES[:3]})),
    "overlap": ("score", lambda: cl.overlap(SCORES, SCORES[:3])),
    "stability": ("run", lambda: cl.stability([SCORES, SCORES[:3]])),
    "combine": ("score", lambda: cl.combine([SCORES, SCORES[:3]])),
    "crossover, kept": ("accuracy", lambda: cl.crossover(RUNS, RUNS, KEPT[:2])),
    "crossover, control": ("control", lambda: cl.crossover(RUNS, RUNS[:2], KEPT)),
    "orders, classes": ("class", lambda: cl.orders.EasyFirst(balance="round-robin")(SCORES, classes=LABELS[:3])),
    "sampler.update": ("losses", lambda: shuffle().update([0, 1], [0.5])),
    "sampler, difficulty": ("difficulty", lambda: prefix(difficulty=SCORES[:3])),
    "sampler, examples": ("n_examples", lambda: shuffle(examples=[1, 2])),
    "recorder, labels": ("labels", lambda: recorder(labels=LABELS[:3])),
    "update": ("outputs", lambda: recorder().update([0, 1], LOGITS, [0, 1])),
    "Scores, ids": ("ids", lambda: scores(ids=[1, 2])),
    "Scores, labels": ("labels", lambda: scores(labels=[1, 2])),
    "Scores": (
        "columns",
        lambda: cl.Scores([{"name": "a", "values": [1.0]}, {"name": "b", "values": [1.0, 2.0]}]),
    ),
    "neighbors": ("neighbors", lambda: cl.prune(SCORES, "d2", keep=0.5, neighbors=(np.zeros((3, 2), int), np.ones((3, 2))))),
    "neighbors, distances": (
        "neighbors",
        lambda: cl.prune(SCORES, "d2", keep=0.5, neighbors=(np.zeros((N, 2), int), np.ones((N, 3)))),
    ),
}


@pytest.mark.parametrize("what", LENGTHS)
def test_lengths_that_do_not_fit_are_value_errors(what):
    name, call = LENGTHS[what]
    with pytest.raises(ValueError, match=f"{name}.*expected"):
        call()


NOT_FINITE = {
    "prune": ("score of example 2 is NaN", lambda value: cl.prune(value, keep=0.5)),
    "orders": ("difficulty of example 2 is NaN", lambda value: cl.orders.EasyFirst()(value)),
    "weightings": ("loss of example 2 is NaN", lambda value: cl.weightings.Linear(lambda_=1.0)(value)),
    "agree": ("example 2 is NaN", lambda value: cl.agree({"a": SCORES, "b": value})),
    "overlap": ("example 2 is NaN", lambda value: cl.overlap(SCORES, value)),
    "combine": ("example 2 is NaN", lambda value: cl.combine([value, SCORES])),
    "stability": ("example 2 is NaN", lambda value: cl.stability([value, SCORES])),
    "competence": (
        "example 2 is NaN",
        lambda value: cl.samplers.Competence(difficulty=value, pacing=pacing(), batch_size=4, total_steps=9),
    ),
    "rho-loss": ("example 2 is NaN", lambda value: cl.samplers.RhoLoss(irreducible=value, batch_size=2)),
    "coreset": ("example 2 is NaN", lambda value: cl.coreset(FEATURES + value[:, None] * 0, count=2)),
    "update": (
        "example 2 .*NaN",
        lambda value: recorder().update(np.arange(N), LOGITS + value[:, None] * 0, LABELS, epoch=0),
    ),
    "label issues": ("example 2 is NaN", lambda value: cl.find_label_issues(LABELS, PROBS + value[:, None] * 0)),
    "label quality": ("example 2 is NaN", lambda value: cl.label_quality(LABELS, PROBS + value[:, None] * 0)),
    "noise rate": ("example 2 is NaN", lambda value: cl.noise_rate(LABELS, PROBS + value[:, None] * 0)),
    "crossover": ("NaN", lambda value: cl.crossover(RUNS + value[2], RUNS, KEPT)),
    "sampler.update": ("NaN", lambda value: shuffle().update(np.arange(N), value)),
}


@pytest.mark.parametrize("what", NOT_FINITE)
def test_nan_is_a_value_error_that_names_its_place(what):
    message, call = NOT_FINITE[what]
    bad = SCORES.copy()
    bad[2] = np.nan
    with pytest.raises(ValueError, match=message):
        call(bad)


# Numbers, names, keywords.

COUNTS = {
    "Recorder, n_examples": ("n_examples", lambda n: recorder(n_examples=n)),
    "Recorder, n_classes": ("n_classes", lambda n: recorder(n_classes=n)),
    "update, epoch": ("epoch", lambda n: recorder().update([0], LOGITS[:1], [0], epoch=n)),
    "prune, count": ("count", lambda n: cl.prune(SCORES, count=n)),
    "prune, seed": ("seed", lambda n: cl.prune(SCORES, keep=0.5, seed=n)),
    "select, reason": ("example", lambda n: cl.select(SCORES, keep=0.5).reason(n)),
    "coreset, count": ("count", lambda n: cl.coreset(FEATURES, count=n)),
    "coreset, seed": ("seed", lambda n: cl.coreset(FEATURES, count=2, seed=n)),
    "coreset, start": ("start", lambda n: cl.coreset(FEATURES, "k-center", count=2, start=n)),
    "noise_rate, n_resamples": ("n_resamples", lambda n: cl.noise_rate(LABELS, PROBS, n_resamples=n)),
    "noise_rate, seed": ("seed", lambda n: cl.noise_rate(LABELS, PROBS, seed=n)),
    "agree, n_resamples": ("n_resamples", lambda n: cl.agree({"a": SCORES, "b": SCORES}, n_resamples=n)),
    "agree, seed": ("seed", lambda n: cl.agree({"a": SCORES, "b": SCORES}, n_resamples=10, seed=n)),
    "overlap, seed": ("seed", lambda n: cl.overlap(SCORES, SCORES, seed=n)),
    "crossover, n_resamples": ("n_resamples", lambda n: cl.crossover(RUNS, RUNS, KEPT, n_resamples=n)),
    "crossover, seed": ("seed", lambda n: cl.crossover(RUNS, RUNS, KEPT, seed=n)),
    "order, seed": ("seed", lambda n: cl.orders.Random()(SCORES, seed=n)),
    "pacing, total_steps": ("total_steps", lambda n: cl.pacing.Root(a=0.5, b=0.5, total_steps=n)),
    "pacing, n_examples": ("n_examples", lambda n: pacing().count(0.5, n)),
    "pacing, batch_size": ("batch_size", lambda n: pacing().count(0.5, 10, n)),
    "sampler, n_examples": ("n_examples", lambda n: shuffle(n_examples=n)),
    "sampler, batch_size": ("batch_size", lambda n: shuffle(batch_size=n)),
    "sampler, total_steps": ("total_steps", lambda n: prefix(total_steps=n)),
    "sampler, seed": ("seed", lambda n: shuffle(seed=n)),
    "sampler, num_replicas": ("num_replicas", lambda n: shuffle(num_replicas=n)),
    "sampler, rank": ("rank", lambda n: shuffle(num_replicas=2, rank=n)),
    "sampler, set_epoch": ("epoch", lambda n: shuffle().set_epoch(n)),
    "sampler, seek": ("step", lambda n: shuffle().seek(n)),
    "sampler, consumed": ("consumed", lambda n: shuffle().state_dict(n)),
    "sampler, run": ("total_steps", lambda n: list(shuffle().run(n))),
    "sampler, weights": ("step", lambda n: shuffle().weights([0], n)),
    "sampler, update": ("step", lambda n: shuffle().update([0], [0.5], n)),
}


@pytest.mark.parametrize("what", COUNTS)
@pytest.mark.parametrize("value", [-1, TOO_LARGE])
def test_counts_that_cannot_be_are_value_errors(what, value):
    name, call = COUNTS[what]
    with pytest.raises((ValueError, IndexError), match=f"argument {name} is .*{value}.*expected"):
        call(value)


@pytest.mark.parametrize("what", COUNTS)
@pytest.mark.parametrize("value", [1.5, "a", [1], object()])
def test_counts_that_are_none_are_type_errors(what, value):
    _, call = COUNTS[what]
    with pytest.raises(TypeError):
        call(value)


@pytest.mark.parametrize("what", COUNTS)
def test_counts_that_are_none_are_named(what):
    name, call = COUNTS[what]
    with pytest.raises(TypeError, match=name):
        call("a")


@pytest.mark.parametrize("what", COUNTS)
def test_counts_of_numpy_are_counts(what):
    """Whatever a number does, the same number of NumPy does."""
    _, call = COUNTS[what]

    def outcome(value):
        try:
            call(value)
        except Exception as error:  # noqa: BLE001
            return type(error), str(error)
        return None

    assert outcome(np.int64(1)) == outcome(1)


REALS = {
    "prune, keep": ("keep", lambda x: cl.prune(SCORES, keep=x), [0, -0.5, 1.5, np.nan, np.inf]),
    "prune, drop": ("drop", lambda x: cl.prune(SCORES, drop=x), [-0.5, 1.5, np.nan, np.inf]),
    "noise_rate, level": ("level", lambda x: cl.noise_rate(LABELS, PROBS, level=x), [0, 1, -1, 2, np.nan]),
    "agree, level": (
        "level",
        lambda x: cl.agree({"a": SCORES, "b": SCORES}, n_resamples=10, level=x),
        [0, 1, -1, 2, np.nan],
    ),
    "overlap, fractions": ("fractions", lambda x: cl.overlap(SCORES, SCORES, [x]), [-0.5, 2, np.nan]),
    "crossover, margin": ("margin", lambda x: cl.crossover(RUNS, RUNS, KEPT, margin=x), [-1, np.nan, np.inf]),
    "crossover, level": ("level", lambda x: cl.crossover(RUNS, RUNS, KEPT, level=x), [0, 1, 2, np.nan]),
    "crossover, kept": ("kept", lambda x: cl.crossover(RUNS, RUNS, [1.0, 0.5, x]), [0, -1, 2, np.nan]),
    "weighting, lambda_": ("lambda", lambda x: cl.weightings.Linear(lambda_=x), [0, -1, np.nan]),
    "pacing, a": (r"\ba\b|root\.a", lambda x: cl.pacing.Root(a=x, b=0.5), [-1, np.nan]),
    "pacing, b": (r"\bb\b|root\.b", lambda x: cl.pacing.Root(a=0.5, b=x), [-1, 2, np.nan]),
}


@pytest.mark.parametrize("what", REALS)
def test_shares_that_cannot_be_are_value_errors(what):
    name, call, values = REALS[what]
    for value in values:
        with pytest.raises(ValueError, match=f"({name}).*expected"):
            call(value)


@pytest.mark.parametrize("what", REALS)
def test_shares_that_are_none_are_said(what):
    name, call, _ = REALS[what]
    with pytest.raises((TypeError, ValueError), match=name):
        call("some")
    with pytest.raises((TypeError, ValueError), match=name):
        call(object())


CHOICES = {
    "prune, rule": ("rule .*hardest", lambda name: cl.prune(SCORES, name, keep=0.5)),
    "prune, high_is": ("high_is .*hard", lambda name: cl.prune(SCORES, keep=0.5, high_is=name)),
    "coreset, method": ("(coreset|method) .*k-center", lambda name: cl.coreset(FEATURES, name, count=2)),
    "filter_by": ("filter.* .*prune_by_class", lambda name: cl.find_label_issues(LABELS, PROBS, filter_by=name)),
    "return_indices_ranked_by": (
        "return_indices_ranked_by .*self_confidence",
        lambda name: cl.find_label_issues(LABELS, PROBS, return_indices_ranked_by=name),
    ),
    "measure": ("measure .*self_confidence", lambda name: cl.label_quality(LABELS, PROBS, measure=name)),
    "agree, correlation": ("correlation .*kendall", lambda name: cl.agree({"a": SCORES, "b": SCORES}, correlation=name)),
    "stability, correlation": ("correlation .*kendall", lambda name: cl.stability([SCORES, SCORES], correlation=name)),
    "combine, how": ("how .*borda", lambda name: cl.combine([SCORES, SCORES], how=name)),
    "crossing": ("crossing .*stays", lambda name: cl.crossover(RUNS, RUNS, KEPT, crossing=name)),
    "metrics": ("metric.* .*el2n", lambda name: recorder(metrics=[name])),
    "outputs": ("outputs .*logits", lambda name: recorder(outputs=name)),
    "update, outputs": ("outputs .*logits", lambda name: recorder().update([0], LOGITS[:1], [0], outputs=name)),
    "higher_is": ("higher_is .*hard", lambda name: cl.Score([1.0], higher_is=name)),
    "catalogue": ("family .*pacing", lambda name: cl.catalogue(name)),
    "pacing.by_name": ("name .*root", lambda name: cl.pacing.by_name(name)),
    "orders.by_name": ("name .*easy-first", lambda name: cl.orders.by_name(name)),
    "weightings.by_name": ("name .*linear", lambda name: cl.weightings.by_name(name)),
    "samplers.by_name": ("name .*prefix", lambda name: cl.samplers.by_name(name)),
    "balance": ("balance .*round-robin", lambda name: cl.orders.EasyFirst(balance=name)),
}


@pytest.mark.parametrize("what", CHOICES)
def test_an_unknown_name_is_told_the_known_ones(what):
    message, call = CHOICES[what]
    for name in ("nope", "", "é\x00", "x" * 10_000):
        with pytest.raises(ValueError, match=f"(?s){message}"):
            call(name)


@pytest.mark.parametrize("what", CHOICES)
def test_what_is_no_name_is_a_type_or_value_error(what):
    message, call = CHOICES[what]
    for name in (3, b"hardest", object()):
        with pytest.raises((TypeError, ValueError)):
            call(name)


KEYWORDS = {
    "prune": lambda: cl.prune(SCORES, keep=0.5, nope=1),
    "coreset": lambda: cl.coreset(FEATURES, count=2, nope=1),
    "metric": lambda: recorder(metrics=[("el2n", {"nope": 1})]),
    "order": lambda: cl.orders.EasyFirst(nope=1),
    "pacing": lambda: cl.pacing.Root(nope=1),
    "weighting": lambda: cl.weightings.Linear(nope=1),
    "sampler": lambda: shuffle(nope=1),
    "agree": lambda: cl.agree({"a": SCORES, "b": SCORES}, nope=1),
    "Recorder": lambda: recorder(nope=1),
}


@pytest.mark.parametrize("what", KEYWORDS)
def test_unknown_keywords_are_named(what):
    with pytest.raises((TypeError, ValueError), match="nope"):
        KEYWORDS[what]()


OTHERS = {
    "agree, no mapping": (TypeError, "scores", lambda: cl.agree([SCORES, SCORES])),
    "agree, None": (TypeError, "scores", lambda: cl.agree(None)),
    "agree, one": (ValueError, "argument scores", lambda: cl.agree({"a": SCORES})),
    "agree, empty": (ValueError, "argument scores", lambda: cl.agree({})),
    "stability, one": (ValueError, "argument runs", lambda: cl.stability([SCORES])),
    "stability, a number": (TypeError, "runs", lambda: cl.stability(3)),
    "combine, none": (ValueError, "argument scores", lambda: cl.combine([])),
    "combine, a number": (TypeError, "scores", lambda: cl.combine(3)),
    "overlap, a number": (TypeError, "fractions", lambda: cl.overlap(SCORES, SCORES, 3)),
    "prune, no part": (ValueError, "keep=, drop= and count=", lambda: cl.prune(SCORES)),
    "prune, two parts": (ValueError, "keep=, drop= and count=", lambda: cl.prune(SCORES, keep=0.5, count=3)),
    "prune, too many": (ValueError, "argument count is 21, expected at most", lambda: cl.prune(SCORES, count=N + 1)),
    "prune, neighbors": (TypeError, "neighbors", lambda: cl.prune(SCORES, "d2", keep=0.5, neighbors=3)),
    "prune, no neighbors": (ValueError, "d2 needs", lambda: cl.prune(SCORES, "d2", keep=0.5)),
    "prune, neighbors out of range": (
        IndexError,
        r"neighbors\[0\]",
        lambda: cl.prune(SCORES, "d2", keep=0.5, neighbors=(np.full((N, 1), N), np.ones((N, 1)))),
    ),
    "coreset, too many": (ValueError, "argument count is 21", lambda: cl.coreset(FEATURES, count=N + 1)),
    "coreset, start": (ValueError, "argument start is 20", lambda: cl.coreset(FEATURES, "k-center", count=2, start=N)),
    "coreset, no features": (ValueError, "features", lambda: cl.coreset(FEATURES[:, :0], count=2)),
    "coreset, no validation": (ValueError, "glister needs", lambda: cl.coreset(FEATURES, "glister", count=2)),
    "label issues, a label": (ValueError, r"labels\[19\] is 3", lambda: cl.find_label_issues([0] * 19 + [3], PROBS)),
    "label issues, one class": (ValueError, "n_classes", lambda: cl.find_label_issues([0] * N, np.ones((N, 1)))),
    "label issues, none": (ValueError, "labels", lambda: cl.find_label_issues([], PROBS[:0])),
    "label issues, no probabilities": (ValueError, "probabilities", lambda: cl.find_label_issues(LABELS, PROBS * 2)),
    "recorder, no metrics": (ValueError, "argument metrics", lambda: recorder(metrics=[])),
    "recorder, None": (TypeError, "metrics", lambda: recorder(metrics=None)),
    "recorder, a number": (TypeError, "metrics", lambda: recorder(metrics=[1])),
    "recorder, half a pair": ((TypeError, ValueError), "metrics", lambda: recorder(metrics=[("tdds",)])),
    "recorder, options": ((TypeError, ValueError), "tdds|metrics", lambda: recorder(metrics=[("tdds", 3)])),
    "recorder, twice": (ValueError, "argument metrics is el2n twice", lambda: recorder(metrics=["el2n", "el2n"])),
    "recorder, one class": (ValueError, "argument n_classes is 1", lambda: recorder(n_classes=1)),
    "recorder, no example": (ValueError, "argument n_examples is 0", lambda: recorder(n_examples=0)),
    "recorder, huge": (ValueError, "n_examples is .*memory", lambda: recorder(n_examples=2**62)),
    "recorder, many classes": (ValueError, "n_classes is .*expected.*(most|below)", lambda: recorder(n_classes=2**40)),
    "recorder, merge": (TypeError, "argument other", lambda: recorder().merge(3)),
    "recorder, select twice": (ValueError, "examples is 0 twice", lambda: recorder().select([0, 0])),
    "recorder, select n": (IndexError, r"examples\[0\]", lambda: recorder().select([N])),
    "recorder, state": (TypeError, "state_dict", lambda: recorder().load_state_dict(3)),
    "recorder, bytes": (cl.StateError, "recorder", lambda: recorder().load_state_dict({"recorder": b"abc"})),
    "recorder, path": (TypeError, "path", lambda: recorder().save(3)),
    "recorder, no path": (ValueError, "argument path is empty", lambda: recorder().save("")),
    "sampler, no size": (TypeError, "batch_size", lambda: shuffle(batch_size=None)),
    "sampler, huge": (ValueError, "n_examples is ", lambda: next(iter(shuffle(n_examples=2**62)))),
    "sampler, large batches": (ValueError, "batch_size is ", lambda: shuffle(batch_size=N + 1)),
    "sampler, no examples": (ValueError, "n_examples", lambda: shuffle(n_examples=None)),
    "sampler, order": (ValueError, "example 0 twice", lambda: prefix([0, 0, 1, 2])),
    "sampler, order out of range": ((IndexError, ValueError), "5 ", lambda: prefix([0, 5, 1, 2])),
    "sampler, no order": (ValueError, "order|n_examples", lambda: prefix([])),
    "sampler, pacing": (
        TypeError,
        "argument pacing is a int",
        lambda: cl.samplers.Prefix(ORDER, 3, batch_size=4, total_steps=9),
    ),
    "sampler, no steps": (
        ValueError,
        "argument total_steps is missing",
        lambda: cl.samplers.Prefix(ORDER, pacing(), batch_size=4),
    ),
    "sampler, losses": (TypeError, "argument losses is a int", lambda: shuffle(losses=3)),
    "sampler, rank": (ValueError, "argument rank is 2", lambda: shuffle(num_replicas=2, rank=2)),
    "sampler, ranks": (ValueError, "argument batch_size is 4", lambda: shuffle(num_replicas=5)),
    "sampler, examples": (ValueError, "examples is 0 twice", lambda: shuffle(n_examples=None, examples=[0, 0, 1, 2])),
    "sampler, far epoch": (ValueError, "epoch", lambda: shuffle().set_epoch(2**63 - 1)),
    "sampler, indices": (IndexError, r"indices\[0\] is 20", lambda: shuffle().update([N], [0.5])),
    "sampler, state": (TypeError, "state_dict", lambda: shuffle().load_state_dict(3)),
    "sampler, no state": (cl.StateError, "version", lambda: shuffle().load_state_dict({})),
    "sampler, other seed": (
        cl.StateError,
        "seed 1, not with 0",
        lambda: shuffle().load_state_dict(shuffle(seed=1).state_dict()),
    ),
    "Score, texts": ((TypeError, ValueError), "values", lambda: cl.Score(["a"])),
    "Score, None": (TypeError, "values", lambda: cl.Score(None)),
    "Scores, a number": (TypeError, "columns", lambda: cl.Scores(3)),
    "Scores, numbers": (TypeError, "columns", lambda: cl.Scores([3])),
    "Scores, nothing in it": ((TypeError, ValueError), "columns|values", lambda: cl.Scores([{}])),
    "Scores, a table": (ValueError, "columns|own", lambda: cl.Scores([{"name": "own", "values": [[1.0]]}])),
    "Scores, one number": (ValueError, "columns|own", lambda: cl.Scores([{"name": "own", "values": 1.0}])),
    "Scores, direction": (
        ValueError,
        "higher_is_harder",
        lambda: cl.Scores([{"name": "own", "values": [1.0], "higher_is_harder": "x"}]),
    ),
    "Scores, labels": ((TypeError, ValueError), "labels", lambda: scores(labels=["x"] * N)),
    "Scores, broken labels": ((TypeError, ValueError), "labels", lambda: scores(labels=SCORES)),
    "Scores, ids": ((TypeError, ValueError), "argument ids", lambda: scores(ids=list(SCORES)).fingerprint),
    "Scores, path": (TypeError, "path", lambda: scores().save(3)),
    "crossover, texts": ((TypeError, ValueError), "accuracy", lambda: cl.crossover("a", RUNS, KEPT)),
    "crossover, None": ((TypeError, ValueError), "accuracy", lambda: cl.crossover(None, RUNS, KEPT)),
    "crossover, twice": (ValueError, "kept", lambda: cl.crossover(RUNS, RUNS, [1.0, 0.5, 0.5])),
    "crossover, a number": (TypeError, "kept", lambda: cl.crossover(RUNS, RUNS, 3)),
    "pacing, progress": (TypeError, "progress", lambda: pacing().fraction("x")),
    "pacing, positional": (TypeError, "Root", lambda: cl.pacing.Root(3)),
    "weighting, a text": (ValueError, "lambda", lambda: cl.weightings.Linear(lambda_="x")),
    "weighting, a list of one number": (
        ValueError,
        "argument lambda_ is a list of 1099511627776 numbers",
        lambda: cl.weightings.Linear(lambda_=np.broadcast_to(1.0, 2**40)),
    ),
    "weighting, a list without end": (
        ValueError,
        "argument lambda_ is a list of more than 1048576",
        lambda: cl.weightings.Linear(lambda_=itertools.count()),
    ),
    "prune, a number that is no float": (ValueError, "argument keep is ", lambda: cl.prune(SCORES, keep=10**400)),
    "prune, a number of too many digits": (ValueError, "argument count is ", lambda: cl.prune(SCORES, count=10**5000)),
    "Scores, epochs": (ValueError, "argument epochs is -1", lambda: scores(epochs=[-1])),
    "Scores, classes": (ValueError, r"argument labels\[0\] is -1", lambda: scores(labels=[-1] * N)),
    "weighting, an object": (TypeError, "lambda_", lambda: cl.weightings.Linear(lambda_=object())),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_wrong_arguments(what):
    error, message, call = OTHERS[what]
    with pytest.raises(error, match=message):
        call()


def test_nothing_of_nothing():
    """Where there are no examples there is nothing to say, or something to refuse; nothing breaks."""
    assert cl.prune([], keep=0.5).tolist() == []
    assert cl.orders.EasyFirst()([]).tolist() == []
    assert cl.weightings.Linear(lambda_=1.0)([]).tolist() == []
    assert np.isnan(cl.agree({"a": [], "b": []}).values).all()
    assert cl.Scores([]).n_examples == 0 and len(cl.Scores([])) == 0


@pytest.mark.parametrize("offset", [9, 2**31, 2**63, 2**64 - 1])
def test_a_damaged_state_of_a_sampler_is_refused_or_harmless(offset):
    sampler = shuffle()
    state = sampler.state_dict() | {"offset": offset}
    with pytest.raises(cl.StateError):
        sampler.load_state_dict(state)
        list(sampler.by_example())


# Whatever comes in.

HERE = Path(__file__).resolve()


def test_random_calls_with_random_junk():
    """Here, where a panic would be seen, for a while."""
    import bad_calls

    assert bad_calls.run(seed=13, n=1500, seconds=20) > 0


@pytest.mark.parametrize("seed", [14, 15])
def test_random_calls_in_a_process_of_their_own(seed):
    """In one with little memory, which an abort or an allocation without bound would end."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "RUST_BACKTRACE": "0"}
    line = [sys.executable, str(HERE.with_name("bad_calls.py")), str(seed), "3000", "25"]
    begin = time.monotonic()
    ended = subprocess.run(line, capture_output=True, text=True, timeout=110, env=environment)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert time.monotonic() - begin < 100


@pytest.mark.parametrize("n", [2**30, 2**40, 2**60])
def test_a_small_tensor_that_says_it_is_huge(n):
    """One number for every row, as `expand` makes it, of more rows than memory holds."""
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
import numpy as np, curriculum as cl
class Lent:
    def __init__(self, array): self.array = array
    def __dlpack__(self, **options): return self.array.__dlpack__(**options)
    def __dlpack_device__(self): return (1, 0)
calls = [
    lambda given: cl.prune(given, keep=0.5),
    lambda given: cl.weightings.Linear(lambda_=1.0)(given),
    lambda given: cl.Recorder(4, 2, ["loss"]).update_losses([0, 1], given, epoch=0),
]
for call in calls:
    try:
        call(Lent(np.broadcast_to(np.float32(0), ({n},))))
    except (MemoryError, ValueError):
        continue
    raise SystemExit("taken")
try:
    cl.Recorder(4, 2, ["loss"]).update(Lent(np.broadcast_to(np.int64(0), ({n // 2},))), [[0.0, 1.0]], [0])
except (MemoryError, ValueError):
    pass
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "RUST_BACKTRACE": "0"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)
    assert ended.returncode == 0, ended.stdout[-500:] + ended.stderr[-500:]
