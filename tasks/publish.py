"""Publish: marts, Parquet, manifest and report, swapped as a whole."""

from __future__ import annotations

from pathlib import Path

from tasks.publication.marts import publish_marts
from tasks.warehouse.errors import without_values
from tasks.warehouse.publication import Published
from tasks.warehouse.workspace import load_workspace


def publish(root: Path, run_id: str) -> Published:
    """Publish the marts."""
    with without_values("publish"):
        return publish_marts(load_workspace(root), run_id)
