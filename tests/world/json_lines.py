"""JSON as text, a column at a time; compressed files that repeat to the byte."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import polars as pl
import zstandard

Compression = Literal["none", "gz", "zst"]


def escaped(column: str) -> pl.Expr:
    """A text column as the inside of a JSON string."""
    return (
        pl.col(column)
        .fill_null("")
        .str.replace_all("\\", "\\\\", literal=True)
        .str.replace_all('"', '\\"', literal=True)
        .str.replace_all("\n", "\\n", literal=True)
    )


def weibo_time(moment: pl.Expr) -> pl.Expr:
    """A UTC time as Weibo writes it, in Chinese time."""
    local = moment.dt.replace_time_zone(None).dt.offset_by("8h")
    return local.dt.strftime("%a %b %d %H:%M:%S +0800 %Y")


def flag(column: str) -> pl.Expr:
    """A boolean column as JSON."""
    return pl.when(column).then(pl.lit("true")).otherwise(pl.lit("false"))


@contextmanager
def open_packed(path: Path, compression: Compression) -> Iterator[IO[bytes]]:
    """Open a file to write, with the compression's suffix on its name."""
    if compression == "none":
        with path.open("wb") as stream:
            yield stream
    elif compression == "gz":
        # Without a name and a time in its head the file repeats to the byte.
        with (
            path.with_name(f"{path.name}.gz").open("wb") as stream,
            gzip.GzipFile("", "wb", 1, stream, mtime=0) as packed,
        ):
            yield packed  # type: ignore[misc]
    else:
        packer = zstandard.ZstdCompressor(level=1)
        with (
            path.with_name(f"{path.name}.zst").open("wb") as stream,
            packer.stream_writer(stream) as packed,
        ):
            yield packed


def write_column(stream: IO[bytes], column: pl.Series) -> None:
    """Write the texts of a column as lines."""
    if not len(column):
        return
    buffer = io.BytesIO()
    column.to_frame("line").write_csv(buffer, include_header=False, quote_style="never")
    stream.write(buffer.getbuffer())
