"""Which days the marts cover, and which of them are to be made anew."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb

from tasks.marts.configuration import write_configuration
from tasks.warehouse import ledger
from tasks.warehouse.database import table_exists
from tasks.warehouse.errors import (
    ConfigurationError,
)
from tasks.warehouse.graph import Making
from tasks.warehouse.rhythm import Rhythm
from tasks.warehouse.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl


def days_to_cover(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    rhythms: list[Rhythm],
    window: tuple[date, date],
    catches_up: bool,
    forces: bool,
) -> list[date]:
    """The days of a run that marts can speak of.

    A day that is not over for anybody is none of them; when days are caught up, none
    that no source has told of: marts would claim that nothing happened. A workspace
    that covers nothing yet covers what is asked, so that its marts stand.
    """
    first, last = window
    told = [found.days[-1] for found in rhythms if found.days]
    ends = [] if catches_up else [last if forces else workspace.today()]
    end = min(last, max([*told, *ends], default=last))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day <= end] or (
        [] if ledger.covered_days(connection) else days
    )


def take_out(
    connection: duckdb.DuckDBPyConnection, first: date, last: date
) -> tuple[date, date]:
    """Take days from those that the marts cover.

    Returns:
        First and last of the days that were covered.

    Raises:
        ConfigurationError: none of them is covered, or the others would be none or in
            two pieces, which the next `daily` would join again.
    """
    covered = ledger.covered_days(connection)
    gone = sorted(day for day in covered if first <= day <= last)
    left = sorted(covered.difference(gone))
    if not gone:
        raise ConfigurationError(
            [f"No day from {first} to {last} is covered: see `status`."]
        )
    if not left:
        raise ConfigurationError(
            [
                f"All covered days lie between {first} and {last}: marts need a day."
                " Run `backfill` over the days that they are to cover first."
            ]
        )
    if left[0] < gone[0] and gone[-1] < left[-1]:
        raise ConfigurationError(
            [
                f"The days from {first} to {last} lie between others that are covered,"
                " and `daily` covers such gaps again: uncover from a day to the last"
                f" one, {left[-1]}, or from the first one, {left[0]}, to a day."
            ]
        )
    connection.execute(
        "delete from meta.covered_days where date_day between $first and $last",
        {"first": first, "last": last},
    )
    connection.execute(
        "delete from meta.intervals where date_day between $first and $last"
        " and step in ('aggregate', 'publish')",
        {"first": first, "last": last},
    )
    return gone[0], gone[-1]


def around(one: tuple[date, date], other: tuple[date, date]) -> tuple[date, date]:
    """The window that holds both."""
    return min(one[0], other[0]), max(one[1], other[1])


def days_to_make(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, asked: list[date]
) -> tuple[date, date] | None:
    """Write the configuration's tables and say which days to make anew."""
    digest = write_configuration(connection, workspace)
    covered = ledger.covered_days(connection)
    fresh = set(asked) - covered
    if fresh:
        connection.execute(
            "insert into meta.covered_days select unnest($days)",
            {"days": sorted(fresh)},
        )
    covered |= fresh
    if ledger.read_state(connection, "configuration") != digest:
        touched = covered
    else:
        rows = connection.execute("select distinct date_day from meta.touched_days")
        touched = fresh | ({row[0] for row in rows.fetchall()} & covered)
    ledger.write_state(connection, "configuration", digest)
    inputs = _input_hash(connection)
    is_new = ledger.read_state(connection, "mart_inputs") != inputs
    ledger.write_state(connection, "mart_inputs", inputs)
    if touched:
        return min(touched), max(touched)
    # No covered day was touched, but marts without a day (accounts, counters,
    # coverage) may have news all the same.
    days = asked or sorted(covered)
    return (days[0], days[-1]) if is_new else None


def _input_hash(connection: duckdb.DuckDBPyConnection) -> str:
    """A digest of what is staged and how accounts were judged."""
    batches = connection.execute(
        "select batch_id from meta.staged_batches order by batch_id"
    ).fetchall()
    verdicts = ledger.read_state(connection, "accounts")
    return hashlib.sha256(json.dumps([batches, verdicts]).encode()).hexdigest()[:16]


def widened_window(making: Making) -> pl.DataFrame:
    """Widen the window to all days that are known otherwise than before.

    Rows of these are replaced from then on: `params` has the window.

    Returns:
        One row: first_day, last_day.
    """
    import polars as pl

    window = making.params["start_date"], making.params["end_date"]
    window = _with_changed_days(making.connection, window)
    first, last = _with_days_of_new_mentions(making.connection, window)
    making.params |= {"start_date": first, "end_date": last}
    return pl.DataFrame({"first_day": [first], "last_day": [last]})


def _with_days_of_new_mentions(
    connection: duckdb.DuckDBPyConnection, window: tuple[date, date]
) -> tuple[date, date]:
    """Widen the window to all days whose mentions changed.

    A brand's new name makes mentions of texts that landed long ago.
    """
    connection.execute(
        "create table if not exists meta.mentions"
        " as from intermediate.mention_days limit 0"
    )
    rows = connection.execute(
        """
        select min(activity_day), max(activity_day) from (
            (from intermediate.mention_days except from meta.mentions)
            union all
            (from meta.mentions except from intermediate.mention_days)
        )
        """
    ).fetchall()
    connection.execute(
        "create or replace table meta.mentions as from intermediate.mention_days"
    )
    days = [day for day in (*window, *rows[0]) if day is not None]
    return min(days), max(days)


# Small tables whose news change days on which no row may have landed, and which days:
# a counter read late tells of its own; one more author, another reading of an author's
# profile, or a source that tells one more kind, of all days of the campaign.
_WIDENING = {
    "campaign_counter_days": "select activity_day from changed",
    **dict.fromkeys(
        ("campaign_authors", "campaign_kinds"),
        """
        select interactions.activity_day
        from intermediate.campaign_interactions as interactions
        semi join changed using (campaign_id)
        union all
        select posts.post_day
        from intermediate.campaign_posts as posts
        semi join changed using (campaign_id)
        union all
        select counters.activity_day
        from intermediate.campaign_counter_days as counters
        semi join changed using (campaign_id)
        """,
    ),
}


def set_aside(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep those of these tables that the marts were made of, as `<name>_before`."""
    for name in _WIDENING:
        if table_exists(connection, "intermediate", name):
            connection.execute(
                f"create or replace temp table {name}_before as"
                f" from intermediate.{name}"
            )


def _with_changed_days(
    connection: duckdb.DuckDBPyConnection, window: tuple[date, date]
) -> tuple[date, date]:
    """Widen the window to days that are known otherwise than before."""
    days = list(window)
    for name in _WIDENING:
        if not table_exists(connection, "main", f"{name}_before"):
            continue
        rows = connection.execute(
            f"""
            with changed as (
                (from intermediate.{name} except from {name}_before)
                union all
                (from {name}_before except from intermediate.{name})
            )
            select min(activity_day), max(activity_day) from ({_WIDENING[name]})
            """
        ).fetchall()
        connection.execute(f"drop table {name}_before")
        days += [day for day in rows[0] if day is not None]
    return min(days), max(days)
