"""What people decide and did: the tables in `seeds/`.

- `account_overrides.csv`: decision (merge, split, genuine, phantom), platform,
  account_id, other_platform, other_account_id (for merge), reason, reviewer, date.
- `suppressions.csv`: platform, account_id, reason, date: who is never to be contacted.
- `contact_history.csv`: brand_id, platform, account_id, contacted_on, channel,
  answered (yes, no or empty where that is not known yet).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from tasks.warehouse.errors import ConfigurationError

DECISIONS = ("merge", "split", "genuine", "phantom")
COLUMNS = (
    "decision",
    "platform",
    "account_id",
    "other_platform",
    "other_account_id",
    "reason",
    "reviewer",
    "date",
)
SCHEMA = {
    "kind": pl.String,
    "platform": pl.String,
    "account_id": pl.String,
    "with_platform": pl.String,
    "with_account_id": pl.String,
    "reason": pl.String,
    "reviewer": pl.String,
    "decided_on": pl.Date,
}


SUPPRESSION_COLUMNS = ("platform", "account_id", "reason", "date")
SUPPRESSION_SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "reason": pl.String,
    "suppressed_on": pl.Date,
}
HISTORY_COLUMNS = (
    "brand_id",
    "platform",
    "account_id",
    "contacted_on",
    "channel",
    "answered",
)
HISTORY_SCHEMA = {
    "brand_id": pl.String,
    "platform": pl.String,
    "account_id": pl.String,
    "contacted_on": pl.Date,
    "channel": pl.String,
    "is_answered": pl.Boolean,
}
_ANSWERS = {"yes": True, "no": False, "": None}


def check_seeds(root: Path) -> None:
    """Read every table in `seeds/`.

    Raises:
        ConfigurationError: names every wrong line of all of them.
    """
    mistakes: list[str] = []
    for read in (read_overrides, read_suppressions, read_contact_history):
        try:
            read(root)
        except ConfigurationError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigurationError(mistakes)


def _rows(
    file: Path, columns: Sequence[str], needed: Sequence[str], mistakes: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file, trimmed, with the place where each one stands.

    Rows in which a needed column is empty are named in `mistakes` and left out.

    Raises:
        ConfigurationError: the file is no UTF-8 or lacks a column.
    """
    if not file.exists():
        return
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8"]
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in columns if name not in (reader.fieldnames or [])]
    if missing:
        raise ConfigurationError(
            [f"{file}:1: columns are missing: {', '.join(missing)}: add them"]
        )
    for row in reader:
        place = f"{file}:{reader.line_num}"
        value = {name: (row.get(name) or "").strip() for name in columns}
        empty = [name for name in needed if not value[name]]
        mistakes += [f"{place}: {name} is empty: fill it in" for name in empty]
        if not empty:
            yield place, value


def _day(place: str, name: str, value: str, mistakes: list[str]) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        mistakes.append(f"{place}: {name} '{value}' must be YYYY-MM-DD")
        return None


def read_overrides(root: Path) -> pl.DataFrame:
    """Decisions of a workspace; of two on one account the newer holds.

    Merges accumulate; a level (genuine, phantom) replaces an earlier one.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "account_overrides.csv"
    mistakes: list[str] = []
    rows: list[dict[str, object]] = []
    needed = ("platform", "account_id", "reason", "reviewer")
    for place, value in _rows(file, COLUMNS, needed, mistakes):
        before = len(mistakes)
        if value["decision"] not in DECISIONS:
            mistakes.append(
                f"{place}: decision '{value['decision']}' must be one of"
                f" {', '.join(DECISIONS)}"
            )
        if value["decision"] == "merge" and not value["other_account_id"]:
            mistakes.append(f"{place}: a merge needs other_account_id")
        decided_on = _day(place, "date", value["date"], mistakes)
        if len(mistakes) == before:
            rows.append(
                {
                    "kind": value["decision"],
                    "platform": value["platform"],
                    "account_id": value["account_id"],
                    "with_platform": value["other_platform"] or value["platform"],
                    "with_account_id": value["other_account_id"] or None,
                    "reason": value["reason"],
                    "reviewer": value["reviewer"],
                    "decided_on": decided_on,
                }
            )
    if mistakes:
        raise ConfigurationError(mistakes)
    frame = pl.DataFrame(rows, schema=SCHEMA).with_row_index("line")
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
    file = root / "seeds" / "suppressions.csv"
    mistakes: list[str] = []
    rows = [
        (
            value["platform"],
            value["account_id"],
            value["reason"],
            _day(place, "date", value["date"], mistakes),
        )
        for place, value in _rows(
            file, SUPPRESSION_COLUMNS, ("platform", "account_id"), mistakes
        )
    ]
    if mistakes:
        raise ConfigurationError(mistakes)
    return (
        pl.DataFrame(rows, schema=SUPPRESSION_SCHEMA, orient="row")
        .sort("platform", "account_id", "suppressed_on", "reason")
        .unique(["platform", "account_id"], keep="first", maintain_order=True)
    )


def read_contact_history(root: Path) -> pl.DataFrame:
    """Who was contacted when, and whether they answered.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "contact_history.csv"
    mistakes: list[str] = []
    rows = []
    needed = ("brand_id", "platform", "account_id", "contacted_on")
    for place, value in _rows(file, HISTORY_COLUMNS, needed, mistakes):
        if value["answered"].lower() not in _ANSWERS:
            mistakes.append(
                f"{place}: answered '{value['answered']}' must be yes, no or empty"
            )
            continue
        rows.append(
            (
                value["brand_id"],
                value["platform"],
                value["account_id"],
                _day(place, "contacted_on", value["contacted_on"], mistakes),
                value["channel"] or None,
                _ANSWERS[value["answered"].lower()],
            )
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    return (
        pl.DataFrame(rows, schema=HISTORY_SCHEMA, orient="row").unique().sort(pl.all())
    )
