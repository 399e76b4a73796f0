"""Validate: landed records to staging; what fails a rule goes to quarantine."""

from __future__ import annotations

from pathlib import Path

from tasks.staging.stage import Validated, stage_batches
from tasks.warehouse.errors import without_values
from tasks.warehouse.workspace import load_workspace


def validate(root: Path, run_id: str) -> Validated:
    """Stage what is landed."""
    with without_values("validate"):
        return stage_batches(load_workspace(root), run_id)
