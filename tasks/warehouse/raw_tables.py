"""Landed records to typed raw tables: the one place that parses JSON.

`raw` is a database in memory beside the warehouse (it spills to disk past the
memory limit): what is being staged is needed once, and writing it to the
warehouse file would cost more than parsing it. Cost: one typed parse of the new
records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tasks.warehouse.landing import BATCH_OF, Batch, select_files
from tasks.warehouse.written_values import register

# DuckDB's JSON structure syntax as nested dictionaries. A value of another type
# than declared (a count as text, `comments: false`) is converted where it can be
# and null where it can't; the raw record stays in landing.
TEXT = "VARCHAR"
COUNT = "BIGINT"
FLAG = "BOOLEAN"
# A part of a record as it is written.
WRITTEN = "JSON"

# Parts values that stand in one text; no text holds it.
MARK = "chr(31)"

# Where a record of an API's answer carries what its request told.
CONTEXT = "_request"
# Where a record of a table carries what its file told.
TABLE_CONTEXT = "_file"

# Names that say something else in the raw tables than in the record.
_RENAMED = {
    "source": "source_html",
    "platform": "record_platform",
    "kind": "record_kind",
    "root_id": "record_root_id",
}


@dataclass(frozen=True)
class RawTable:
    """A typed table of landed records.

    Attributes:
        formats: names of the file formats whose records it takes.
        kinds: landed kinds.
        schema: which fields of a record become columns, and their type.
        is_profile: a record stays one value, the column `profile`.
        time_field: the record's own time, of China's clocks, becomes `recorded_at`.
        embedded: fields of other records that stand in many, and their types. Their
            column is the text, and each that differs is parsed once, in a table
            `<table>_<field>`: platform, source, kind, format, seen_at, the typed field.

    Each has `seen_at` besides: when the record was read (naive UTC), as it says itself,
    else as the source says in workspace.toml; null where nobody does. `path` is the
    file's path and, parted by `MARK`, the id of the batch that it landed in.
    """

    formats: tuple[str, ...]
    kinds: tuple[str, ...]
    schema: Mapping[str, Any]
    is_profile: bool = False
    time_field: str | None = None
    embedded: Mapping[str, Any] = field(default_factory=dict)


def tables_of(name: str, spec: RawTable) -> tuple[str, ...]:
    """Names of all that is made of a raw table's records."""
    return (name, *(f"{name}_{one}" for one in spec.embedded))


def build_raw_tables(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    batches: list[Batch],
    tables: Mapping[str, RawTable],
) -> None:
    """Make each table from the records of its kinds in these batches.

    Args:
        connection: the warehouse.
        landing: the landing folder.
        batches: what to parse; may be empty, the tables then are.
        tables: what each takes, by table name.
    """
    register(connection)
    for table, spec in tables.items():
        mine = [batch for batch in batches if batch.format in spec.formats]
        parts = [
            part
            for kind in spec.kinds
            for platform, files in select_files(landing, mine, (kind,))
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
                seen.* exclude (object), {_columns(spec)},
                {_recorded_at(spec)} as recorded_at
            from (
                select records.*, {_seen_at(spec)} as seen_at
                from (
                    select * exclude (record), from_json(record, $schema) as object
                    from ({" union all ".join(parts) or empty})
                ) as records
            ) as seen
            """,
            {
                "schema": json.dumps(
                    {**spec.schema, **dict.fromkeys(spec.embedded, WRITTEN)}
                )
            },
        )
        for name, schema in spec.embedded.items():
            connection.execute(
                f"""
                create or replace table raw.{table}_{name} as
                select * replace (from_json({name}, $schema) as {name})
                from (
                    select distinct
                        platform, source, kind, format, seen_at, {name}
                    from raw.{table}
                    where {name} is not null
                )
                """,
                {"schema": json.dumps(schema)},
            )


def given_tables(batches: list[Batch], tables: Mapping[str, RawTable]) -> set[str]:
    """Names of the tables that these batches hold records for."""
    landed = {
        (batch.format, key.split("/")[1]) for batch in batches for key in batch.files
    }
    return {
        name
        for name, spec in tables.items()
        if landed & {(form, kind) for form in spec.formats for kind in spec.kinds}
    }


def _select_records(platform: str, kind: str, files: list[str]) -> str:
    # Platform and kind come from checked configuration and our own formats; the
    # paths are our own files, quoted.
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    batch = f"regexp_extract(filename, '{BATCH_OF}', 1)"
    return f"""
        select
            '{platform}' as platform, '{kind}' as kind, source,
            path || {MARK} || {batch} as path, position,
            item, observed_at as source_observed_at, format, root_id,
            record
        from read_parquet([{listed}], hive_partitioning = false, filename = true)
    """


def _columns(spec: RawTable) -> str:
    if spec.is_profile:
        return "object as profile"
    return ", ".join(
        f'object."{name}" as "{_RENAMED.get(name, name)}"'
        for name in (*spec.schema, *spec.embedded)
    )


def _recorded_at(spec: RawTable) -> str:
    if spec.time_field:
        return f'time_of(object."{spec.time_field}", seen_at, 8)'
    return "cast(null as timestamp)"


def _seen_at(spec: RawTable) -> str:
    """When a record was read: as it says itself, else as the source says."""
    for told in (f"{CONTEXT}.observed_at", "observed_at"):
        place: Any = spec.schema
        for name in told.split("."):
            place = place.get(name) if isinstance(place, Mapping) else None
        if place == TEXT:
            return f"coalesce(time_of(object.{told}, null, 0), source_observed_at)"
    return "source_observed_at"
