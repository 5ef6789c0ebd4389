"""The `curriculum` command: ``python -m curriculum``."""

from __future__ import annotations

import signal
import sys

from curriculum import _core


def main() -> int:
    """Runs the command with the arguments of this process; its exit status."""
    if hasattr(signal, "SIGINT") and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Python's own would wait until the command has ended.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _core.run_command(["curriculum", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
