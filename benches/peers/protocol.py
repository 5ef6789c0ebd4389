"""The protocol that both sides of a comparison speak; `benches/compare/protocol.rs` is the other one.

A script is called with the name of a comparison and the folder of its inputs. It reads them, computes the result
once, and writes one line of JSON: what it computes with, its memory before that, and numbers that sum the result up.
Then it answers every line `run` with the seconds of a run and `memory` with the most memory that it held.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

LEAST = 0.1
"""A run lasts at least as many seconds: what is shorter is repeated."""


class Folder:
    """The inputs."""

    def __init__(self, path):
        self.path = Path(path)

    def __getitem__(self, name):
        return np.load(self.path / f"{name}.npy")


def serve(package, comparisons):
    """Serves the comparison that the arguments name.

    `comparisons` has a function for each name: of the folder and the name, to a function that computes the result
    and one that sums a result up.
    """
    answers = sys.stdout
    sys.stdout = sys.stderr  # What a library prints is no answer.

    def say(**answer):
        print(json.dumps(answer), file=answers, flush=True)

    try:
        name, folder = sys.argv[1:]
        prepare = comparisons.get(name) or comparisons.get(name.split("-")[0] + "-")
        if prepare is None:
            raise ValueError(f"comparison {name!r}, expected one of {', '.join(comparisons)}")
        run, summarise = prepare(Folder(folder), name)
        forget_peak()
        loaded = memory("VmRSS:")
        summary = [float(value) for value in summarise(run())]
        say(library=f"{package} {version(package)}", kernels=kernels(), loaded_mb=loaded, summary=summary)
        for line in sys.stdin:
            if line.strip() == "run":
                say(seconds=seconds(run))
            elif line.strip() == "memory":
                say(peak_mb=memory("VmHWM:"))
            else:
                raise ValueError(f"asked for {line!r}, expected run or memory")
    except Exception as error:  # Whatever it is, the other side writes it into its report.
        say(error=f"{type(error).__name__}: {error}")


def seconds(run):
    """The seconds of one repetition, twice as many each time until they take long enough."""
    n = 1
    while True:
        start = time.perf_counter()
        for _ in range(n):
            run()
        elapsed = time.perf_counter() - start
        if elapsed >= LEAST:
            return elapsed / n
        n *= 2


def forget_peak():
    """Sets the peak of memory back to what is resident now, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def memory(field):
    """Resident memory or its peak in MB, where the system tells."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(field)]
    return int(found[0]) * 1024 / 1e6 if found else None


def kernels():
    """The libraries that compute matrix products, and the processor that their kernels are written for."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return None
    names = {
        f"{info['internal_api']} {info['version']} ({info['architecture']})"
        for info in threadpool_info()
        if info["user_api"] == "blas" and info.get("architecture")
    }
    return ", ".join(sorted(names)) or None


def moments(values):
    """The sum and the sum of squares, in double precision."""
    values = np.asarray(values, np.float64)
    return values.sum(), np.square(values).sum()
