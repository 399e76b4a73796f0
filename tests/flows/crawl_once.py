"""`python -m tests.flows.crawl_once WORKSPACE MOMENT FIRST LAST`: crawl, at a moment.

What extract does to API sources, by a clock that stands: two crawls give the same
bytes. A process of its own, so that a test can kill it.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from tasks.sources.api_landing import collect_source
from tasks.warehouse.workspace import load_workspace
from tests.flows.clock import StandingClock


def crawl_once(root: Path, moment: float, first: date, last: date) -> None:
    """Crawl every source once, to its end."""
    workspace = load_workspace(root)
    for source in workspace.sources:
        done = collect_source(workspace, source, first, last, StandingClock(moment))
        assert done.deferred is None, done.deferred


if __name__ == "__main__":
    root, moment, *days = sys.argv[1:]
    first, last = map(date.fromisoformat, days)
    crawl_once(Path(root), float(moment), first, last)
