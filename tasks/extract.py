"""Extract: land what the sources hold and is not landed yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tasks.sources.source_files import land_sources
from tasks.warehouse.errors import without_values
from tasks.warehouse.workspace import load_workspace


def extract(root: Path, first: date, last: date) -> list[str]:
    """Land the workspace's files and what its APIs give for a range of days.

    Returns:
        A sentence for each API that was not read to its end.
    """
    with without_values("extract"):
        workspace = load_workspace(root)
        apis = [source for source in workspace.sources if source.kind == "api"]
        if not apis:
            land_sources(workspace)
            return []
        from tasks.sources.api_landing import check_apis, collect_sources

        check_apis(workspace)
        land_sources(workspace)
        collected = collect_sources(workspace, apis, first, last)
        return [found.deferred for found in collected if found.deferred]
