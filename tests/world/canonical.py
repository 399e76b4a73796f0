"""Worlds as files in the shape of the canonical tables."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import polars as pl

from .json_lines import Compression, open_packed
from .spec import World

TableFormat = Literal["parquet", "csv"]


def write_canonical(
    world: World,
    folder: Path,
    *,
    table_format: TableFormat = "parquet",
    compression: Compression = "none",
) -> None:
    """Write a file per canonical table.

    Args:
        world: what to write.
        folder: made if need be.
        table_format: of the files.
        compression: of CSV files; Parquet packs by itself.
    """
    accounts = pl.concat([world.account_history, world.accounts])
    for name, table in (
        ("accounts", accounts),
        ("posts", world.posts),
        ("post_counters", world.post_counters),
        ("interactions", world.interactions),
        ("follows", world.follows),
    ):
        write_table(table, folder, name, table_format, compression)


def write_table(
    table: pl.DataFrame,
    folder: Path,
    name: str,
    table_format: TableFormat = "parquet",
    compression: Compression = "none",
) -> None:
    """Write one table, as `<name>.parquet` or `<name>.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    if table_format == "parquet":
        table.write_parquet(folder / f"{name}.parquet", row_group_size=200_000)
        return
    lists = [
        column for column, kind in table.schema.items() if kind == pl.List(pl.String)
    ]
    buffer = io.BytesIO()
    table.with_columns(
        pl.format('["{}"]', pl.col(column).list.join('","')).replace('[""]', "[]")
        for column in lists
    ).write_csv(buffer, datetime_format="%Y-%m-%dT%H:%M:%SZ")
    with open_packed(folder / f"{name}.csv", compression) as stream:
        stream.write(buffer.getbuffer())
