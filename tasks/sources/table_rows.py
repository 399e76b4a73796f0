"""Rows of any table: CSV, spreadsheets, Parquet, SQLite; a header, then cells as texts.

Values come through as they are written: numbers without what programs put around them,
times in ISO form without a zone where they have none. Whole numbers that a program kept
as floats are ids while they are exact; beyond that they stay the float that they are,
and are read as no id. Read a row at a time: memory for a row, and for a spreadsheet's
own table of texts, which has a limit.
"""

from __future__ import annotations

import math
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.sources.csv_rows import CsvFile
from tasks.sources.documents import (
    SCHEMA,
    Notes,
    Rejected,
    UnreadableFileError,
    expands_to,
    open_regular,
)
from tasks.sources.error_answers import shown
from tasks.sources.file_encodings import UNSEEN
from tasks.sources.file_format import data_suffix

CSV = (".csv", ".tsv")
SPREADSHEETS = (".xlsx", ".xlsm")
PARQUET = (".parquet",)
DATABASES = (".db", ".sqlite", ".sqlite3")
SUFFIXES = (*CSV, *SPREADSHEETS, *PARQUET, *DATABASES)

# Beyond this a float does not hold every whole number.
_EXACT = 1 << 53
# Lines above a spreadsheet's header (a title, the day of the export).
_LINES_ABOVE = 20
# A spreadsheet's texts stand in memory; they take some four times as much there.
_LARGEST_TEXTS = 128 << 20
_TEXTS = "xl/sharedStrings.xml"
_ROWS = 5_000
_SHOWN_NAMES = 12


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row as texts.

    Attributes:
        position: the line of a text file; else the number of the row, header included.
        cells: as many as the header has names; None for an empty one.
    """

    position: int
    cells: tuple[str | None, ...]


# How many of some names are known: tells the header, and what parts cells.
Known = Callable[[Sequence[str]], int]


def read_rows(
    path: Path, notes: Notes, known: Known, part: str | None = None
) -> Iterator[TableRow]:
    """Yield the header of a table as its first row, then its rows.

    Rows of more cells than the header has names, or of fewer in a text file, go to
    `notes.rejected`.

    Args:
        path: its suffix tells the form; text files may be packed.
        notes: takes what is rejected or left out.
        known: see `Known`.
        part: the sheet, or the table of a database; the only one where None.

    Raises:
        UnreadableFileError: the file is damaged, or no such table.
    """
    suffix = data_suffix(path)
    if suffix in CSV:
        yield from _csv_rows(path, notes, known)
        return
    if path.suffix.lower() != suffix:
        raise UnreadableFileError(f"a packed {suffix} file: unpack it first")
    if suffix in SPREADSHEETS:
        yield from _sheet_rows(path, notes, known, part)
    elif suffix in PARQUET:
        yield from _parquet_rows(path)
    else:
        yield from _database_rows(path, notes, part)


def bare_names(cells: Sequence[str | None]) -> list[str]:
    """Names of columns, bare of marks and blanks; none for empty cells at the end."""
    names = [(cell or "").strip(UNSEEN).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def listed(names: Sequence[str]) -> str:
    """Some names for a sentence, as they are."""
    more = len(names) - _SHOWN_NAMES
    told = ", ".join(shown(name) for name in names[:_SHOWN_NAMES])
    return f"{told} and {more} more" if more > 0 else told


def _csv_rows(path: Path, notes: Notes, known: Known) -> Iterator[TableRow]:
    header: list[str] = []

    def fits(cells: list[str]) -> bool:
        return len(cells) == len(header) or bare_names(cells) == header

    for row in CsvFile(path, notes, known).rows(fits):
        if not header:
            header = bare_names(row.cells)
            yield TableRow(row.line, tuple(header))
        elif bare_names(row.cells) == header:
            notes.repeated_headers += 1
        elif (cells := _as_wide(row.cells, len(header))) is None:
            notes.rejected.append(
                Rejected(
                    row.line,
                    count_told(row.cells, header),
                    orjson.dumps(row.cells).decode(),
                )
            )
        else:
            yield TableRow(row.line, tuple(cell or None for cell in cells))


def _as_wide(cells: Sequence[str], width: int) -> Sequence[str] | None:
    """As many cells as there are names; None where they don't tell which is which."""
    if len(cells) < width or any(cells[width:]):
        return None
    return cells[:width]


def count_told(cells: Sequence[str], header: Sequence[str]) -> str:
    """How a row's cells and the header's names don't match, in words."""
    more = len(cells) - len(header)
    surplus = f", the last {shown(cells[-1])}" if more > 0 else ""
    return (
        f"{abs(more)} cell{'s' if abs(more) > 1 else ''}"
        f" {'more' if more > 0 else 'less'} than names: the row has {len(cells)},"
        f" the header names {len(header)}{surplus}"
    )


# --- spreadsheets ------------------------------------------------------------


def _sheet_rows(
    path: Path, notes: Notes, known: Known, part: str | None
) -> Iterator[TableRow]:
    with _workbook(path) as (book, computed):
        sheet = _chosen_sheet(book, notes, part)
        rows = _texts_of(sheet, computed[sheet.title])
        yield from _rows_below_header(rows, notes, known)


@contextmanager
def _workbook(path: Path) -> Iterator[tuple[Any, Any]]:
    """A spreadsheet, opened to be read row by row.

    Yields:
        It with formulas, and with what these were computed to.

    Raises:
        UnreadableFileError: damaged, also while it is read; or no spreadsheet.
    """
    from openpyxl import load_workbook  # the slowest import of all, for few files

    with open_regular(path) as handle:
        size = path.stat().st_size
        try:
            with zipfile.ZipFile(handle) as packed:
                sizes = {one.filename: one.file_size for one in packed.infolist()}
        except zipfile.BadZipFile:
            handle.seek(0)
            if handle.read(4) == b"\xd0\xcf\x11\xe0":
                raise UnreadableFileError(
                    "a spreadsheet with a password, or of before 2007: save it as .xlsx"
                    " without one"
                ) from None
            raise UnreadableFileError("no spreadsheet: it can't be unpacked") from None
        if sum(sizes.values()) > expands_to(size):
            raise UnreadableFileError(
                f"expands to more than {expands_to(size) >> 20:,} MB, too many times"
                " its size"
            )
        if sizes.get(_TEXTS, 0) > _LARGEST_TEXTS:
            raise UnreadableFileError(
                f"its texts take more than {_LARGEST_TEXTS >> 20} MB: save it as CSV"
            )
        handle.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and of what it leaves out
            try:
                books = [
                    load_workbook(
                        handle, read_only=True, data_only=is_computed, keep_links=False
                    )
                    for is_computed in (False, True)
                ]
                yield books[0], books[1]
            except UnreadableFileError:
                raise
            # The library lets any error of what it reads through.
            except Exception as error:
                raise UnreadableFileError(
                    f"no spreadsheet that can be read: {type(error).__name__}"
                ) from None


def read_sheets(path: Path, notes: Notes, known: Known) -> Iterator[Iterator[TableRow]]:
    """All sheets of a spreadsheet, each as `read_rows` gives one; read them in order.

    Raises:
        UnreadableFileError: it is damaged, or none.
    """
    with _workbook(path) as (book, computed):
        for sheet in book.worksheets:
            rows = _texts_of(sheet, computed[sheet.title])
            yield _rows_below_header(rows, notes, known)


def _chosen_sheet(book: Any, notes: Notes, part: str | None) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    if part is not None:
        if part not in names:
            raise UnreadableFileError(
                f"it has no sheet {shown(part)}: it has {listed(names)}"
            )
        return book[part]
    if not names:
        raise UnreadableFileError("it has no sheet with cells")
    if others := names[1:]:
        notes.told.append(
            f"its first sheet {shown(names[0])} is read, {listed(others)}"
            f" {'is' if len(others) == 1 else 'are'} not: name another one as sheet"
        )
    return book.worksheets[0]


def _texts_of(sheet: Any, computed: Any) -> Iterator[TableRow]:
    """Rows with anything in them, as wide as they are written.

    What a formula was computed to; where nobody ever computed it, it is what somebody
    wrote, which began with a =.
    """
    for one in (sheet, computed):  # what a file says of its own extent may be wrong
        one.reset_dimensions()
    others: Iterator[tuple[int, Any]] | None = None
    place = 0
    values: Any = ()
    for position, cells in enumerate(sheet.iter_rows(), start=1):
        if any(cell.data_type == "f" for cell in cells):
            others = others or enumerate(computed.iter_rows(), start=1)
            while place < position:
                place, values = next(others)
            texts = tuple(
                _cell_text(value) or _cell_text(cell)
                for cell, value in zip(cells, values, strict=True)
            )
        else:
            texts = tuple(map(_cell_text, cells))
        if any(texts):
            yield TableRow(position, texts)


def _rows_below_header(
    rows: Iterator[TableRow], notes: Notes, known: Known
) -> Iterator[TableRow]:
    first: list[TableRow] = []
    for row in rows:
        first.append(row)
        if len(first) > _LINES_ABOVE:
            break
    if not first:
        return
    counts = [known(bare_names(row.cells)) for row in first]
    place = counts.index(max(counts))
    if place:
        notes.told.append(f"what stands above row {first[place].position} is no header")
    header = bare_names(first[place].cells)
    yield TableRow(first[place].position, tuple(header))
    width = len(header)
    for row in first[place + 1 :]:
        yield from _below(row.position, row.cells, width, notes)
    for row in rows:
        yield from _below(row.position, row.cells, width, notes)


def _below(
    position: int, texts: tuple[str | None, ...], width: int, notes: Notes
) -> Iterator[TableRow]:
    """A row as wide as the header; what stands beside all names is rejected."""
    if any(texts[width:]):
        cells = [text or "" for text in texts]
        while not cells[-1]:
            cells.pop()
        notes.rejected.append(
            Rejected(
                position,
                f"a cell stands beside all {width} named columns: {shown(cells[-1])}",
                orjson.dumps(cells).decode(),
            )
        )
        return
    filled = texts[:width] + (None,) * (width - len(texts))
    yield TableRow(position, filled)


def _cell_text(cell: Any) -> str | None:
    value = cell.value
    if value is None or value == "" or cell.data_type == "e":
        return None
    if (
        isinstance(value, datetime)
        and value.time() == time()
        and "h" not in (cell.number_format or "").lower()
    ):
        return value.date().isoformat()
    return text_of(getattr(value, "text", value))  # of a formula for several cells


# --- Parquet and databases ---------------------------------------------------


def _parquet_rows(path: Path) -> Iterator[TableRow]:
    try:
        with open_regular(path) as handle, pq.ParquetFile(handle) as table:
            yield TableRow(0, tuple(table.schema_arrow.names))
            position = 0
            for batch in table.iter_batches(_ROWS):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    position += 1
                    yield TableRow(position, tuple(map(text_of, values)))
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableFileError(f"not a table: {first}") from None


@contextmanager
def open_database(path: Path) -> Iterator[tuple[sqlite3.Connection, list[str]]]:
    """Open an SQLite database to read; never written to, never waited for.

    Yields:
        The connection and the names of its tables.

    Raises:
        UnreadableFileError: it is none, or a part of it is not written in yet.
    """
    if path.suffix.lower() in (".gz", ".zst"):
        raise UnreadableFileError("a packed database: unpack it first")
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise UnreadableFileError(
            f"part of it stands in {log.name} yet: end the program, which writes it in"
        )
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            # Bytes that are no UTF-8 cost the cell, not the table.
            database.text_factory = lambda raw: raw.decode(errors="replace")
            names = [
                row[0]
                for row in database.execute(
                    "select name from sqlite_master where type = 'table'"
                    " and name not like 'sqlite~_%' escape '~' order by name"
                )
            ]
            yield database, names
    except sqlite3.Error as error:
        raise UnreadableFileError(f"no readable SQLite database: {error}") from None


def table_cells(
    database: sqlite3.Connection, table: str
) -> Iterator[tuple[str | None, ...]]:
    """The names of a table's columns, then its rows as texts, in the order written."""
    quoted = table.replace('"', '""')
    # The name stands in the database itself, quoted. (Not all tables have a rowid.)
    cursor = database.execute(f'select * from "{quoted}"')
    yield tuple(column[0] for column in cursor.description)
    for row in cursor:
        yield tuple(map(text_of, row))


def _database_rows(path: Path, notes: Notes, part: str | None) -> Iterator[TableRow]:
    with open_database(path) as (database, names):
        if part is None:
            if len(names) != 1:
                raise UnreadableFileError(
                    f"it has {len(names)} tables ({listed(names)}): name one as sheet"
                )
            part = names[0]
        elif part not in names:
            raise UnreadableFileError(
                f"it has no table {shown(part)}: it has {listed(names)}"
            )
        for position, cells in enumerate(table_cells(database, part)):
            yield TableRow(position, cells)


def text_of(value: Any) -> str | None:
    """A value as the text that it would have in a file of text."""
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        return repr(value)
    if isinstance(value, datetime | date | time):
        return (
            value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
        )
    if isinstance(value, list | dict):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def as_batches(records: Iterator[tuple[int, int | None, Any]]) -> Iterator[Any]:
    """Position, item and record of each -> batches of `SCHEMA`."""
    positions: list[int] = []
    items: list[int | None] = []
    documents: list[str] = []
    for position, item, record in records:
        positions.append(position)
        items.append(item)
        documents.append(orjson.dumps(record).decode())
        if len(positions) >= _ROWS:
            yield _batch(positions, items, documents)
            positions, items, documents = [], [], []
    if positions:
        yield _batch(positions, items, documents)


def _batch(
    positions: list[int], items: list[int | None], documents: list[str]
) -> pa.RecordBatch:
    return pa.record_batch(
        [
            pa.array(positions, pa.int64()),
            pa.array(items, pa.int32()),
            pa.array(documents, pa.large_string()),
        ],
        schema=SCHEMA,
    )
