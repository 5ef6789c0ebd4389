"""How long an import takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from report import Settings, Table, seconds

PROGRAM = """
import json, sys, time
{before}
start = time.perf_counter()
import {module}
taken = time.perf_counter() - start
print(json.dumps([taken, "torch" in sys.modules, len(sys.modules)]))
"""


AFTER_NUMPY = "curriculum, after numpy"


def _import(name: str) -> tuple[float, bool, int] | str:
    """The seconds of an import in a new process, whether torch was imported by it, and how many modules there are."""
    module, _, before = name.partition(", after ")
    program = PROGRAM.format(module=module, before=f"import {before}" if before else "")
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        return ended.stderr.strip().rpartition("\n")[2]
    return tuple(json.loads(ended.stdout.splitlines()[-1]))


def tables(settings: Settings) -> Iterator[Table]:
    """The package beside NumPy, which it imports, and PyTorch, which it does not."""
    n_rounds = settings.size(9, 3)
    table = Table(
        "imports: time of an import",
        f"Seconds of the statement alone, in {n_rounds} new processes for each, in turn, after one of each that does not count: "
        "the files are in the system's cache.",
        ["import", "time", "modules then loaded", "torch among them"],
    )
    modules = ["numpy", "curriculum", AFTER_NUMPY, *([] if settings.quick else ["torch"])]
    found: dict[str, list[tuple[float, bool, int]]] = {module: [] for module in modules}
    failed: dict[str, str] = {}
    for index in range(n_rounds + 1):
        for module in modules:
            got = _import(module)
            if isinstance(got, str):
                failed[module] = got
            elif index > 0:
                found[module].append(got)
    if "curriculum" in failed:
        raise RuntimeError(f"import curriculum: {failed['curriculum']}")
    for module, measured in found.items():
        if module in failed:
            table.row([module, failed[module]], error=failed[module])
            continue
        times = [taken for taken, _, _ in measured]
        _, torch, n_modules = measured[-1]
        table.row([module, seconds(times), f"{n_modules}", "yes" if torch else "no"], seconds=times, torch=torch)
    yield table
