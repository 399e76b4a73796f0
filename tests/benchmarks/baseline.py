"""DuckDB's own typed parse of a world's JSON lines to Parquet, plus a group-by.

Run as a process of its own: `python -m tests.benchmarks.baseline FOLDER OUT`.
It parses, of the files that are there, the fields that the project's wire schemas name
(same names, plain types), times as timestamps, into zstd Parquet, with DuckDB's default
settings.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

from tasks.sources.weibo.records import RAW_TABLES, WEIBO_USER
from tasks.warehouse.raw_tables import RawTable

_TIME = "strptime({}, '%a %b %d %H:%M:%S %z %Y')"
_COUNTS = ("_count", "reads")


def _type(schema: Any, name: str = "") -> str:
    if isinstance(schema, dict):
        fields = [f'"{key}" {_type(value, key)}' for key, value in schema.items()]
        inner = ", ".join(fields)
        return f"STRUCT({inner})"
    if isinstance(schema, list):
        return f"{_type(schema[0])}[]"
    if name == "id" or name.endswith(_COUNTS):
        return "BIGINT"
    return str(schema)


def _whole(table: RawTable) -> dict[str, Any]:
    """All fields of a record that the project reads."""
    return {**table.schema, **table.embedded}


_STATUS = _whole(RAW_TABLES["weibo_statuses"])
_COMMENT = _whole(RAW_TABLES["weibo_comments"])


def parse(folder: Path, out: Path) -> float:
    """Parse, write and group; return seconds."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    started = time.perf_counter()
    for name, schema in (
        ("statuses", _STATUS),
        ("reposts", _STATUS),
        ("comments", _COMMENT),
        ("users", WEIBO_USER),
    ):
        if not any(folder.glob(f"{name}*.jsonl")):
            continue
        columns = ", ".join(
            f"'{key}': '{_type(value, key)}'" for key, value in schema.items()
        )
        moments = f"{_TIME.format('created_at')} as acted_at"
        if "user" in schema:
            moments += f", {_TIME.format('user.created_at')} as registered_at"
        connection.execute(
            f"copy (select *, {moments} from read_json('{folder}/{name}*.jsonl',"
            f" format = 'newline_delimited', columns = {{{columns}}}))"
            f" to '{out}/{name}.parquet' (format parquet, compression zstd)"
        )
    connection.execute(
        f"""
        select root, cast(acted_at as date), kind, count(*), count(distinct account)
        from (
            select retweeted_status.id as root, acted_at, 'repost' as kind,
                user.id as account
            from '{out}/reposts.parquet'
            union all
            select status.id, acted_at, 'comment', user.id from '{out}/comments.parquet'
        )
        group by all
        """
    ).fetchall()
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps({"seconds": parse(Path(sys.argv[1]), Path(sys.argv[2]))}))
