"""Publish: marts, Parquet, manifest and report, swapped as a whole."""

from __future__ import annotations

from pathlib import Path

from tasks.publication.elsewhere import show_elsewhere
from tasks.publication.marts import publish_marts
from tasks.sources.erasure_marker import is_pending
from tasks.warehouse.errors import without_values
from tasks.warehouse.publication import Published
from tasks.warehouse.workspace import load_workspace


def publish(root: Path, run_id: str) -> Published:
    """Publish the marts, in files and where else the workspace says."""
    with without_values("publish"):
        workspace = load_workspace(root)
        published = publish_marts(workspace, run_id)
        show_elsewhere(workspace, keeps_before=not is_pending(root))
        return published
