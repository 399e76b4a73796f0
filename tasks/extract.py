"""Extract: land what the sources hold and is not landed yet."""

from __future__ import annotations

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.sources.file_landing import Extracted, land_sources
from tasks.warehouse.errors import without_values
from tasks.warehouse.workspace import load_workspace


@task(name="extract", cache_policy=NO_CACHE)
def extract(root: Path) -> Extracted:
    """Land what the workspace's sources hold."""
    with without_values("extract"):
        return land_sources(load_workspace(root))
