"""Tables that explain marts: their columns, classes of reasons, the calendar."""

from __future__ import annotations

import polars as pl

from tasks.accounts.reason_classes import REASON_CLASSES, SPEAKING_FOR
from tasks.campaigns.calendar_days import calendar_days
from tasks.marts.metric_headers import metric_headers
from tasks.warehouse.graph import Making, reads
from tasks.warehouse.models import load_models


def column_headers(making: Making) -> pl.DataFrame:
    """What the headers of all marts say of their columns."""
    return metric_headers(load_models("marts") | load_models("publication"))


def reason_classes(making: Making) -> pl.DataFrame:
    """Codes of classes of reasons that speak against an account, with their words."""
    return pl.DataFrame(
        [row for row in REASON_CLASSES.items() if row[0] not in SPEAKING_FOR],
        schema={"reason_class": pl.String, "words": pl.String},
        orient="row",
    )


def calendar(making: Making) -> pl.DataFrame:
    """The days from the first to the last one that a mart names."""
    marts = load_models("marts")
    named = [
        f"select min({column.name}) as first_day, max({column.name}) as last_day"
        f" from {name}"
        for name in reads()["meta.calendar"]
        for column in marts[name].columns
        if column.unit == "day"
    ]
    rows = making.connection.execute(
        "select min(first_day), max(last_day) from ("
        " select date_day as first_day, date_day as last_day from meta.covered_days"
        f" union all {' union all '.join(named)})"
    ).fetchall()
    return calendar_days(*rows[0])
