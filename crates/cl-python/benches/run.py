"""The package beside its peers: one run, tables in Markdown.

    python benches/run.py                           everything, about ten minutes on two cores
    python benches/run.py --only recorder           one of the comparisons
    python benches/run.py --quick                   small sizes: whether it runs, not how fast
    python benches/run.py --output FILE.md --json FILE.json

Each side of a comparison is a process of its own, with the same numbers of threads. In each round every side has its turn, and
another one begins. A peer that is not installed, or fails, is said to be so in its row.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import coresets
import imports
import label_issues
import machine
import recorder
import resumption
import samplers
from report import Settings

COMPARISONS = {
    "imports": imports.tables,
    "samplers": samplers.tables,
    "resumption": resumption.tables,
    "recorder": recorder.tables,
    "label-issues": label_issues.tables,
    "coresets": coresets.tables,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0],
        epilog=f"comparisons: {', '.join(COMPARISONS)}",
    )
    parser.add_argument("--only", action="append", choices=COMPARISONS, metavar="NAME", help="this comparison; repeatable")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, for trying it out")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="where the tables go besides")
    parser.add_argument("--json", type=Path, metavar="FILE.json", help="where every single measurement goes")
    arguments = parser.parse_args()

    start = time.perf_counter()
    facts = machine.facts()
    settings = Settings(quick=arguments.quick, threads=facts["threads"])
    texts, raw = [machine.markdown(facts, quick=arguments.quick)], {"machine": facts, "quick": arguments.quick, "tables": []}

    def keep(text: str) -> None:
        texts.append(text)
        print(text, end="\n\n", flush=True)

    print(texts[0], end="\n\n", flush=True)
    for name in arguments.only or COMPARISONS:
        begun = time.perf_counter()
        for table in COMPARISONS[name](settings):
            keep(table.markdown())
            raw["tables"].append({"comparison": name, **table.raw()})
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    raw["seconds"] = time.perf_counter() - start
    keep(f"The run took {raw['seconds']:.0f} s; load of the machine before {facts['load before']}, after {machine.load()}.")

    if arguments.output:
        arguments.output.write_text("\n\n".join(texts) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
