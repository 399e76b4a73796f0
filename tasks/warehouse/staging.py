"""From landed records to canonical observations, the rules they must keep.

`raw` is a database in memory beside the warehouse: the typed records of one
portion, and `raw.observed_<table>`, all canonical rows of the new records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from tasks.warehouse import landing
from tasks.warehouse.database import count
from tasks.warehouse.expectations import Rule
from tasks.warehouse.models import in_order, load_models, run_model
from tasks.warehouse.raw_tables import RawTable, build_raw_tables

# Social networks are younger than the one date; seconds taken for milliseconds
# lead past the other.
_EARLIEST, _LATEST = "2000-01-01 00:00:00", "2100-01-01 00:00:00"
_LARGEST_COUNT = 10**12
# Landed Parquet that is parsed at a time; about nine times as much JSON.
PORTION_BYTES = 64 << 20

SUITES: dict[str, tuple[Rule, ...]] = {
    "accounts": (
        Rule("account_id", "not_null"),
        Rule("observed_at", "not_null"),
        Rule("registered_at", "between", "warning", _EARLIEST, _LATEST),
        Rule("followers_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("posts_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "posts": (
        Rule("post_id", "not_null"),
        Rule("posted_at", "not_null"),
        Rule("posted_at", "between", "error", _EARLIEST, _LATEST),
    ),
    "post_counters": (
        Rule("post_id", "not_null"),
        Rule("observed_at", "not_null"),
        Rule("reposts_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("comments_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("likes_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "interactions": (
        Rule("interaction_id", "not_null"),
        Rule("kind", "not_null"),
        Rule("kind", "in_set", values=("repost", "comment", "like", "mention")),
        Rule("root_post_id", "not_null"),
        Rule("acted_at", "not_null"),
        Rule("acted_at", "between", "error", _EARLIEST, _LATEST),
        Rule("likes_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "follows": (
        Rule("account_id", "not_null"),
        Rule("follower_id", "not_null"),
    ),
}


def observe(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    batches: list[landing.Batch],
    raw_tables: Mapping[str, RawTable],
) -> dict[str, int]:
    """Turn landed records into canonical rows; return the count of each table.

    A portion at a time, so that the parsed records, many times as wide, never
    stand in memory together. Cost: one typed parse of the records.

    Args:
        connection: the warehouse.
        folder: the landing folder.
        batches: what to read; may be empty, the tables then are.
        raw_tables: how records become typed rows.
    """
    models = load_models("staging")
    final = {f"staging.{table}" for table in SUITES}
    incoming = in_order({n: model for n, model in models.items() if n not in final})
    connection.execute("attach ':memory:' as raw")
    portions = landing.portions(folder, batches, PORTION_BYTES)
    for number, portion in enumerate(portions):
        build_raw_tables(connection, folder, portion, raw_tables)
        for model in incoming:
            run_model(connection, model, {})
        for table in SUITES:
            make = "insert into" if number else "create table"
            connection.execute(
                f"{make} raw.observed_{table} {'' if number else 'as'}"
                f" select * from staging.incoming_{table}"
            )
    for model in reversed(incoming):
        what = "view" if model.replace == "view" else "table"
        connection.execute(f"drop {what} {model.name}")
    for name in raw_tables:
        connection.execute(f"drop table raw.{name}")
    return {
        table: count(connection, f"select count(*) from raw.observed_{table}")
        for table in SUITES
    }


def leave_out(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]
) -> str:
    """Make `staging.valid_<table>` of the rows that keep these rules.

    Returns:
        The condition that holds for the others.
    """
    condition = " or ".join(f"({rule.bad_row_sql})" for rule in rules) or "false"
    connection.execute(
        f"create or replace view staging.valid_{table} as"
        f" select * from raw.observed_{table} where not ({condition})"
    )
    return condition
