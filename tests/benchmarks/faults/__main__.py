"""Faults on purpose: kills, torn files, full disks, a person who asked to go.

`python -m tests.benchmarks.faults [--only PART] [--seed 1] [--every 1] [--unit NAME]
[--kills 1000] [--commands 50] [--files 200] [--points 100] [--publications 100]`
prints a table: the fault, what is expected, what was seen; exit code 1 where they
differ. Parts: failpoints, kills, torn, full, canary, publications; `--only` may stand
several times, `--unit` too: failpoints of the units whose names begin so ("third day",
"erase"). Linux; `full` mounts a small disk, which needs root, else it limits files'
sizes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.faults import (
    canary,
    failpoints,
    full,
    kills,
    publications,
    torn,
)
from tests.benchmarks.faults.harness import Row, warm


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--unit", action="append")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--commands", type=int, default=50)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--publications", type=int, default=100)
    parts: dict[str, Callable[[Path], Iterator[Row]]] = {
        "failpoints": lambda folder: failpoints.run(
            folder, options.every, options.unit
        ),
        "kills": lambda folder: kills.run(
            folder, options.kills, options.commands, options.seed
        ),
        "torn": lambda folder: torn.run(folder, options.files, options.seed),
        "full": lambda folder: full.run(folder, options.points, options.seed),
        "canary": canary.run,
        "publications": lambda folder: publications.run(folder, options.publications),
    }
    parser.add_argument("--only", choices=list(parts), action="append")
    options = parser.parse_args()
    os.environ.pop("PREFECT_API_URL", None)
    warm()
    is_fine = True
    print(f"seed {options.seed}")
    print(
        "| fault | expected | seen | seconds |\n| --- | --- | --- | --- |", flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or parts:
            began = time.monotonic()
            for row in parts[name](Path(folder)):
                seconds = time.monotonic() - began
                mark = "" if row.is_fine else "**WRONG** "
                print(
                    f"| {row.fault} | {row.expected} | {mark}{row.seen} |"
                    f" {seconds:.0f} |",
                    flush=True,
                )
                is_fine &= row.is_fine
                began = time.monotonic()
    sys.stdout.flush()
    os._exit(0 if is_fine else 1)


if __name__ == "__main__":
    main()
