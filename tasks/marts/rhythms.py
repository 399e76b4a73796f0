"""What was expected of each source, and what did not come."""

from __future__ import annotations

from datetime import date

import duckdb

from tasks.warehouse.database import store_frame
from tasks.warehouse.progress import say
from tasks.warehouse.rhythm import Rhythm, tell_silence


def say_silence(
    connection: duckdb.DuckDBPyConnection,
    rhythms: list[Rhythm],
    first: date,
    last: date,
) -> None:
    """An empty result is a finding, not a success: say what gave nothing, and when."""
    for line in tell_silence(rhythms, first, last):
        say(f"  warning: {line}")
    if any(first <= day <= last for one in rhythms for day in one.days):
        return
    rows = connection.execute(
        """
        select min(date_day), max(date_day)
        from (
            select date_day from staging.interactions
            union
            select date_day from staging.posts
        )
        where date_day not in (select date_day from meta.covered_days)
        """
    ).fetchall()
    if rows[0][0]:
        say(
            f"  activity has landed from {rows[0][0]} to {rows[0][1]} that is not"
            f" covered: run `backfill --from {rows[0][0]} --to {rows[0][1]}"
            " --reason ...` to cover it"
        )


def store_rhythms(connection: duckdb.DuckDBPyConnection, rhythms: list[Rhythm]) -> None:
    """What is expected of each source, and the days that lack it, for the marts."""
    import polars as pl

    store_frame(
        connection,
        "meta.source_rhythms",
        pl.DataFrame(
            [
                (
                    one.source,
                    one.platform,
                    one.last_record_day,
                    one.last_activity_day,
                    one.expected_every_days,
                    one.origin,
                    one.due_day,
                )
                for one in rhythms
            ],
            schema={
                "source": pl.String,
                "platform": pl.String,
                "last_record_day": pl.Date,
                "last_activity_day": pl.Date,
                "expected_every_days": pl.Int64,
                "origin": pl.String,
                "due_day": pl.Date,
            },
            orient="row",
        ),
    )
