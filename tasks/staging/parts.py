"""Staging in parts that know nothing of each other: what a worker of an engine does.

First each part of landing becomes canonical rows and what they tell of their files
(`observe_part`); what the parts tell is put together (`combine_evidence`); then each
part's rows are read anew in its light, and those that keep the rules remain
(`settle_part`). It is the code that stages on one machine, on a warehouse in memory.
Parts are folders of Parquet files that all workers reach; whoever does a part again
writes the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.staging.observe import SUITES, leave_out, observe_rows
from tasks.staging.rules import judge_rules
from tasks.warehouse import file_evidence, landing
from tasks.warehouse.database import in_memory
from tasks.warehouse.raw_tables import MARK, RawTable
from tasks.warehouse.whole_files import replacing

_NEW, _COMBINED = ("new_ids", "new_times"), ("file_ids", "file_times")


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
            _write(connection, f"raw.{name}", target / f"{name}.parquet")
    return counts


def combine_evidence(parts: list[Path], target: Path) -> None:
    """Put together what parts tell of their files: linear in files, not in rows."""
    with _apart() as connection:
        connection.execute("attach ':memory:' as raw")
        for name in _NEW:
            files = [part / f"{name}.parquet" for part in parts]
            _read(connection, f"raw.{name}", files)
        file_evidence.combine(connection)
        for name in _COMBINED:
            _write(connection, f"raw.{name}", target / f"{name}.parquet")


def settle_part(part: Path, evidence: Path) -> dict[str, int]:
    """Write the rows of a part that keep the rules: `valid_<table>.parquet`.

    Args:
        part: the folder that `observe_part` wrote.
        evidence: the folder that `combine_evidence` wrote.

    Returns:
        How many rows break a rule, by `<table>: <rule in words>`; none of rules that
        all keep.
    """
    with _apart() as connection:
        connection.execute("attach ':memory:' as raw")
        for name in (*(f"observed_{table}" for table in SUITES), *_COMBINED):
            place = part if name.startswith("observed_") else evidence
            _read(connection, f"raw.{name}", [place / f"{name}.parquet"])
        file_evidence.apply(connection, MARK)
        broken = settle(connection)
        for table in SUITES:
            name = f"valid_{table}"
            _write(connection, f"staging.{name}", part / f"{name}.parquet")
    return broken


def settle(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Make `staging.valid_<table>` of observed rows; count those that break a rule.

    Returns:
        As `settle_part`.
    """
    suites = {f"observed_{table}": rules for table, rules in SUITES.items()}
    broken = {
        f"{outcome.table.removeprefix('observed_')}: {outcome.rule.name}": failed
        for outcome in judge_rules(connection, "raw", suites, tolerance=1)
        if (failed := outcome.rows_failed)
    }
    for table, rules in SUITES.items():
        leave_out(connection, table, rules)
    return broken


@contextmanager
def _apart() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as spill, in_memory(Path(spill)) as connection:
        yield connection


def _read(connection: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> None:
    connection.execute(
        f"create table {table} as from read_parquet($files)",
        {"files": landing.as_patterns(files)},
    )


def _write(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as beside:
        connection.execute(
            f"copy (from {table}) to '{str(beside).replace(chr(39), chr(39) * 2)}'"
            " (format parquet, compression zstd)"
        )
