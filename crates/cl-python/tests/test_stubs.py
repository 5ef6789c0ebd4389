"""Type stubs say what the package is: generated ones are as they would be generated, and mypy agrees with all."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from curriculum import _core, orders, pacing, samplers, weightings

PACKAGE = Path(__file__).resolve().parents[1]
SOURCES = PACKAGE / "python"

#: Over frameworks that mypy would have to find.
ADAPTORS = ("huggingface", "lightning", "sklearn", "torch")

PROGRAM = """
import numpy as np

import curriculum as cl

recorder = cl.Recorder(n_examples=4, n_classes=3, metrics=["el2n", ("tdds", {"window": 10})])
recorder.update([0, 1, 2, 3], np.zeros((4, 3)), [0, 1, 2, 0], epoch=0)
scores: cl.Scores = recorder.scores("el2n")
score: cl.Score = scores["el2n"]
order: np.ndarray = cl.orders.EasyFirst(balance="round-robin")(score, seed=0, classes=[0, 1, 2, 0])
pacing = cl.pacing.Root(a=0.8, b=0.2)
fraction: float = pacing.fraction(0.5)
table = cl.pacing.Discrete(table={0.0: 0.5, 0.3: 1.0})
weights: np.ndarray = cl.weightings.Linear(lambda_=2.0)([0.1, 0.2])
sampler = cl.samplers.Prefix(order, pacing, batch_size=2, total_steps=10, seed=0)
batches: list[list[int]] = list(sampler)
learning = cl.samplers.SelfPaced(n_examples=4, lambda_=1.0, batch_size=2, losses=lambda indices: indices * 0.5)
learning.update([0], [0.5])
kept: np.ndarray = cl.prune(score, rule="ccs", keep=0.5, beta=0.1)
issues: np.ndarray = cl.find_label_issues([0, 1], np.eye(2))
rate: float = cl.noise_rate([0, 1], np.eye(2)).estimate


def train(sampler: cl.samplers.BatchSampler, weights: object, seed: int) -> float:
    return float(sum(len(indices) for indices in sampler.run()))


result: cl.Comparison = cl.compare(train, 4, arms=["easy-first"], batch_size=2, total_steps=5, difficulty=score)
try:
    sampler.load_state_dict(learning.state_dict())
except cl.StateError as error:
    print(error)

# What mypy is to find; a comment too many is an error, too.
cl.pacing.Root(a="much")  # type: ignore[arg-type]
cl.pacing.Root(q=0.1)  # type: ignore[call-arg]
cl.samplers.Shuffle(n_examples=4)  # type: ignore[call-arg]
cl.samplers.Teacher(classes=[0, 1, 0, 1], batch_size=2, k=2.5)  # type: ignore[arg-type]
"""


def test_generated_stubs_are_those_of_the_catalogue() -> None:
    line = [sys.executable, PACKAGE / "stubs.py", "--check"]
    checked = subprocess.run(line, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_another_argument_is_refused() -> None:
    line = [sys.executable, PACKAGE / "stubs.py", "--chek"]
    refused = subprocess.run(line, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--chek" in refused.stderr


@pytest.mark.parametrize("module", [pacing, orders, weightings, samplers], ids=lambda module: module.__name__)
def test_generated_classes_take_what_they_take(module: Any) -> None:
    stubs = classes_of(module.__name__)
    for name in module.__all__:
        made = getattr(module, name)
        if "_entry" in vars(made):
            assert parameters_of(stubs[name]["__init__"])[1:] == list(inspect.signature(made).parameters), name


def test_every_name_with_a_type_of_its_own_is_a_parameter() -> None:
    spec = importlib.util.spec_from_file_location("stubs", PACKAGE / "stubs.py")
    assert spec is not None and spec.loader is not None
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    found = {parameter for module in stubs.MODULES.values() for parameter in parameters_of_family(module)}
    assert stubs.WHOLE <= found
    assert set(stubs.LISTS) <= found


def parameters_of_family(module: Any) -> list[str]:
    classes = [getattr(module, name) for name in module.__all__]
    return [name for made in classes if "_entry" in vars(made) for name in inspect.signature(made).parameters]


def test_the_compiled_module_has_what_its_stub_has() -> None:
    tree = ast.parse((SOURCES / "curriculum" / "_core.pyi").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = classes_of("curriculum._core")
    public = {name for name in vars(_core) if not name.startswith("__")}
    assert public == set(functions) | set(classes)
    for name, node in functions.items():
        assert parameters_of(node) == list(inspect.signature(getattr(_core, name)).parameters), name
    for name, members in classes.items():
        made = getattr(_core, name)
        own = {member for member in vars(made) if not member.startswith("__")}
        assert own == {member for member in members if not member.startswith("__")}, name
        for member in own & set(members):
            if callable(getattr(made, member)):
                shape = inspect.signature(getattr(made, member))
                assert parameters_of(members[member]) == list(shape.parameters), f"{name}.{member}"


def classes_of(module: str) -> dict[str, dict[str, ast.FunctionDef]]:
    """The classes of a stub with their methods."""
    path = SOURCES / Path(*module.split(".")).with_suffix(".pyi")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def parameters_of(node: ast.FunctionDef) -> list[str]:
    """The names of a function's parameters."""
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def mypy(*arguments: Any, cwd: Path) -> str:
    """What mypy says of it; nothing where all is well."""
    # Pandas has its types in a package of their own.
    options = ["--strict", "--disable-error-code", "import-untyped", "--cache-dir", os.devnull, "--config-file", ""]
    line = [sys.executable, "-m", "mypy", *options, *map(str, arguments)]
    ran = subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_a_typed_program_passes(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    assert mypy(program, cwd=SOURCES) == ""


def test_the_package_passes() -> None:
    pytest.importorskip("mypy")
    exclude = f"/({'|'.join(ADAPTORS)})[.]py$"
    assert mypy("--exclude", exclude, "curriculum", cwd=SOURCES) == ""
