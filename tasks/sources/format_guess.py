"""Which format reads some files, told by reading their first records as each of them.

For people who named another one, or none. A format reads a file where most of its
first records are of a known kind; of several that do it is the one that knows the most
of their keys. Cost: the beginning of three files, read once a format.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.sources.canonical.records import SCHEMAS
from tasks.sources.canonical.tables import read_table
from tasks.sources.documents import (
    Notes,
    UnreadableFileError,
    open_text,
    read_documents,
    split_document,
)
from tasks.sources.file_format import FileFormat, data_stem, data_suffix
from tasks.sources.networks import FORMATS, RAW_TABLES
from tasks.warehouse.networks import API_FORMATS, DEFAULT_PLATFORM, TABLE_FORMAT
from tasks.warehouse.raw_tables import CONTEXT, TABLE_CONTEXT
from tasks.warehouse.temporary import temporary_folder

_LOOKED_AT = 3
_RECORDS = 200
# A file that is one document is read whole or not at all.
_LARGEST = 4 << 20
_TEXTS = (".json", ".jsonl", ".ndjson")
# Of the records of a format so many have a kind, and of a table's columns a meaning.
_ENOUGH = 0.5


def guess_format(path: Path) -> str:
    """The format of an export, told from its records, else from names of its files.

    JSON that tells nothing is taken for answers of the default network's API, the most
    general.
    """
    files = [path]
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
    suffixes = {suffix for form in FORMATS.values() for suffix in form.suffixes}
    exports = [file for file in files if data_suffix(file) in suffixes]
    if found := formats_that_read(exports):
        return found[0]
    for form in FORMATS.values():
        if any(
            data_stem(file) in form.file_kinds and data_suffix(file) in form.suffixes
            for file in files
        ):
            return form.name
    return API_FORMATS[DEFAULT_PLATFORM]


def formats_that_read(files: Sequence[Path]) -> list[str]:
    """Formats that read some files, the likeliest first; empty where none does.

    Args:
        files: of one export; three of them are looked at, spread over the list.
    """
    places = sorted({0, len(files) // 2, len(files) - 1}) if files else []
    chosen = [files[place] for place in places][:_LOOKED_AT]
    fits: dict[str, float] = {}
    with temporary_folder("guess") as folder, duckdb.connect() as connection:
        looked = [_beginning(file, folder / str(n)) for n, file in enumerate(chosen)]
        for form in FORMATS.values():
            if form.name == TABLE_FORMAT:
                continue  # it reads any, once somebody says what the columns are
            found = [_fit(connection, file, form) for file in looked if file]
            if found and fmean(found) > 0:
                fits[form.name] = fmean(found)
    order = list(FORMATS)
    return sorted(
        fits,
        # Names of files say more than what several formats have in common.
        key=lambda name: (
            -round(fits[name], 2),
            not FORMATS[name].file_kinds,
            order.index(name),
        ),
    )


def _beginning(file: Path, folder: Path) -> Path | None:
    """A file whose first records can be read at little cost; None where it can't.

    Of long files of lines a copy of the first ones.
    """
    try:
        if data_suffix(file) not in _TEXTS or file.stat().st_size <= _LARGEST:
            return file
        with open_text(file, Notes()) as (head, _):
            lines = head.split(b"\n", _RECORDS)[:_RECORDS]
    except (UnreadableFileError, OSError):
        return None
    if len(lines) < _RECORDS:
        return None
    # Folders tell the root of a thread, or the network.
    copy = folder / file.parent.name / f"{data_stem(file)}{data_suffix(file)}"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"\n".join(lines) + b"\n")
    return copy


def _fit(connection: duckdb.DuckDBPyConnection, file: Path, form: FileFormat) -> float:
    """How much of a file's first records a format knows; 0 where it reads it not."""
    if data_suffix(file) not in form.suffixes:
        return 0.0
    if form.file_kinds and data_stem(file) not in form.file_kinds:
        return 0.0
    try:
        records = _records(file, form)
    except (UnreadableFileError, OSError, ValueError, pa.ArrowException):
        return 0.0
    if not records:
        return 0.0
    keys = [_keys_of(form, kind) for kind in _kinds(connection, file, records, form)]
    known = [one is not None for one in keys]
    if fmean(known) < _ENOUGH:
        return 0.0
    fit = fmean(
        _share_known(json.loads(record), names) if names is not None else 0.0
        for record, names in zip(records, keys, strict=True)
    )
    # Any table has a column that some program has, too.
    return fit if data_suffix(file) in _TEXTS or fit >= _ENOUGH else 0.0


def _records(file: Path, form: FileFormat) -> list[str]:
    notes = Notes()
    if form.file_kinds.keys() == SCHEMAS.keys():
        if data_suffix(file) != ".csv":  # what counts are the names of its columns
            return [json.dumps(dict.fromkeys(pq.read_schema(file).names))]
        batches = read_table(file, notes)
    else:
        batches = (form.read or read_documents)(file, notes, form.split)
    found: list[str] = []
    for batch in islice(batches, 1):
        for text in batch.column("document").to_pylist()[:_RECORDS]:
            found += split_document(text, form.split)
    return found[:_RECORDS]


def _kinds(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    records: Sequence[str],
    form: FileFormat,
) -> list[str | None]:
    paths = ", ".join(f"'{path}'" for path in form.paths)
    # The expressions come from the networks' modules, never from data.
    rows = connection.execute(
        f"""
        select {form.kind_sql}
        from (
            select
                place, cast($file_kind as varchar) as file_kind,
                try(json_extract_string(record, [{paths}])) as parts
            from (
                select
                    unnest($records) as record,
                    unnest(range(len($records))) as place
            )
        )
        order by place
        """,
        {"records": list(records), "file_kind": form.file_kinds.get(data_stem(file))},
    ).fetchall()
    return [kind for (kind,) in rows]


def _keys_of(form: FileFormat, kind: str | None) -> frozenset[str] | None:
    """Keys that a format's tables read of records of a kind; None for no kind."""
    tables = [
        table
        for table in RAW_TABLES.values()
        if form.name in table.formats and kind in table.kinds
    ]
    if not tables:
        return frozenset() if kind in form.kept_kinds else None
    return frozenset(name for table in tables for name in table.schema)


def _share_known(record: Any, names: frozenset[str]) -> float:
    own = record.keys() - {CONTEXT, TABLE_CONTEXT} if isinstance(record, dict) else ()
    return sum(name in names for name in own) / len(own) if own else 0.0
