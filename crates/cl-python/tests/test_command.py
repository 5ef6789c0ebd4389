"""The `curriculum` command in the package."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import curriculum as cl

LINE = [sys.executable, "-m", "curriculum"]


def test_it_is_the_command():
    shown = subprocess.run([*LINE, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"curriculum {cl.__version__}\n"
    helped = subprocess.run([*LINE, "--help"], capture_output=True, text=True, check=True)
    assert "compare" in helped.stdout and not helped.stderr


def test_it_fails_as_the_command_does(tmp_path):
    wrong = subprocess.run([*LINE, "prune"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "error" in wrong.stderr
    missing = subprocess.run([*LINE, "inspect", str(tmp_path / "none.csv")], capture_output=True, text=True)
    assert missing.returncode == 1 and "none.csv" in missing.stderr


def test_the_script_is_installed():
    script = os.path.join(os.path.dirname(sys.executable), "curriculum")
    if not os.path.exists(script):
        pytest.skip("the package is not installed in this environment")
    assert subprocess.run([script, "--version"], capture_output=True, text=True).stdout.startswith("curriculum ")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_ends_it(tmp_path):
    running = subprocess.Popen(
        [*LINE, "compare", "digits", "--seeds", "20"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=20) != 0


def test_only_numpy_is_imported():
    """Nothing large comes with the package: neither torch nor pandas nor scikit-learn."""
    code = "import sys, curriculum; print(*(m for m in ('torch', 'pandas', 'sklearn', 'transformers') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_what_the_wheel_leaves_out_is_said(tmp_path):
    """Parquet of every usual compression but Brotli, whose message says what to do."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": list(range(50)), "el2n": [0.5 + i / 100 for i in range(50)]})
    for compression in ("none", "snappy", "gzip", "lz4", "zstd"):
        pq.write_table(table, tmp_path / "scores.parquet", compression=compression)
        assert cl.Scores.load(tmp_path / "scores.parquet")["el2n"][1] == 0.51, compression
    pq.write_table(table, tmp_path / "scores.parquet", compression="brotli")
    with pytest.raises(ValueError, match="scores.parquet: compressed by Brotli.*expected another compression"):
        cl.Scores.load(tmp_path / "scores.parquet")
