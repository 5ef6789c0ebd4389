"""What documents and docstrings show is run: each block of docs/python.md and the README is a whole program."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import curriculum

PACKAGE = Path(__file__).resolve().parents[1]
DOCUMENTS = (PACKAGE.parents[1] / "docs" / "python.md", PACKAGE / "README.md")

MOST_LINES = 25

#: What a block may need besides NumPy, as it stands behind `python`, and the names of what is large.
KNOWN = {"accelerate", "cleanlab", "lightning", "sklearn", "torch", "torchdata", "transformers"}
LARGE = {"accelerate", "lightning", "torch", "torchdata", "transformers"}

BLOCK = re.compile(r"^```python([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: What modules of the package import.
IMPORTS = {"huggingface": ["torch", "accelerate", "transformers"], "lightning": ["torch", "lightning"]}
IMPORTS |= {"sklearn": ["sklearn"], "torch": ["torch"]}


def blocks() -> list[Any]:
    """Each block with what it needs, named by its document and its heading."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            headings = re.findall(r"^#+ (.+)$", text[: block.start()], re.MULTILINE)
            needs = block[1].split()
            marks = [pytest.mark.torch] if LARGE & set(needs) else []
            found.append(pytest.param(block[2], needs, marks=marks, id=f"{document.stem}: {headings[-1]}"))
    return found


@pytest.mark.parametrize(("code", "needs"), blocks())
def test_blocks_run_as_they_stand(code: str, needs: list[str], tmp_path: Path) -> None:
    assert set(needs) <= KNOWN
    for name in needs:
        pytest.importorskip(name)
    program = tmp_path / "program.py"
    program.write_text(code, encoding="utf-8")
    line = [sys.executable, program.name]
    ran = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_blocks_are_short(document: Path) -> None:
    found = BLOCK.findall(document.read_text(encoding="utf-8"))
    assert found
    for _, code in found:
        n_lines = sum(1 for line in code.splitlines() if line.strip())
        assert n_lines <= MOST_LINES, code


def modules() -> list[Any]:
    """The modules of the package, with what each needs."""
    names = ["curriculum", *(f"curriculum.{module.name}" for module in pkgutil.iter_modules(curriculum.__path__))]
    found = []
    for name in names:
        needs = IMPORTS.get(name.removeprefix("curriculum."), [])
        marks = [pytest.mark.torch] if LARGE & set(needs) else []
        found.append(pytest.param(name, needs, marks=marks, id=name))
    return found


@pytest.mark.parametrize(("name", "needs"), modules())
def test_docstrings_show_what_happens(name: str, needs: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    for module in needs:
        pytest.importorskip(module)
    with warnings.catch_warnings():
        # Frameworks warn of each other when they are imported.
        warnings.simplefilter("ignore")
        module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(module).failed == 0
