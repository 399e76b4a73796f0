"""Tables that explain marts: their columns, classes of reasons, the calendar."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl

from tasks.accounts.reason_classes import REASON_CLASSES, SPEAKING_FOR
from tasks.campaigns.calendar_days import calendar_days
from tasks.warehouse.database import store_frame
from tasks.warehouse.models import Model


def reason_classes() -> pl.DataFrame:
    """Codes of classes of reasons that speak against an account, with their words."""
    return pl.DataFrame(
        [row for row in REASON_CLASSES.items() if row[0] not in SPEAKING_FOR],
        schema={"reason_class": pl.String, "words": pl.String},
        orient="row",
    )


def write_calendar(
    connection: duckdb.DuckDBPyConnection, marts: Iterable[Model]
) -> None:
    """The days from the first to the last one that a mart names, as `meta.calendar`."""
    named = [
        f"select min({column.name}) as first_day, max({column.name}) as last_day"
        f" from {model.name}"
        for model in marts
        for column in model.columns
        if column.unit == "day"
    ]
    rows = connection.execute(
        "select min(first_day), max(last_day) from ("
        " select date_day as first_day, date_day as last_day from meta.covered_days"
        f" union all {' union all '.join(named)})"
    ).fetchall()
    store_frame(connection, "meta.calendar", calendar_days(*rows[0]))
