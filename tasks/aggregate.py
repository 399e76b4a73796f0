"""Aggregate: campaign marts for the covered days, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tasks.marts.build import Aggregated, build_marts
from tasks.warehouse.errors import (
    without_values,
)
from tasks.warehouse.workspace import load_workspace


def aggregate(
    root: Path,
    run_id: str,
    first: date,
    last: date,
    *,
    catches_up: bool = False,
    forces: bool = False,
    tables: Sequence[str] = (),
) -> Aggregated:
    """Cover a window of days with marts."""
    with without_values("aggregate"):
        return build_marts(
            load_workspace(root),
            run_id,
            first,
            last,
            catches_up=catches_up,
            forces=forces,
            tables=tables,
        )
