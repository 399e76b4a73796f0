"""What people decide and did, as tables: the lines of `seeds/` in their types.

Apart from `seeds`, so that a run that has nothing new to do reads and checks the lines
without a library of frames, whose import takes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tasks.warehouse.seeds import (
    Row,
    action_rows,
    contact_rows,
    conversion_rows,
    override_rows,
    price_rows,
    suppression_rows,
)

OVERRIDE_SCHEMA = {
    "kind": pl.String,
    "platform": pl.String,
    "account_id": pl.String,
    "with_platform": pl.String,
    "with_account_id": pl.String,
    "reason": pl.String,
    "reviewer": pl.String,
    "decided_on": pl.Date,
}
SUPPRESSION_SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "reason": pl.String,
    "suppressed_on": pl.Date,
}
HISTORY_SCHEMA = {
    "brand_id": pl.String,
    "platform": pl.String,
    "account_id": pl.String,
    "contacted_on": pl.Date,
    "channel": pl.String,
    "is_answered": pl.Boolean,
}
ACTION_SCHEMA: dict[str, Any] = {
    "action_id": pl.String,
    "brand_id": pl.String,
    "kind": pl.String,
    "started_at": pl.Datetime("us"),
    "first_day": pl.Date,
    "last_day": pl.Date,
    "note": pl.String,
}
CPM_SCHEMA: dict[str, Any] = {
    "platform": pl.String,
    "cpm": pl.Decimal(12, 4),
    "currency": pl.String,
    "source": pl.String,
    "priced_on": pl.Date,
}
CONVERSION_SCHEMA: dict[str, Any] = {
    "line": pl.Int64,
    "lines": pl.Int64,
    "converted_at": pl.Datetime("us"),
    "date_day": pl.Date,
    "link": pl.String,
    "kind": pl.String,
    "conversions": pl.Int64,
    "amount": pl.Decimal(18, 4),
    "currency": pl.String,
}


def read_overrides(root: Path) -> pl.DataFrame:
    """Decisions of a workspace, see `as_overrides`.

    Raises:
        ConfigurationError: names every wrong line.
    """
    return as_overrides(override_rows(root))


def as_overrides(rows: Sequence[Row]) -> pl.DataFrame:
    """Decisions that hold: of two on one account the newer.

    Merges accumulate; a level (genuine, phantom) replaces an earlier one.
    """
    frame = pl.DataFrame(rows, schema=OVERRIDE_SCHEMA, orient="row")
    frame = frame.with_row_index("line")
    level = pl.col("kind").is_in(["genuine", "phantom"])
    levels = (
        frame.filter(level)
        .sort("decided_on", "line")
        .unique(["platform", "account_id"], keep="last", maintain_order=True)
    )
    others = frame.filter(~level)
    return pl.concat([others, levels]).sort("line").drop("line")


def read_suppressions(root: Path) -> pl.DataFrame:
    """Accounts that are never to be contacted: one row each, the first day on.

    Raises:
        ConfigurationError: names every wrong line.
    """
    rows = suppression_rows(root)
    return (
        pl.DataFrame(rows, schema=SUPPRESSION_SCHEMA, orient="row")
        .sort("platform", "account_id", "suppressed_on", "reason")
        .unique(["platform", "account_id"], keep="first", maintain_order=True)
    )


def read_contact_history(root: Path) -> pl.DataFrame:
    """Who was contacted when, and whether they answered; each once, sorted.

    Raises:
        ConfigurationError: names every wrong line.
    """
    rows = contact_rows(root)
    return (
        pl.DataFrame(rows, schema=HISTORY_SCHEMA, orient="row").unique().sort(pl.all())
    )


def read_brand_actions(root: Path, timezone: str = "UTC") -> pl.DataFrame:
    """What brands did, with its days in a time zone; sorted by brand and id.

    Raises:
        ConfigurationError: names every wrong line.
    """
    rows = action_rows(root, timezone)
    return pl.DataFrame(rows, schema=ACTION_SCHEMA, orient="row").sort(
        "brand_id", "action_id"
    )


def read_cpm(root: Path) -> pl.DataFrame:
    """Prices of a thousand impressions; sorted by network and day.

    Raises:
        ConfigurationError: names every wrong line.
    """
    return _with_money(price_rows(root), CPM_SCHEMA).sort("platform", "priced_on")


def read_conversions(root: Path, timezone: str = "UTC") -> pl.DataFrame:
    """Clicks and orders, a row for each line that counts; sorted by line.

    Raises:
        ConfigurationError: names every wrong line.
    """
    rows = conversion_rows(root, timezone)
    return _with_money(rows, CONVERSION_SCHEMA).sort("line")


def _with_money(rows: Sequence[Row], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows as a frame; sums of money are cast from text.

    From Python's decimals polars would import NumPy first, a tenth of a second.
    """
    texts = {
        name: pl.String if isinstance(kind, pl.Decimal) else kind
        for name, kind in schema.items()
    }
    told = [
        [str(value) if isinstance(value, Decimal) else value for value in row]
        for row in rows
    ]
    return pl.DataFrame(told, schema=texts, orient="row").cast(pl.Schema(schema))
