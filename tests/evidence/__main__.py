"""Builds the shipped Evidence pages over marts, looks at each, draws pictures.

Once it installs Evidence's packages in an environment of its own, which takes minutes;
it listens on loopback. `--stay` leaves the pages there to look at, until interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import time
from pathlib import Path

from tests.evidence.build import ENVIRONMENT, PAGES, build, make_environment, serve
from tests.evidence.pictures import look_at
from tests.workspaces import REPOSITORY


def main() -> int:
    """Build and look at every page; 1 where one says that something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.evidence", description=__doc__
    )
    published = REPOSITORY / "data/published"
    parser.add_argument("--published", type=Path, default=published)
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--pictures", type=Path, help="a folder for them")
    parser.add_argument("--stay", action="store_true")
    told = parser.parse_args()
    marts = told.published / "marts.duckdb"
    if not marts.exists():
        print(f"{marts} is not there: run the workflow first (make run)")
        return 2
    if not shutil.which("npm"):
        print("npm is missing: sudo apt-get install nodejs npm")
        return 2
    environment = make_environment(told.environment)
    began = time.monotonic()
    pages = build(environment, marts)
    print(f"built in {time.monotonic() - began:.0f} s: {pages}", flush=True)
    failed = 0
    with serve(pages) as address:
        if told.pictures:
            for name, wrong in look_at(address, PAGES, told.pictures).items():
                failed += len(wrong)
                print(f"{told.pictures / name}.png {' '.join(wrong)}".rstrip())
        if told.stay:
            print(f"{address}; Ctrl-C ends it")
            with contextlib.suppress(KeyboardInterrupt, EOFError):
                input()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
