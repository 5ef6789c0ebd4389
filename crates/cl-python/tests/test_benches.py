"""The benches run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "benches" / "run.py"


@pytest.mark.torch
def test_a_quick_run_writes_tables(tmp_path):
    page, numbers = tmp_path / "page.md", tmp_path / "numbers.json"
    command = [sys.executable, RUN, "--quick", "--only", "imports", "--output", page, "--json", numbers]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert page.read_text().strip() == ended.stdout.strip()
    assert "| curriculum |" in page.read_text()
    (table,) = json.loads(numbers.read_text())["tables"]
    rows = {row["row"]: row for row in table["rows"]}
    assert len(rows["curriculum"]["seconds"]) == 3
    assert not rows["curriculum"]["torch"]
