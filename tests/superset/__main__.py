"""Starts Superset with the shipped dashboards, asks each chart, draws pictures.

Once it installs Superset in an environment of its own, which takes minutes; whatever it
started it ends. `--stay` leaves the server there to look at, until interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

from tests.superset.pictures import draw
from tests.superset.server import (
    ENVIRONMENT,
    PASSWORD,
    USER,
    ask_charts,
    bring,
    chromium,
    make_environment,
    serve,
)
from tests.workspaces import REPOSITORY


def main() -> int:
    """Ask every chart; 1 where one has no answer."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.superset", description=__doc__
    )
    published = REPOSITORY / "data/published"
    parser.add_argument("--published", type=Path, default=published)
    parser.add_argument("--address", help="SQLAlchemy's, in place of the file's")
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT)
    parser.add_argument("--pictures", type=Path, help="a folder for them")
    parser.add_argument("--stay", action="store_true")
    told = parser.parse_args()
    marts = (told.published / "marts.duckdb").absolute()
    if not told.address and not marts.exists():
        print(f"{marts} is not there: run the workflow first (make run)")
        return 2
    address = told.address or f"duckdb:///{marts}?access_mode=read_only"
    failed = 0
    python = make_environment(told.environment)
    with (
        tempfile.TemporaryDirectory(prefix="superset-") as home,
        serve(python, Path(home)) as superset,
    ):
        bring(superset, address)
        slugs = []
        for asked in ask_charts(superset):
            if asked.dashboard not in slugs:
                slugs.append(asked.dashboard)
            failed += bool(asked.wrong)
            print(
                f"{asked.seconds:6.2f} s {asked.rows:5} rows  {asked.dashboard}:"
                f" {asked.chart} {asked.wrong}".rstrip(),
                flush=True,
            )
        if told.pictures and chromium():
            for slug, alerts in draw(superset, told.pictures, slugs).items():
                failed += len(alerts)
                print(f"{told.pictures / slug}.png {' '.join(alerts)}".rstrip())
        if told.stay:
            print(f"{superset.address} as {USER}, {PASSWORD}; Ctrl-C ends it")
            with contextlib.suppress(KeyboardInterrupt, EOFError):
                input()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
