"""What the Rust tests hold against values computed elsewhere holds through Python, too.

The fixtures are those of the Rust tests; each says how it was computed. Tolerances are those of the Rust tests.
"""

from __future__ import annotations

import numpy as np
import pytest

import curriculum as cl
from conftest import CRATES


def close(found, expected, relative):
    found, expected = np.asarray(found), np.asarray(expected, dtype=float)
    with np.errstate(invalid="ignore"):
        near = np.abs(found - expected) <= relative * np.abs(expected) + 1e-15
    return bool(np.all(near | (found == expected)))


def metric_of(name):
    """`dual.window=3.epochs=9` as a metric with options."""
    metric, *options = name.split(".")
    return metric, dict(option.split("=") for option in options)


def test_every_metric_of_the_training_dynamics(fixture_of):
    golden = fixture_of("cl-difficulty", "dynamics.json")
    n, c, n_epochs = len(golden["labels"]), golden["n_classes"], golden["n_epochs"]
    logits = np.array(golden["logits"], dtype=np.float32).reshape(n_epochs, n, c)
    labels = np.array(golden["labels"])
    names = list(golden["columns"])
    # Two of one metric need recorders of their own, as their columns bear one name.
    counts = {"forgetting_events", "never_learned", "unforgettable", "learning_time", "first_learned",
              "presentations_needed", "second_split_forgetting"}
    for name in names:
        recorder = cl.Recorder(n, c, [metric_of(name)])
        rng = np.random.default_rng(3)
        for epoch in range(n_epochs):
            order = rng.permutation(n)
            for batch in np.array_split(order, 3):
                recorder.update(batch, logits[epoch, batch], labels[batch], epoch=epoch)
        (found,) = recorder.scores().values()
        expected = np.array(golden["columns"][name])
        if name == "forgetting.never_learned=infinite":
            expected = np.where(expected == 1e308, np.inf, expected)
        assert close(found, expected, 0.0 if name in counts else 1e-9), name
    assert {metric["name"] for metric in cl.catalogue("metrics")} <= {metric_of(name)[0] for name in names}


@pytest.mark.parametrize("name", ["dynamics.json", "label_noise.json"])
def test_confident_learning_is_cleanlabs(fixture_of, name):
    golden = fixture_of("cl-difficulty", name)
    c = golden["n_classes"]
    for noise in golden["noise"]:
        labels = np.array(noise["labels"])
        probabilities = np.array(noise["probabilities"]).reshape(-1, c)
        rate = cl.noise_rate(labels, probabilities, n_resamples=10)
        assert np.abs(rate.thresholds - noise["thresholds"]).max() <= 1e-12
        assert rate.confident_joint.reshape(-1).tolist() == noise["confident_joint"]
        assert rate.calibrated_joint.reshape(-1).tolist() == noise["calibrated_joint"]
        for matrix in ("noise_matrix", "inverse_noise_matrix", "true_class_distribution"):
            assert np.abs(getattr(rate, matrix).reshape(-1) - noise[matrix]).max() <= 1e-12, matrix
        assert rate.low <= rate.estimate <= rate.high
        for filter_by, expected in noise["issues"].items():
            issues = cl.find_label_issues(labels, probabilities, filter_by=filter_by)
            assert np.flatnonzero(issues).tolist() == expected, filter_by


FAMILIES = {"linear": "Linear", "root": "Root", "quad": "Quadratic", "exp": "Exponential", "log": "Logarithmic",
            "step": "Step"}

# Where the published code truncates what falls an ulp short of an integer; see the test in Rust.
SHORT = {("root", 0.4, 0.1, 90), ("root", 0.4, 0.2, 90), ("root", 1.6, 0.1, 360), ("root", 1.6, 0.2, 250),
         ("root", 1.6, 0.2, 360)}


def test_wus_counts(fixture_of):
    golden = fixture_of("cl-pacing", "pacing.json")
    differing = set()
    for curve in golden["wu"]:
        pacing = getattr(cl.pacing, FAMILIES[curve["family"]])(a=curve["a"], b=curve["b"])
        for step, published in zip(golden["steps"], curve["counts"]):
            count = pacing.count(step / golden["total_steps"], golden["n_examples"])
            if count != published:
                assert count == published + 1
                differing.add((curve["family"], curve["a"], curve["b"], step))
    assert differing == SHORT


def unrolled(runs, n):
    values = []
    for (first, value), (last, _) in zip(runs, [*runs[1:], (n, None)]):
        values += [value] * (last - first)
    return values


def test_hacohens_counts(fixture_of):
    differing = set()
    for curve in fixture_of("cl-pacing", "pacing.json")["hacohen"]:
        n, n_batches = curve["n_examples"], curve["n_batches"]
        pacing = cl.pacing.FixedExponential(
            s=curve["s"], increase=curve["increase"], step_length=curve["step_length"], total_steps=n_batches
        )
        for step, published in enumerate(unrolled(curve["counts"], n_batches)):
            count = pacing.count(step / n_batches, n)
            if count != published:
                differing.add((n, published, count))
    assert differing == {(1000, 151, 150), (1000, 226, 225)}


def test_competence_and_its_like(fixture_of):
    golden = fixture_of("cl-pacing", "pacing.json")
    for curve in golden["competence"]:
        competence = cl.pacing.Competence(c0=curve["c0"], p=curve["p"])
        for t, expected in zip(range(0, 10**6, curve["every"]), curve["fractions"]):
            assert abs(competence.fraction(t / curve["T"]) - expected) <= 4 * np.finfo(float).eps
    for curve in golden["curml"]:
        start = curve["start"]
        pacing = {
            "linear": lambda: cl.pacing.Competence(c0=start, p=1),
            "geom": lambda: cl.pacing.Geometric(c0=start),
            "root-2": lambda: cl.pacing.Competence(c0=start, p=2),
        }[curve["family"]]()
        for epoch, expected in enumerate(curve["fractions"], start=1):
            assert abs(pacing.fraction(epoch / curve["epochs"]) - expected) <= 4 * np.finfo(float).eps


def test_equal_classes_are_dealt(fixture_of):
    balance = fixture_of("cl-pacing", "pacing.json")["balance"]
    classes = [index // 20 for index in range(60)]
    for how in ("round-robin", "proportional"):
        order = cl.orders.Permutation(order=balance["order"], balance=how)
        assert order(np.zeros(60), classes=classes).tolist() == balance["balanced"]


def weighting_of(name):
    parts = name.split("_")
    number = lambda part: float(part.lstrip("abcdefghijklmnopqrstuvwxyz"))
    last = number(parts[-1])
    kind = parts[1]
    if kind == "hard":
        return cl.weightings.Hard(lambda_=last)
    if kind == "linear":
        return cl.weightings.Linear(lambda_=last)
    if kind == "log":
        return cl.weightings.Logarithmic(lambda_=last)
    if kind == "logistic":
        return cl.weightings.Logistic(lambda_=last)
    if kind == "mixture":
        return cl.weightings.Mixture(lambda1=number(parts[2]), lambda2=last)
    if kind == "mixture2":
        return cl.weightings.Mixture2(gamma=number(parts[2]), lambda_=last)
    return cl.weightings.Polynomial(lambda_=last, t=number(kind))


def test_self_paced_weights(fixture_of):
    golden = fixture_of("cl-pacing", "weighting.json")
    losses = np.array(golden["spl_losses"])
    assert len(golden["spl_weights"]) == 26
    for name, expected in golden["spl_weights"].items():
        weights = weighting_of(name)(losses)
        assert np.abs(weights - expected).max() <= 1e-14, name
        if name in golden["spl_numeric"]:
            assert np.abs(weights - golden["spl_numeric"][name]).max() <= 2e-5, name


def test_superloss_weights(fixture_of):
    golden = fixture_of("cl-pacing", "weighting.json")
    for case in golden["sl"]:
        weighting = cl.weightings.Superloss(tau=case["tau"], lambda_=case["lambda"])
        assert np.abs(weighting(golden["sl_losses"]) / case["sigma"] - 1).max() <= 1e-13
    weighting = cl.weightings.Superloss(tau=float(np.log(10)), lambda_=1.0)
    assert np.abs(weighting(golden["sl_ce"]) / golden["sl_ce_sigma"] - 1).max() <= 1e-13


def test_published_selections(fixture_of):
    golden = fixture_of("cl-prune", "coreset.json")
    arrays = np.load(CRATES / "cl-prune" / "tests" / "fixtures" / "coreset.npz")
    for moderate in golden["moderate"]:
        selection = cl.select(golden["distance"], "middle", keep=moderate["rate"], seed=3)
        assert sorted(selection.kept.tolist()) == moderate["kept"]
        dropped = arrays[f"moderate_rate{moderate['rate']}_dropped".replace("0.", "0_")]
        assert sorted(selection.dropped.tolist()) == sorted(dropped.tolist())
    for strata in golden["ccs"]:
        scores = np.repeat(np.arange(50.0), strata["sizes"])
        selection = cl.select(scores, "ccs", count=strata["k"], beta=0, seed=3, strata=50)
        own = sorted((group["size"], group["n_kept"]) for group in selection.groups)
        assert own == sorted(zip(strata["sizes"], strata["shares"]))
    hardest = cl.prune(golden["score"], "hardest", keep=0.1)
    assert sorted(hardest.tolist()) == sorted(arrays["ccs_monotonic_desc_ratio0_1_cb0"].tolist())
    balanced = cl.prune(golden["score"], "hardest", keep=0.1, labels=golden["labels"], balance="equal")
    assert sorted(balanced.tolist()) == sorted(arrays["ccs_monotonic_desc_ratio0_1_cb1"].tolist())


def test_dual_draws(fixture_of):
    dual = fixture_of("cl-prune", "dual.json")
    for case in dual["cases"]:
        selection = cl.select(
            dual["score"], "dual", count=case["k"], seed=case["seed"], confidence=dual["confidence"], c=case["c"]
        )
        assert selection.kept.tolist() == case["kept"]
        assert selection.dropped.tolist() == case["dropped"]


def test_messages_over_neighbours(fixture_of):
    d2 = fixture_of("cl-prune", "d2.json")
    neighbors = (np.array(d2["neighbors"]).reshape(-1, d2["k"]), np.array(d2["distances"]).reshape(-1, d2["k"]))
    for case in d2["cases"]:
        reverse = {"reverse": "absolute"} if case["gamma"] is None else {"gamma": case["gamma"]}
        edges = case["edges"].lower()
        for k in (0, 7, 40):
            selection = cl.select(d2["score"], "d2", count=k, seed=1, neighbors=neighbors, edges=edges, **reverse)
            assert selection.kept.tolist() == case["order"][:k]
            assert selection.dropped.tolist() == case["order"][k:]


def test_info_batch_epochs(fixture_of):
    golden = fixture_of("cl-prune", "info_batch.json")
    losses = np.array(golden["losses"])
    for case in golden["cases"]:
        sampler = cl.samplers.InfoBatch(
            n_examples=losses.shape[1], batch_size=5, n_epochs=len(losses), r=case["r"], delta=case["delta"],
            seed=case["seed"],
        )
        for epoch, expected in enumerate(case["epochs"]):
            shown = {}
            for indices in sampler:
                shown.update(zip(indices, sampler.weights(indices)))
                sampler.update(indices, losses[epoch, indices])
            assert sorted(shown) == expected["shown"]
            assert np.abs(np.array([shown[index] for index in sorted(shown)]) - expected["weights"]).max() < 1e-12
