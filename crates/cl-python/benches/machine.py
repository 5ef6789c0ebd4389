"""What a run is measured on."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "curriculum-learning",
    "numpy",
    "torch",
    "torchdata",
    "cleanlab",
    "apricot-select",
    "submodlib-py",
    "numba",
    "scikit-learn",
)


def threads() -> int:
    """How many threads this process may use at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def load() -> float | None:
    """The mean number of running processes in the last minute, where the system tells."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def facts() -> dict[str, Any]:
    """Processor, versions, threads, date."""
    processor = _processor()
    flags = processor.get("flags", "").split()
    name = processor.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in processor:
        name += f" (family {processor['cpu family']}, model {processor['model']})"
    return {
        "processor": name,
        "avx2": "avx2" in flags if flags else None,
        "avx512": "avx512f" in flags if flags else None,
        "cores": os.cpu_count(),
        "threads": threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {package: _version(package) for package in PACKAGES},
        "load before": load(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def markdown(facts: dict[str, Any], *, quick: bool) -> str:
    """The head of the page."""
    said = {True: "yes", False: "no", None: "unknown"}
    packages = ", ".join(f"{package} {version or 'not installed'}" for package, version in facts["packages"].items())
    rows = [
        ("processor", facts["processor"]),
        ("AVX2, AVX-512", f"{said[facts['avx2']]}, {said[facts['avx512']]}"),
        ("logical cores, threads used by \"all\"", f"{facts['cores']}, {facts['threads']}"),
        ("system", facts["system"]),
        ("Python", facts["python"]),
        ("packages", packages),
        ("date", facts["date"]),
    ]
    lines = ["# The package beside its peers", "", "| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]
    lines += [
        "",
        "Times are the median over the rounds, with the least and the greatest in brackets. \"Times the first\" is the median "
        "over the rounds of the ratio to the row that its block begins with: above 1 it is slower than that. Each side is a "
        "process of its own, took its warm-up, and had its turn in every round. Memory is the most that was resident during "
        "the work, less what was resident before it: interpreter, libraries and inputs.",
    ]
    before = facts["load before"]
    if before is not None and before > 0.3 * facts["threads"]:
        lines += [
            "",
            f"**The machine was not idle: {before} processes ran in the minute before. What works by several threads, and "
            "PyTorch most of all, may have taken many times as long as it does alone.**",
        ]
    if quick:
        lines += ["", "**Small sizes and few rounds: these figures say only that it runs.**"]
    return "\n".join(lines)


def _processor() -> dict[str, str]:
    """What the system tells of the first processor."""
    try:
        first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        if package != "curriculum-learning":
            return None
    try:
        import curriculum  # From a folder on the path: there are no metadata.

        return curriculum.__version__
    except ImportError:
        return None
