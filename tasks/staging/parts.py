"""Staging in parts that know nothing of each other: what a worker of an engine does.

First each part of landing becomes canonical rows and what they tell of their files
(`observe_part`); what the parts tell is put together (`combine_evidence`); then each
part's rows are read anew in its light and parted into those that keep the rules and
those that don't (`settle_part`). It is the code that stages on one machine, on a
warehouse in memory. Parts are folders of Parquet files that all workers reach; whoever
does a part again writes the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.staging.observe import SUITES, leave_out, observe_rows
from tasks.warehouse import file_evidence, landing, written_values
from tasks.warehouse.database import count, in_memory
from tasks.warehouse.publication import sql_text
from tasks.warehouse.raw_tables import MARK, RawTable
from tasks.warehouse.whole_files import replacing

_NEW, _COMBINED = ("new_ids", "new_times"), ("file_ids", "file_times")
_SETTLED = ("valid", "bad")


def observe_part(
    folder: Path,
    batches: list[landing.Batch],
    raw_tables: Mapping[str, RawTable],
    target: Path,
) -> dict[str, int]:
    """Write a part's canonical rows, and what they tell of their files.

    Args:
        folder: the landing folder.
        batches: what the part holds; may be empty, the files then are.
        raw_tables: how records become typed rows.
        target: a folder: `observed_<table>.parquet`, `new_ids.parquet`,
            `new_times.parquet`.

    Returns:
        The count of each table's rows.
    """
    with _apart() as connection:
        counts = observe_rows(connection, folder, batches, raw_tables)
        file_evidence.gather_new(connection)
        for name in (*(f"observed_{table}" for table in SUITES), *_NEW):
            _write(connection, f"from raw.{name}", target / f"{name}.parquet")
    return counts


def combine_evidence(
    connection: duckdb.DuckDBPyConnection, parts: list[Path], target: Path
) -> None:
    """Put together what parts, and earlier runs, tell of their files.

    Cost: linear in files, not in rows.

    Args:
        connection: the warehouse; gets `raw.new_ids`, `raw.new_times`, `raw.file_ids`
            and `raw.file_times`, as if it had observed the rows itself.
        parts: folders that `observe_part` wrote.
        target: a folder: `file_ids.parquet`, `file_times.parquet`.
    """
    connection.execute("detach database if exists raw")
    connection.execute("attach ':memory:' as raw")
    for name in _NEW:
        _read(connection, f"raw.{name}", [part / f"{name}.parquet" for part in parts])
    file_evidence.combine(connection)
    for name in _COMBINED:
        _write(connection, f"from raw.{name}", target / f"{name}.parquet")


def settle_part(part: Path, evidence: Path) -> dict[str, int]:
    """Write the rows of a part that keep the rules, and the others.

    Args:
        part: the folder that `observe_part` wrote; gets `valid_<table>.parquet` and
            `bad_<table>.parquet`.
        evidence: the folder that `combine_evidence` wrote.

    Returns:
        How many rows each table has that break a rule.
    """
    with _apart() as connection:
        connection.execute("attach ':memory:' as raw")
        for name in (*(f"observed_{table}" for table in SUITES), *_COMBINED):
            place = part if name.startswith("observed_") else evidence
            _read(connection, f"raw.{name}", [place / f"{name}.parquet"])
        file_evidence.apply(connection, MARK)
        for table, rules in SUITES.items():
            bad = leave_out(connection, table, rules)
            for query, name in (
                (f"from staging.valid_{table}", f"valid_{table}"),
                (f"from raw.observed_{table} where {bad}", f"bad_{table}"),
            ):
                _write(connection, query, part / f"{name}.parquet")
        return {
            table: count(
                connection,
                f"select (select count(*) from raw.observed_{table})"
                f" - (select count(*) from staging.valid_{table})",
            )
            for table in SUITES
        }


def show_settled(connection: duckdb.DuckDBPyConnection, parts: list[Path]) -> None:
    """Make `raw.observed_<table>` of all rows that parts hold, where they lie.

    Args:
        connection: the warehouse, after `combine_evidence`.
        parts: folders that `settle_part` filled.
    """
    written_values.register(connection)  # what is rejected is told in words
    for table in SUITES:
        files = landing.as_patterns(
            part / f"{kind}_{table}.parquet" for part in parts for kind in _SETTLED
        )
        listed = ", ".join(sql_text(file) for file in files)
        connection.execute(
            f"create view raw.observed_{table} as from read_parquet([{listed}])"
        )


@contextmanager
def _apart() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as spill, in_memory(Path(spill)) as connection:
        yield connection


def _read(connection: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> None:
    connection.execute(
        f"create table {table} as from read_parquet($files)",
        {"files": landing.as_patterns(files)},
    )


def _write(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as beside:
        connection.execute(
            f"copy ({query}) to {sql_text(beside)} (format parquet, compression zstd)"
        )
