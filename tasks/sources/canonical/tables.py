"""Canonical tables in CSV, as spreadsheets and programs write it.

With commas, semicolons or tabulators, in any encoding that can be told. A row of more
or fewer cells than the header has names is rejected alone; empty cells are null.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from tasks.sources.canonical.records import SCHEMAS
from tasks.sources.csv_rows import CsvFile, names_of
from tasks.sources.documents import SCHEMA, Notes, Rejected, UnreadableFileError
from tasks.sources.error_answers import shown
from tasks.sources.file_encodings import UNSEEN
from tasks.sources.file_format import data_stem

_ROWS = 50_000
# So alike are a misspelt name and the one that was meant (difflib's ratio).
_ALIKE = 0.8


def read_table(path: Path, notes: Notes) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a CSV table as JSON documents, batches of `SCHEMA`.

    `position` is the line on which a row begins.

    Raises:
        UnreadableFileError: the file is damaged, or its header names no column.
    """
    columns = SCHEMAS.get(data_stem(path), {})

    def known(names: Sequence[str]) -> int:
        return sum(name.lower() in columns for name in names)

    header: list[str] = []

    def is_header(names: Sequence[str]) -> bool:
        named = [name for name in names if name]
        return names == header or (
            len(named) > 1 and all(name in columns for name in named)
        )

    def fits(cells: list[str]) -> bool:
        return len(cells) == len(header) or is_header(_lower(cells))

    positions: list[int] = []
    documents: list[str] = []
    table = CsvFile(path, notes, known)
    for row in table.rows(fits):
        first = row.cells[0].strip(UNSEEN).lower()
        may_name = not header or first in columns or first == header[0]
        names = _lower(row.cells) if may_name else []
        if not header or (may_name and is_header(names)):
            if not known(names):
                raise UnreadableFileError(no_column(names, columns))
            if twice := [name for name in names if name and names.count(name) > 1]:
                raise UnreadableFileError(f"its header names {twice[0]} twice")
            notes.repeated_headers += bool(header)
            notes.misspelt |= misspelt(names, columns)
            header = names
            continue
        cells = row.cells
        if len(cells) != len(header) and (
            len(cells) < len(header) or any(cells[len(header) :])
        ):
            notes.rejected.append(
                Rejected(row.line, _count_told(cells, header), _dump(cells))
            )
            continue
        positions.append(row.line)
        documents.append(
            _dump(
                {
                    name: cell or None
                    for name, cell in zip(header, cells, strict=False)
                    if name
                }
            )
        )
        if len(positions) == _ROWS:
            yield _batch(positions, documents)
            positions, documents = [], []
    if positions:
        yield _batch(positions, documents)


def _lower(cells: Sequence[str]) -> list[str]:
    return [name.lower() for name in names_of(cells)]


def misspelt(names: Sequence[str], columns: Collection[str]) -> dict[str, str]:
    """Names that are nearly a column's that is missing, with that column.

    Args:
        names: of a table's header.
        columns: that the table can have.

    Raises:
        UnreadableFileError: one of them is a key, a time or a kind: without it the
            rows would say something else.
    """
    free = [column for column in columns if column not in names]
    found = {
        name: close[0]
        for name in names
        if name
        and name not in columns
        and (close := get_close_matches(name.lower(), free, n=1, cutoff=_ALIKE))
    }
    for name, meant in found.items():
        if meant.endswith(("_id", "_at")) or meant in ("kind", "platform"):
            raise UnreadableFileError(
                f"its column {name} is none that it can have: is {meant} meant? Correct"
                " the header, or take the column out"
            )
    return found


def no_column(names: Sequence[str], columns: Collection[str]) -> str:
    """A reason: a header names nothing that is known."""
    near = [
        f"{name} ({close[0]}?)" if (close := get_close_matches(name, columns)) else name
        for name in names[:5]
    ]
    return f"its header names no known column: {', '.join(near)}"


def _count_told(cells: Sequence[str], header: Sequence[str]) -> str:
    more = len(cells) - len(header)
    surplus = f", the last {shown(cells[-1])}" if more > 0 else ""
    return (
        f"{abs(more)} cell{'s' if abs(more) > 1 else ''}"
        f" {'more' if more > 0 else 'less'} than names: the row has {len(cells)},"
        f" the header names {len(header)}{surplus}"
    )


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


def _batch(positions: list[int], documents: list[str]) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.array(positions, pa.int64()),
            pa.nulls(len(positions), pa.int32()),
            pa.array(documents, pa.large_string()),
        ],
        schema=SCHEMA,
    )
