"""Landing of files: those of a batch to records, or to quarantine.

Of a file that changed only those records land that it did not give before. Cost: linear
in the bytes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tasks.sources.canonical.records import SCHEMAS
from tasks.sources.canonical.tables import misspelt, no_column, read_table
from tasks.sources.documents import (
    KEPT_CHARACTERS,
    MOST_REJECTED,
    SCHEMA,
    Notes,
    Rejected,
    UnreadableFileError,
    expands_to,
    read_documents,
    split_document,
)
from tasks.sources.erasure import Landed, keep_out_erased
from tasks.sources.error_answers import (
    PAGE,
    explain_error,
    shown,
)
from tasks.sources.file_encodings import UTF8
from tasks.sources.file_format import FileFormat, data_stem, data_suffix
from tasks.sources.input_file import SAID_AT_MOST, InputFile, told_with_reasons
from tasks.sources.landed_before import (
    Context,
    LandedBefore,
    history_of,
    read_landed,
    without_rejected,
)
from tasks.sources.networks import FORMATS, RAW_TABLES
from tasks.warehouse import landing
from tasks.warehouse.configuration import Source
from tasks.warehouse.database import tune
from tasks.warehouse.errors import StepFailedError
from tasks.warehouse.networks import NETWORKS, PLATFORMS
from tasks.warehouse.progress import Meter, say
from tasks.warehouse.rejected import hide_erased, rejected_of
from tasks.warehouse.table_mapping import TableMapping
from tasks.warehouse.whole_files import replacing
from tasks.warehouse.workspace import Workspace, utc_naive

# Days that get a folder of their own; others wait with those that are unknown.
FIRST_DAY = "2000-01-01"
LAST_DAY = "2100-01-01"
# Records are larger than text that is packed: they name each cell.
_EXPANSION = 4
# Records on their way into Parquet together.
BYTES_AT_ONCE = 8 << 20
# Columns that are the same for all records of a file.
_REPEATED = ["source", "path", "sha256", "format"]

_NAME = pa.dictionary(pa.int32(), pa.string())
# Documents with what is known of their file, the same for all of a batch. (Joined
# to them later, DuckDB would keep all documents in memory.)
STREAM = pa.schema(
    [
        ("path", _NAME),
        ("sha256", _NAME),
        ("file_kind", _NAME),
        ("root_id", _NAME),
        ("observed_at", pa.timestamp("us")),
        *SCHEMA,
    ]
)

QUARANTINE = {
    "source": pl.String,
    "platform": pl.String,
    "path": pl.String,
    "position": pl.Int64,
    "item": pl.Int32,
    "reason": pl.String,
    "record": pl.String,
}


@dataclass
class _Reading:
    """One pass over a batch of files and what it found broken."""

    files: list[InputFile]
    platform: str
    source: str
    before: LandedBefore
    observed_at: datetime | None
    encoding: str | None = None
    table: TableMapping | None = None
    time_zone: str | None = None
    notes: dict[int, Notes] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    # How many records each file must have landed: documents that it gave, but for
    # those that were rejected, and with what answers among them held instead.
    due: Counter[int] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)

    def take(
        self, batch: pa.RecordBatch, number: int, form: FileFormat
    ) -> pa.RecordBatch:
        """What of a file's documents did not land before, with what is known of it."""
        file = self.files[number]
        context = Context(self.observed_at, form.name, _root_of(file, form))
        fresh = self.before.without_known(batch, file.shown_path, context)
        self.due[number] += len(fresh)
        self.known[file.shown_path] += len(batch) - len(fresh)
        return _tagged(fresh, file, form)

    @property
    def rejected(self) -> list[tuple[int, Rejected]]:
        """By number of the file."""
        return [
            (number, item)
            for number, notes in sorted(self.notes.items())
            for item in notes.rejected
        ]


def shut_out(
    workspace: Workspace, source: Source, folder: Path, quarantine: pl.DataFrame
) -> pl.DataFrame:
    """Leave out who was erased before of what is about to be landed.

    Returns:
        The rejected records without theirs.
    """
    names_its = FORMATS[source.format].names_networks
    platforms = PLATFORMS if names_its else (source.platform,)
    landed = Landed(
        tuple(sorted(folder.rglob("*.parquet"))),
        source.platform if names_its else None,
    )
    keep_out_erased(workspace.root, landed, platforms)
    return hide_erased(workspace.root, quarantine, platforms)


def land_batch(
    workspace: Workspace,
    source: Source,
    files: list[InputFile],
    log: list[landing.Batch],
    meter: Meter,
) -> landing.Batch:
    """Land new files of a source together, as one batch of the log."""
    form = FORMATS[source.format]
    history = history_of(log, source.name, [file.shown_path for file in files])
    # What lands of a file depends on what landed of it before.
    mapping = source.read_as
    identity = json.dumps(
        [source.name, source.platform, source.format, *filter(None, [mapping])]
        + [
            [
                file.shown_path,
                file.sha256,
                *filter(None, [file.beside]),
                *sorted(one.batch_id for one in history.get(file.shown_path, ())),
            ]
            for file in files
        ]
    )
    batch_id = hashlib.sha256(identity.encode()).hexdigest()[:16]
    before = read_landed(workspace.landing, history, source.name)
    connection = duckdb.connect()
    tune(connection, workspace.root / ".spill")
    connection.execute("set arrow_large_buffer_size = true")

    unreadable: dict[str, str] = {}
    while True:
        folder = landing.new_folder(workspace.landing, batch_id)
        readable = [file for file in files if file.shown_path not in unreadable]
        reading = _Reading(
            readable,
            source.platform,
            source.name,
            before,
            observed_by(workspace, source),
            source.encoding,
            source.table,
            source.time_zone,
        )
        stream = _stream(connection, reading, form, meter)
        copy_records(connection, workspace, source, form, stream, folder)
        if not reading.unreadable:
            rejected = _second_look(
                connection, workspace, source, form, reading, folder
            )
        if not reading.unreadable:
            break
        # What a damaged file gave before it broke must not stay: once more
        # without it.
        for number, why in reading.unreadable.items():
            unreadable[readable[number].shown_path] = told_as_error(form, source, why)

    _check_sums(reading, _count_landed(connection, folder))
    taken = _tell_notes(readable, reading)
    quarantine = shut_out(
        workspace,
        source,
        folder,
        _quarantine_frame(source, reading, unreadable, rejected),
    )
    told = dict(quarantine.group_by("path").len().iter_rows())
    quarantine = without_rejected(quarantine, workspace.quarantine, history)
    landed = _count_landed(connection, folder)
    connection.close()
    before.close()
    bad = dict(quarantine.group_by("path").len().iter_rows())
    inputs = [
        landing.LandedFile(
            source=source.name,
            path=file.shown_path,
            size=file.size,
            mtime_ns=file.mtime_ns,
            sha256=file.sha256,
            records=landed.get(file.shown_path, 0),
            quarantined=bad.get(file.shown_path, 0),
            known=reading.known[file.shown_path]
            + told.get(file.shown_path, 0)
            - bad.get(file.shown_path, 0),
            error=unreadable.get(file.shown_path),
            encoding=taken.get(file.shown_path),
            beside=file.beside,
            mapping=mapping,
        )
        for file in files
    ]
    if len(quarantine):
        workspace.quarantine.mkdir(exist_ok=True)
        target = rejected_of(workspace.quarantine, batch_id)
        with replacing(target) as beside:
            quarantine.write_parquet(beside)
        for line in told_with_reasons(sorted(unreadable.items())):
            say(f"  quarantined whole: {line}")
    return landing.commit(
        workspace.landing,
        batch_id,
        folder,
        source.platform,
        form.name,
        inputs,
        workspace.now(),
    )


def _count_landed(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> dict[str, int]:
    """How many records of each file wait to be landed."""
    written = landing.as_patterns(folder.rglob("*.parquet"))
    if not written:
        return {}
    rows = connection.execute(
        "select path, count(*) from read_parquet($files) group by path",
        {"files": written},
    )
    return dict(rows.fetchall())


def _check_sums(reading: _Reading, landed: Mapping[str, int]) -> None:
    """Hold what was read against what is to be landed: nothing goes silently.

    Raises:
        StepFailedError: of some file more or fewer records than it gave.
    """
    for number, file in enumerate(reading.files):
        due, found = reading.due[number], landed.get(file.shown_path, 0)
        if due != found:
            raise StepFailedError(
                f"{file.shown_path} gave {due:,} records, and {found:,} of them would"
                " land: a fault of this program. Nothing of this source was landed."
            )


def _tell_notes(files: list[InputFile], reading: _Reading) -> dict[str, str]:
    """Say what was read in another encoding, and which headers were skipped.

    Returns:
        The encoding by path, where it isn't UTF-8.
    """
    taken = {
        files[number].shown_path: notes.encoding
        for number, notes in sorted(reading.notes.items())
        if notes.encoding != UTF8
    }
    for path, encoding in itertools.islice(taken.items(), SAID_AT_MOST):
        say(f"  read as {encoding.upper()}: {path}")
    if len(taken) > SAID_AT_MOST:
        say(f"  and {len(taken) - SAID_AT_MOST:,} more files that are no UTF-8")
    for number, notes in sorted(reading.notes.items()):
        for name, meant in notes.misspelt.items():
            say(
                f"  warning: {files[number].shown_path}: its column {name} is unknown"
                f" and left out: is {meant} meant?"
            )
        for what in notes.told:
            say(f"  {files[number].shown_path}: {what}")
    if headers := sum(notes.repeated_headers for notes in reading.notes.values()):
        say(f"  {headers:,} repeated headers are no rows and left out")
    return taken


def _stream(
    connection: duckdb.DuckDBPyConnection,
    reading: _Reading,
    form: FileFormat,
    meter: Meter,
) -> Iterator[pa.RecordBatch]:
    for number, file in enumerate(reading.files):
        if form.file_kinds and data_stem(file.path) not in form.file_kinds:
            expected = ", ".join(form.file_kinds)
            reading.unreadable[number] = (
                f"its name tells no kind of record: call it one of {expected}"
            )
            continue
        notes = reading.notes[number] = Notes(
            reading.encoding,
            reading.table,
            reading.observed_at,
            reading.time_zone,
        )
        try:
            if form.name != "canonical":
                read = form.read or read_documents
                batches = read(file.path, notes, form.split)
            elif data_suffix(file.path) == ".csv":
                batches = read_table(file.path, notes)
            else:
                batches = _read_parquet(connection, file.path, notes)
            left = _EXPANSION * expands_to(file.size)
            for batch in batches:
                left -= batch.nbytes
                if left < 0:
                    raise UnreadableFileError(
                        "its records take more than"
                        f" {_EXPANSION * expands_to(file.size) >> 20:,} MB, too many"
                        " times its size"
                    )
                yield reading.take(batch, number, form)
        except UnreadableFileError as error:
            reading.unreadable[number] = str(error)
        meter.advance(file.size)


def _tagged(batch: pa.RecordBatch, file: InputFile, form: FileFormat) -> pa.RecordBatch:
    """A batch of documents in the form of `STREAM`."""
    constants = (
        file.shown_path,
        file.sha256,
        form.file_kinds.get(data_stem(file.path)),
        _root_of(file, form),
    )
    rows = np.zeros(len(batch), np.int32)
    columns = [
        pa.DictionaryArray.from_arrays(
            pa.array(rows, mask=rows == 0 if value is None else None),
            pa.array([value or ""], pa.string()),
        )
        for value in constants
    ]
    unknown = pa.nulls(len(batch), pa.timestamp("us"))
    return pa.record_batch([*columns, unknown, *batch.columns], schema=STREAM)


def _root_of(file: InputFile, form: FileFormat) -> str | None:
    """The root post that the folder of a file tells."""
    return file.path.parent.name if form.folder_is_root else None


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, notes: Notes
) -> Iterator[pa.RecordBatch]:
    """Rows of a Parquet file as JSON documents.

    Raises:
        UnreadableFileError: the file is no table of its kind.
    """
    cursor = connection.cursor()
    tune(cursor, path.parent)
    try:
        names = pq.read_schema(path).names
        columns = SCHEMAS[data_stem(path)]
        if not any(name in columns for name in names):
            raise UnreadableFileError(no_column(names, columns))
        notes.misspelt |= misspelt(names, columns)
        rows = cursor.sql(
            "select row_number() over () as position,"
            " cast(null as integer) as item,"
            " cast(to_json(file_row) as varchar) as document"
            " from read_parquet($path) as file_row",
            params={"path": str(path)},
        )
        for batch in rows.to_arrow_reader(50_000):
            yield batch.cast(SCHEMA)
    except (duckdb.Error, OSError, UnicodeDecodeError, pa.ArrowException) as error:
        first = str(error).splitlines()[0]
        raise UnreadableFileError(f"not a table: {first}") from None
    finally:
        cursor.close()


def observed_by(workspace: Workspace, source: Source) -> datetime | None:
    """When the source says that its records were read, naive UTC."""
    return source.observed_at and utc_naive(source.observed_at, workspace.timezone)


def copy_records(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: Source,
    form: FileFormat,
    stream: Iterator[pa.RecordBatch],
    folder: Path,
) -> None:
    """Write the stream as Parquet by kind and day; unknown shapes apart."""
    observed_at = observed_by(workspace, source)
    paths = ", ".join(f"'{path}'" for path in form.paths)
    kinds = ", ".join(f"'{kind}'" for kind in _kinds_of(form))
    rows_at_once, stream = _rows_at_once(stream)
    connection.register("stream", pa.RecordBatchReader.from_batches(STREAM, stream))
    # The expressions come from the platforms' modules, never from data.
    records = connection.sql(
        f"""
        select
            $source as source, path, position, item, sha256,
            coalesce(observed_at, cast($observed_at as timestamp)) as observed_at,
            $format as format, root_id, document as record,
            -- What records say may name a folder, and a folder anything: only kinds
            -- that are known.
            case when {form.kind_sql} in ({kinds}) then {form.kind_sql} else 'unknown'
            end as kind,
            -- No record is of a day outside; its row is rejected by the rules.
            case when day between date '{FIRST_DAY}' and date '{LAST_DAY}' then day end
            as date_day
        from (
            select
                *,
                -- Times of any year are read; not all of them are times elsewhere.
                try(cast(
                    coalesce(
                        {form.time_sql},
                        coalesce(observed_at, cast($observed_at as timestamp))
                        at time zone 'UTC'
                    ) at time zone $time_zone as date
                )) as day
            from (
                select
                    path, sha256, file_kind, root_id, observed_at, position, item,
                    document,
                    try(json_extract_string(document, [{paths}])) as parts
                from stream
            )
        )
        """,
        params={
            "source": source.name,
            "observed_at": observed_at,
            "format": source.format,
            "time_zone": workspace.timezone,
        },
    )
    # Arrow's partitioned writer holds a few row groups a partition; DuckDB's holds
    # all rows of all days until the end.
    parquet = ds.ParquetFileFormat()
    ds.write_dataset(
        records.to_arrow_reader(rows_at_once),
        folder,
        format=parquet,
        file_options=parquet.make_write_options(
            compression="zstd",
            use_dictionary=_REPEATED,
            # Nobody looks for the least record of a file: it would only stand there
            # once more.
            write_statistics=_REPEATED,
        ),
        partitioning=["kind", "date_day"],
        partitioning_flavor="hive",
        existing_data_behavior="overwrite_or_ignore",
        min_rows_per_group=500,
        max_rows_per_group=20_000,
        max_open_files=900,
        max_partitions=1_000_000,
    )
    connection.unregister("stream")


def _kinds_of(form: FileFormat) -> list[str]:
    """The kinds of a format's records: what raw tables take, and what is kept."""
    taken = {
        kind
        for table in RAW_TABLES.values()
        if form.name in table.formats
        for kind in table.kinds
    }
    return sorted(taken | {*form.kept_kinds})


def _rows_at_once(
    stream: Iterator[pa.RecordBatch],
) -> tuple[int, Iterator[pa.RecordBatch]]:
    """How many records may wait together, judged by the first ones' length."""
    first = next(stream, None)
    if first is None:
        return 1, iter(())
    length = max(first.nbytes // max(len(first), 1), 1)
    rows = min(max(BYTES_AT_ONCE // length, 1), 50_000)
    return rows, itertools.chain([first], stream)


def _second_look(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    source: Source,
    form: FileFormat,
    reading: _Reading,
    folder: Path,
) -> list[tuple[int, Rejected, int | None]]:
    """Split answers that stood among plain records; reject what stays unknown.

    Touches only records whose shape the fast path did not know.
    """
    rejected: list[tuple[int, Rejected, int | None]] = []
    counts: Counter[int] = Counter()
    numbers = {file.shown_path: index for index, file in enumerate(reading.files)}

    def reject(number: int, row: Rejected, item: int | None) -> None:
        counts[number] += 1
        if counts[number] > MOST_REJECTED:
            reading.unreadable.setdefault(
                number,
                f"more than {MOST_REJECTED:,} of its records are none, the first in"
                f" line {row.position}: {row.reason}",
            )
        else:
            cut = row.text[:KEPT_CHARACTERS]
            rejected.append((number, replace(row, text=cut), item))

    def leftovers(where: Path) -> Iterator[tuple[int, int, int | None, str]]:
        unknown = where / "kind=unknown"
        if not unknown.is_dir():
            return
        cursor = connection.cursor()
        cursor.execute(
            "select path, position, item, record from read_parquet($files)",
            {"files": landing.as_patterns(unknown.rglob("*.parquet"))},
        )
        while rows := cursor.fetchmany(1000):
            for path, position, item, record in rows:
                yield numbers[path], position, item, record
        cursor.close()
        for file in unknown.rglob("*.parquet"):
            file.unlink()

    def split() -> Iterator[pa.RecordBatch]:
        for number, position, item, text in leftovers(folder):
            reading.due[number] -= 1
            if not text.strip():
                continue  # a line of blanks separates, it is no document
            try:
                records = split_document(text, form.split)
            except ValueError as error:
                why = told_as_error(form, source, f"not JSON: {error}")
                reject(number, Rejected(position, why, text), item)
                continue
            if not records:
                continue
            items = [item] if len(records) == 1 else range(len(records))
            batch = pa.record_batch(
                [
                    pa.array([position] * len(records), pa.int64()),
                    pa.array(items, pa.int32()),
                    pa.array(records, pa.large_string()),
                ],
                schema=SCHEMA,
            )
            yield reading.take(batch, number, form)

    if not (folder / "kind=unknown").is_dir():
        return rejected
    again = folder / "again"
    copy_records(connection, workspace, source, form, split(), again)
    for number, position, item, text in leftovers(again):
        reading.due[number] -= 1
        why = explain_unknown(form, source, text)
        reject(number, Rejected(position, why, text), item)
    for file in sorted(again.rglob("*.parquet")):
        target = folder / file.relative_to(again)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target.with_stem(f"{target.stem}-again"))
    return rejected


def explain_unknown(form: FileFormat, source: Source, text: str) -> str:
    """Why a record is none: an error that the platform answered, or its shape."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and isinstance(document.get("request"), dict):
        document = document.get("answer", document)
    platform = form.speaker or NETWORKS[source.platform].title
    return (
        (form.explain and form.explain(document, platform))
        or explain_error(document, platform)
        or f"its shape is no known {source.format} record: {_look_of(document, text)}"
    )


def told_as_error(form: FileFormat, source: Source, why: str) -> str:
    """A reason, where a page for people came in place of data named as an answer."""
    if PAGE not in why:
        return why
    platform = form.speaker or NETWORKS[source.platform].title
    return f"an error answer of {platform}: {why[why.index(PAGE) :]}"


def _look_of(document: Any, text: str) -> str:
    """What a document of unknown shape looks like."""
    if not isinstance(document, dict):
        return f"it is {shown(text[:1000])}"
    names = ", ".join(list(document)[:8])
    return f"it has {shown(names)}" if names else "it is empty"


def _quarantine_frame(
    source: Source,
    reading: _Reading,
    unreadable: dict[str, str],
    rejected: list[tuple[int, Rejected, int | None]],
) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"path": path, "position": None, "item": None, "reason": why, "record": None}
        for path, why in sorted(unreadable.items())
    ]
    everything = rejected + [(n, item, None) for n, item in reading.rejected]
    rows += [
        {
            "path": reading.files[number].shown_path,
            "position": item.position,
            "item": index,
            "reason": item.reason,
            "record": item.text,
        }
        for number, item, index in everything
    ]
    for row in rows:
        row |= {"source": source.name, "platform": source.platform}
    return pl.DataFrame(rows, schema=QUARANTINE).sort(
        "path", "position", "item", "reason", nulls_last=True
    )
