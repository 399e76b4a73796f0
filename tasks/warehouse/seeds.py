"""What people decide: `seeds/account_overrides.csv`, reviewed and dated.

Columns: decision (merge, split, genuine, phantom), platform, account_id,
other_platform, other_account_id (for merge), reason, reviewer, date.
"""

from __future__ import annotations

import csv
import io
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


def read_overrides(root: Path) -> pl.DataFrame:
    """Decisions of a workspace; of two on one account the newer holds.

    Merges accumulate; a level (genuine, phantom) replaces an earlier one.

    Raises:
        ConfigurationError: names every wrong line.
    """
    file = root / "seeds" / "account_overrides.csv"
    if not file.exists():
        return pl.DataFrame(schema=SCHEMA)
    mistakes: list[str] = []
    rows: list[dict[str, object]] = []
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8"]
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise ConfigurationError(
            [f"{file}:1: columns are missing: {', '.join(missing)}: add them"]
        )
    for row in reader:
        place = f"{file}:{reader.line_num}"
        value = {name: (row.get(name) or "").strip() for name in COLUMNS}
        before = len(mistakes)
        if value["decision"] not in DECISIONS:
            mistakes.append(
                f"{place}: decision '{value['decision']}' must be one of"
                f" {', '.join(DECISIONS)}"
            )
        mistakes += [
            f"{place}: {name} is empty: fill it in"
            for name in ("platform", "account_id", "reason", "reviewer")
            if not value[name]
        ]
        if value["decision"] == "merge" and not value["other_account_id"]:
            mistakes.append(f"{place}: a merge needs other_account_id")
        try:
            decided_on = date.fromisoformat(value["date"])
        except ValueError:
            mistakes.append(f"{place}: date '{value['date']}' must be YYYY-MM-DD")
            continue
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
