"""From landed records to canonical observations, the rules they must keep.

`raw` is a database in memory beside the warehouse: the typed records of one
portion, and `raw.observed_<table>`, all canonical rows of the new records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from tasks.staging.rules import Rule
from tasks.warehouse import file_evidence, landing
from tasks.warehouse.database import count
from tasks.warehouse.models import (
    Model,
    create_table,
    in_order,
    load_models,
    run_model,
)
from tasks.warehouse.networks import PLATFORMS
from tasks.warehouse.raw_tables import (
    MARK,
    RawTable,
    build_raw_tables,
    given_tables,
    tables_of,
)
from tasks.warehouse.selects import engine_beside

# When a record landed, by this machine's clock: nothing in it can be of a later day.
LANDED_AT = "landed_at"
# Social networks are younger than the one date; seconds taken for milliseconds
# lead past the other.
EARLIEST = "2000-01-01 00:00:00"
_LATEST = "2100-01-01 00:00:00"
_LARGEST_COUNT = 10**12
# Landed Parquet that is parsed at a time; about nine times as much JSON.
PORTION_BYTES = 64 << 20
# When something was done, as it was written: what that leaves open becomes
# `precision_seconds`.
_MOMENTS = ("acted_at_text", "posted_at_text")
_NETWORK = Rule("platform", "in_set", values=tuple(sorted(PLATFORMS)))
SUITES: dict[str, tuple[Rule, ...]] = {
    "accounts": (
        _NETWORK,
        Rule("account_id", "not_null"),
        Rule("observed_at", "not_null"),
        Rule("observed_at", "not_later", after=LANDED_AT),
        Rule("registered_at", "between", "warning", EARLIEST, _LATEST),
        Rule("registered_at", "not_later", "warning", after=LANDED_AT),
        Rule("followers_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("posts_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "posts": (
        _NETWORK,
        Rule("post_id", "not_null"),
        Rule("posted_at", "not_null"),
        Rule("posted_at", "between", "error", EARLIEST, _LATEST),
        Rule("posted_at", "not_later", after="observed_at"),
        Rule("observed_at", "not_later", after=LANDED_AT),
    ),
    "post_counters": (
        _NETWORK,
        Rule("post_id", "not_null"),
        Rule("observed_at", "not_null"),
        Rule("observed_at", "not_later", after=LANDED_AT),
        Rule("reposts_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("comments_count", "between", "warning", 0, _LARGEST_COUNT),
        Rule("likes_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "interactions": (
        _NETWORK,
        Rule("interaction_id", "not_null"),
        Rule("kind", "not_null"),
        Rule("kind", "in_set", values=("repost", "comment", "like", "mention")),
        Rule("root_post_id", "not_null"),
        Rule("acted_at", "not_null"),
        Rule("acted_at", "between", "error", EARLIEST, _LATEST),
        Rule("acted_at", "not_later", after="observed_at"),
        Rule("observed_at", "not_later", after=LANDED_AT),
        Rule("likes_count", "between", "warning", 0, _LARGEST_COUNT),
    ),
    "follows": (
        _NETWORK,
        Rule("account_id", "not_null"),
        Rule("follower_id", "not_null"),
        Rule("observed_at", "not_later", after=LANDED_AT),
    ),
    "hot_topics": (
        _NETWORK,
        Rule("board", "not_null"),
        Rule("topic", "not_null"),
        Rule("observed_at", "not_null"),
        Rule("observed_at", "between", "error", EARLIEST, _LATEST),
        Rule("observed_at", "not_later", after=LANDED_AT),
        Rule("place", "between", "warning", 1, 1000),
        Rule("heat", "between", "warning", 0, _LARGEST_COUNT),
    ),
}


def observe(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    batches: list[landing.Batch],
    raw_tables: Mapping[str, RawTable],
) -> dict[str, int]:
    """Turn landed records into canonical rows; return the count of each table.

    As `observe_rows`; then what rows of a file tell only together is applied. An
    engine beside the warehouse does it where there is one.
    """
    if engine := engine_beside():
        return engine.observe(connection, folder, batches, raw_tables)
    counts = observe_rows(connection, folder, batches, raw_tables)
    file_evidence.gather(connection)
    file_evidence.apply(connection, MARK)
    return counts


def observe_rows(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    batches: list[landing.Batch],
    raw_tables: Mapping[str, RawTable],
) -> dict[str, int]:
    """Make `raw.observed_<table>` of landed records; return the count of each.

    A portion at a time, so that the parsed records, many times as wide, never
    stand in memory together. Cost: one typed parse of the records.

    Args:
        connection: the warehouse.
        folder: the landing folder.
        batches: what to read; may be empty, the tables then are.
        raw_tables: how records become typed rows.
    """
    models = {
        name: model
        for name, model in load_models("staging").items()
        if model.table not in SUITES
    }
    connection.execute("detach database if exists raw")
    connection.execute("attach ':memory:' as raw")
    _note_landing_times(connection, batches)
    # These give all columns. The models of a network leave out what it never tells,
    # and `by name` fills it.
    canonical = {name for name in raw_tables if name.startswith("canonical_")}
    with _portion(connection, folder, [], raw_tables, models, canonical):
        for table in SUITES:
            connection.execute(
                f"create table raw.observed_{table} as"
                f" {_select_readable(connection, f'staging.canonical_{table}')} limit 0"
            )
    for batch_portion in landing.portions(folder, batches, PORTION_BYTES):
        given = given_tables(batch_portion, raw_tables)
        with (
            landing.at_hand(folder, batch_portion),
            _portion(
                connection, folder, batch_portion, raw_tables, models, given
            ) as chosen,
        ):
            for table in SUITES:
                for model in chosen:
                    if model.table.endswith(f"_{table}"):
                        connection.execute(
                            f"insert into raw.observed_{table} by name"
                            f" {_select_readable(connection, model.name)}"
                        )
    return {
        table: count(connection, f"select count(*) from raw.observed_{table}")
        for table in SUITES
    }


def _note_landing_times(
    connection: duckdb.DuckDBPyConnection, batches: Sequence[landing.Batch]
) -> None:
    """Make `raw.landing_times`: when each batch landed, UTC."""
    import polars as pl

    connection.register(
        "times",
        pl.DataFrame(
            [(batch.batch_id, batch.landed_at) for batch in batches],
            schema={"batch_id": pl.String, LANDED_AT: pl.String},
            orient="row",
        ),
    )
    connection.execute(
        "create table raw.landing_times as"
        f" select batch_id, cast({LANDED_AT} as timestamp) as {LANDED_AT} from times"
    )
    connection.unregister("times")


@contextmanager
def _portion(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    batches: list[landing.Batch],
    raw_tables: Mapping[str, RawTable],
    models: Mapping[str, Model],
    given: set[str],
) -> Iterator[list[Model]]:
    """The typed records of some batches and the models that read them, for a while.

    Models of networks that gave nothing are left out: planning them all over empty
    tables would cost a small run more than its work.

    Args:
        connection: the warehouse.
        folder: the landing folder.
        batches: what to parse.
        raw_tables: how records become typed rows.
        models: all that stand between typed and canonical rows.
        given: names of raw tables that have rows.

    Yields:
        The models that stand, in their order.
    """
    ordered = in_order(models)
    made = {
        name: {f"raw.{one}" for one in tables_of(name, raw_tables[name])}
        for name in raw_tables
    }
    reached = {one for name in given for one in made[name]}
    for model in ordered:
        if model.reads & reached:
            reached.add(model.name)
    for model in reversed(ordered):
        if model.name in reached:
            reached |= model.reads
    chosen = [model for model in ordered if model.name in reached]
    parsed = {name: table for name, table in raw_tables.items() if made[name] & reached}
    build_raw_tables(connection, folder, batches, parsed)
    for model in chosen:
        run_model(connection, model, {})
    yield chosen
    for model in reversed(chosen):
        what = "view" if model.replace == "view" else "table"
        connection.execute(f"drop {what} {model.name}")
    for name in parsed:
        for table in sorted(made[name]):
            connection.execute(f"drop table {table}")


def _select_readable(connection: duckdb.DuckDBPyConnection, model: str) -> str:
    """A select of a model's rows that keeps what was written only where it's unread.

    The model gives `x` as it was understood beside `x_text` as it was written. Of the
    latter stays one column `unread`: `x=text`, parted by `MARK`; null, as nearly
    always, where everything could be read. So no text is held twice.
    """
    names = [row[0] for row in connection.execute(f"describe from {model}").fetchall()]
    written = [name for name in names if name.endswith("_text") and name[:-5] in names]
    moments = [name for name in written if name in _MOMENTS]
    precision = "".join(
        f" precision_of({name}) as precision_seconds," for name in moments
    )
    unread = ", ".join(
        f"case when {name[:-5]} is null"
        f" and not coalesce({_is_empty(name)}, true)"
        f" then '{name[:-5]}=' || replace(substr({name}, 1, 100), {MARK}, ' ') end"
        for name in written
    )
    return (
        f"select observed.* exclude ({', '.join(written)})"
        f" replace (split_part(observed.path, {MARK}, 1) as path),{precision}"
        f" nullif(concat_ws({MARK}, {unread}), '') as unread, times.{LANDED_AT}"
        f" from {model} as observed left join raw.landing_times as times"
        f" on split_part(observed.path, {MARK}, 2) = times.batch_id"
    )


def _is_empty(name: str) -> str:
    # A count may be written as a dash; an id of that kind is to be named.
    return f"is_blank({name})" if name.endswith("_count_text") else f"trim({name}) = ''"


def why_unread(column: str) -> str:
    """SQL that says why a column of an observed table is null, naming the value."""
    return (
        f"problem_of('{column}', nullif(regexp_extract(unread,"
        f" '(^|' || {MARK} || '){column}=([^' || {MARK} || ']*)', 2), ''))"
    )


def leave_out(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]
) -> str:
    """Make `staging.valid_<table>` of rows that keep these rules, and what reads it.

    Returns:
        The condition that holds for the others.
    """
    condition = " or ".join(f"({rule.bad_row_sql})" for rule in rules) or "false"
    connection.execute(
        f"create or replace view staging.valid_{table} as"
        f" select * from raw.observed_{table} where not ({condition})"
    )
    create_table(connection, load_models("staging")[f"staging.{table}"], {})
    for model in views_between(table):
        run_model(connection, model, {})
    return condition


def views_between(table: str) -> list[Model]:
    """Views that stand between valid rows and the table, which some of them read."""
    models = load_models("staging")
    views = {name: one for name, one in models.items() if one.table not in SUITES}
    reached = {f"staging.valid_{table}"}
    between = []
    for model in in_order(views):
        if model.reads & reached:
            reached.add(model.name)
            between.append(model)
    return between
