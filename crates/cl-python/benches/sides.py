"""One side of a comparison: a process of its own that measures on request.

The parent writes lines of JSON, `[command, arguments]`; each is answered by one, `{"answer": ...}` or `{"error": ...}`. The
module that a side is called with has a dictionary `SIDES`, of a name to a function of the parameters that prepares its inputs
and gives the commands, each a function.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

OURS = "curriculum"
"""How the names begin of those that may not fail."""

PAUSE = 0.02
"""Seconds between two sides: threads that wait actively after their work sleep by then, and take no core from the next."""

THREADS = (
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""What the libraries take their number of threads from."""


class Side:
    """The parent's end of one side."""

    def __init__(self, module: str, name: str, threads: int, label: str | None = None, **parameters: Any) -> None:
        self.name, self.label, self.threads = name, label or name, threads
        self.error: str | None = None
        self.answers: dict[str, list[Any]] = {}
        environment = dict(os.environ, PYTHONWARNINGS="ignore", **dict.fromkeys(THREADS, str(threads)))
        self.process = subprocess.Popen(
            [sys.executable, __file__, module, name, json.dumps(parameters)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._read()

    def ask(self, command: str, *arguments: Any, keep: bool = True) -> Any:
        """The answer to a command; none where this side failed, now or before."""
        if self.error is not None:
            return None
        try:
            print(json.dumps([command, arguments]), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass
        answer = self._read()
        if keep and self.error is None:
            self.answers.setdefault(command, []).append(answer)
        return answer

    def close(self) -> None:
        """Ends the process."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def _read(self) -> Any:
        line = self.process.stdout.readline()
        if line:
            read = json.loads(line)
            self.error = read.get("error")
        else:
            read, self.error = {}, f"ended with {self.process.wait()}"
        if self.error is not None and self.name.startswith(OURS):
            raise RuntimeError(f"{self.label}: {self.error}")
        return read.get("answer")


class Sides:
    """Sides that are there at once, closed together."""

    def __init__(self, sides: Iterable[Side]) -> None:
        self.all = list(sides)

    def __enter__(self) -> list[Side]:
        return self.all

    def __exit__(self, *_: Any) -> None:
        for side in self.all:
            side.close()


def rounds(sides: list[Side], n_rounds: int, measure: Callable[[Side], Any]) -> None:
    """Every side in every round, another one first each time."""
    for index in range(n_rounds):
        shift = index % len(sides)
        for side in sides[shift:] + sides[:shift]:
            if side.error is None:
                time.sleep(PAUSE)
                measure(side)


def memory_of(work: Callable[[], Any]) -> float | None:
    """The most memory in MB that was resident while `work` ran, less what was before.

    `getrusage` would tell a process's peak from its parent's on, which a process takes over when it is started.
    """
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")  # The peak counts from now on.
    except OSError:
        return None
    before = _resident("VmRSS:")
    work()
    peak = _resident("VmHWM:")
    return None if before is None or peak is None else max(peak - before, 0.0)


def use_threads_of_torch() -> None:
    """As many threads for PyTorch as the environment says."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def _resident(field: str) -> float | None:
    lines = Path("/proc/self/status").read_text().splitlines()
    found = [line.split()[1] for line in lines if line.startswith(field)]
    return int(found[0]) * 1024 / 1e6 if found else None


def _main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # What a library prints is no answer.

    def say(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    module, name, parameters = sys.argv[1:]
    try:
        commands = importlib.import_module(module).SIDES[name](**json.loads(parameters))
        say(answer=sorted(commands))
        for line in sys.stdin:
            command, arguments = json.loads(line)
            say(answer=commands[command](*arguments))
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name
        say(error=f"{missing} is not installed" if missing else f"cannot be imported: {error}")
    except Exception as error:  # Whatever it is, it stands in the row of this side.
        say(error=f"{type(error).__name__}: {error}".partition("\n")[0])


if __name__ == "__main__":
    _main()
