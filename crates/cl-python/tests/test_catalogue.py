"""Every method of the catalogues is a class here, made of the catalogue itself."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import curriculum as cl
from curriculum._parameters import class_name, python_name

# A value of every parameter that has no default, whosever it is.
VALUES = {
    "lambda_": 0.5, "a": 0.25, "b": 0.25, "rho": 0.5, "threshold": 0.5, "gamma": 1, "tau": 1, "lambda1": 1, "lambda2": 0.25,
    "fraction": 0.25, "min": 1, "epoch": 1, "n_buckets": 4, "bucket_length": 4, "step_length": 4, "p": 3, "t": 3, "max": 8,
    "total_step": 8, "after": [1, 2, 5], "table": {0: 0.25, 0.5: 1}, "difficulties": [1, 8], "max_steps": 3, "total": 40,
    "n_epochs": 5, "tokens": 16,
}  # fmt: skip

OPTIONAL = {"quantile", "c", "cap", "k", "n_draws", "truncate"}


def needed(entry):
    names = [python_name(p["name"]) for p in entry["parameters"] if p["default"] is None]
    return {name: VALUES[name] for name in names if name not in OPTIONAL}


FAMILIES = {"pacing": cl.pacing, "orders": cl.orders, "weightings": cl.weightings, "samplers": cl.samplers}
EVERY = [(family, entry) for family in FAMILIES for entry in cl.catalogue(family)]
N = 12
SCORES = np.linspace(0, 1, N)


def made(family, entry, **more):
    cls = getattr(FAMILIES[family], class_name(entry["name"]))
    given = needed(entry) | more
    if family == "pacing":
        return cls(**given, total_steps=100, difficulty=SCORES * 10)
    if family == "orders":
        return cls(**given, **({"order": list(range(N))} if entry["name"] == "permutation" else {}))
    if family == "weightings":
        return cls(**given, **({"classes": [0, 1] * (N // 2)} if entry["name"] == "diversity" else {}))
    data = {
        "order": list(range(N)), "pacing": cl.pacing.Linear(a=0.5, b=0.5), "n_examples": N, "difficulty": SCORES,
        "classes": [0, 1, 2] * (N // 3), "irreducible": SCORES, "total_steps": 30, "lengths": [3, 1, 2] * (N // 3),
        "weights": SCORES,
    }  # fmt: skip
    inputs = {name: data[name] for name in entry["inputs"]}
    return cls(**given, **inputs, batch_size=5)


@pytest.mark.parametrize(("family", "entry"), EVERY, ids=[f"{family}.{entry['name']}" for family, entry in EVERY])
def test_every_entry_is_a_class_with_keywords(family, entry):
    cls = getattr(FAMILIES[family], class_name(entry["name"]))
    assert class_name(entry["name"]) in FAMILIES[family].__all__
    assert entry["summary"][1:] in cls.__doc__
    for parameter in entry["parameters"]:
        assert parameter["meaning"] in cls.__doc__
        assert python_name(parameter["name"]) in cls.__signature__.parameters
    method = made(family, entry)
    assert repr(method)
    assert FAMILIES[family].by_name(entry["name"]) is cls
    for again in (pickle.loads(pickle.dumps(method)), copy.deepcopy(method)):
        assert repr(again) == repr(method)
    with pytest.raises(TypeError, match="nonsense"):
        made(family, entry, nonsense=1)
    with pytest.raises(ValueError, match="expected one of"):
        FAMILIES[family].by_name("nonsense")


@pytest.mark.parametrize(("family", "entry"), EVERY, ids=[f"{family}.{entry['name']}" for family, entry in EVERY])
def test_every_parameter_is_checked_when_it_is_given(family, entry):
    for parameter in entry["parameters"]:
        name = python_name(parameter["name"])
        with pytest.raises(ValueError, match=parameter["name"]):
            made(family, entry, **{name: "much"})
    for name in needed(entry):
        with pytest.raises(ValueError, match="is missing"):
            made(family, entry, **{name: None})


def test_pacings_are_functions_of_progress():
    root = cl.pacing.Root(a=0.8, b=0.2)
    assert root(0.8) == root.fraction(0.8) == 1.0
    assert root.full_at() == pytest.approx(0.8)
    assert root.count(0.0, 1000, 32) == 200
    table = cl.pacing.Discrete(table={0.0: 0.25, 0.5: 1.0})
    assert [table(progress) for progress in (0.0, 0.49, 0.5)] == [0.25, 0.25, 1.0]
    assert repr(cl.pacing.Discrete(table=[(0.0, 0.25), (0.5, 1.0)])) == repr(table)
    late = cl.pacing.BabySteps(n_buckets=4, bucket_length=5)
    with pytest.raises(ValueError):
        late(0.5)
    assert cl.samplers.Prefix(np.arange(20), late, batch_size=4, total_steps=40).n_examples == 20


def test_numbers_keep_every_digit():
    a = 0.1 + 0.2
    assert repr(a) in repr(cl.pacing.Root(a=a, b=0.2))
    assert "1e-300" in cl._parameters.text("a", 1e-300)
    assert cl._parameters.text("a", np.float32(0.1)) == repr(float(np.float32(0.1)))
    assert cl._parameters.text("flag", True) == "true"
    assert cl._parameters.text("list", np.array([0.5, 1.0])) == "0.5,1"


def test_orders_and_weightings_take_what_their_methods_take():
    order = cl.orders.HardFirst(balance="round-robin")([0.9, 0.8, 0.1], classes=[0, 0, 1])
    assert order.tolist() == [0, 2, 1] and order.dtype == np.int64
    assert cl.orders.HardFirst(classes=[0, 0, 1], balance="round-robin")([0.9, 0.8, 0.1]).tolist() == [0, 2, 1]
    assert cl.weightings.Hard(quantile=0.6)([30.0, 20.0, 10.0]).tolist() == [0.0, 1.0, 1.0]
    weights = cl.weightings.Linear(lambda_=2.0)(np.array([0.0, 0.5, 3.0], dtype=np.float16))
    assert weights.tolist() == [1.0, 0.75, 0.0]
    assert weights.dtype == np.float64
    with pytest.raises(ValueError, match="NaN"):
        cl.weightings.Linear(lambda_=2.0)([np.nan])


def test_lists_are_told():
    assert "el2n" in cl.metrics()
    assert {rule["name"] for rule in cl.catalogue("rules")} >= {"hardest", "ccs", "d2"}
    with pytest.raises(ValueError, match="expected one of: pacing"):
        cl.catalogue("rule")
