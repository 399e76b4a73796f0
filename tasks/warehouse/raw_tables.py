"""Landed records to typed raw tables: the one place that parses JSON.

`raw` is a database in memory beside the warehouse (it spills to disk past the
memory limit): what is being staged is needed once, and writing it to the
warehouse file would cost more than parsing it. Cost: one typed parse of the new
records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse.landing import Batch, select_files

# Names that say something else in the raw tables than in the record.
_RENAMED = {
    "source": "source_html",
    "platform": "record_platform",
    "kind": "record_kind",
}


def build_raw_tables(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    batches: list[Batch],
    tables: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]],
) -> None:
    """Make each table from the records of its kinds in these batches.

    Args:
        connection: the warehouse.
        landing: the landing folder.
        batches: what to parse; may be empty, the tables then are.
        tables: landed kinds and wire schema by table name.
    """
    connection.execute("attach ':memory:' as raw")
    for table, (kinds, schema) in tables.items():
        parts = [
            part
            for kind in kinds
            for platform, files in select_files(landing, batches, (kind,))
            for part in [_select_records(platform, kind, files)]
        ]
        empty = (
            "select null::varchar as platform, null::varchar as kind,"
            " null::varchar as source, null::varchar as path,"
            " null::bigint as position, null::integer as item,"
            " null::timestamp as source_observed_at, null::varchar as format,"
            " null::varchar as root_id, null::varchar as record where false"
        )
        connection.execute(
            f"""
            create or replace table raw.{table} as
            select
                records.* exclude (object), {_columns(schema)},
                {_recorded_at(schema)} as recorded_at
            from (
                select * exclude (record), from_json(record, $schema) as object
                from ({" union all ".join(parts) or empty})
            ) as records
            """,
            {"schema": json.dumps(schema)},
        )


def _select_records(platform: str, kind: str, files: list[str]) -> str:
    # Platform and kind come from checked configuration and our own formats; the
    # paths are our own files, quoted.
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return f"""
        select
            '{platform}' as platform, '{kind}' as kind, source, path, position,
            item, observed_at as source_observed_at, format, root_id,
            record
        from read_parquet([{listed}], hive_partitioning = false)
    """


def _columns(schema: Mapping[str, Any]) -> str:
    # A profile stays one value, as it is inside posts and comments.
    if "screen_name" in schema and "created_at" in schema:
        return "object as profile"
    return ", ".join(
        f'object."{name}" as "{_RENAMED.get(name, name)}"' for name in schema
    )


def _recorded_at(schema: Mapping[str, Any]) -> str:
    """The record's own time; a profile's is its registration, which is none."""
    if "created_at" in schema and "screen_name" not in schema:
        return "weibo_time(object.created_at)"
    return "cast(null as timestamp)"
