"""What the tests share."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CRATES = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def fixture_of() -> Any:
    """Reads a fixture of the Rust tests, which says how it was computed."""
    return lambda crate, name: json.loads((CRATES / crate / "tests" / "fixtures" / name).read_text())


@pytest.fixture(scope="session")
def command() -> Any:
    """Runs the `curriculum` command, which is Rust alone; its standard output."""

    def run(*arguments: Any) -> str:
        line = [sys.executable, "-m", "curriculum", *map(str, arguments)]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout

    return run
