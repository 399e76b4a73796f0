"""Rejected rows on the disk: `quarantine/*.parquet`, read or told."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tasks.warehouse.errors import DamagedError


def read_rejected(file: Path) -> pl.DataFrame:
    """All rows of a file of quarantine.

    Raises:
        DamagedError: it can't be read.
    """
    try:
        return pl.read_parquet(file, glob=False)
    except pl.exceptions.PolarsError:
        raise DamagedError(file) from None


def damaged_files(folder: Path) -> list[Path]:
    """Files of rejected rows that can't be read."""
    found = []
    for file in sorted(folder.glob("*.parquet")):
        try:
            read_rejected(file)
        except DamagedError:
            found.append(file)
    return found
