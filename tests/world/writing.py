"""One function for all formats."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from .canonical import TableFormat, write_canonical
from .json_lines import Compression
from .mweibo import write_mweibo
from .spec import World
from .weibo_api import Layout, write_weibo_api

Format = Literal["weibo-api", "mweibo", "canonical"]


def write(
    world: World,
    folder: Path,
    format: Format = "weibo-api",
    *,
    compression: Compression = "none",
    layout: Layout = "lines",
    shards: int = 1,
    table_format: TableFormat = "parquet",
) -> None:
    """Write a world to a folder.

    Args:
        world: what to write.
        folder: made if need be.
        format: which of the product's input formats.
        compression: of JSON and CSV files.
        layout: of `weibo-api` files.
        shards: files of `weibo-api` reposts and comments each.
        table_format: of `canonical` files.
    """
    if format == "weibo-api":
        write_weibo_api(
            world, folder, compression=compression, layout=layout, shards=shards
        )
    elif format == "mweibo":
        write_mweibo(world, folder, compression=compression)
    elif format == "canonical":
        write_canonical(
            world, folder, table_format=table_format, compression=compression
        )
    else:
        raise ValueError(f"format is one of {get_args(Format)}, not {format!r}")
