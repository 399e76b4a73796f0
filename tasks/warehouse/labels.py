"""Labelled accounts for training: who is a phantom, as people found.

A CSV file with `account_id` and `is_phantom` (1 or 0); optional columns are
`platform` (weibo without it) and `weight` (of the account in training, 1 without
it: how much a set is trusted). A team's own `account_overrides.csv` is taken as it
is: its decisions genuine and phantom are labels, merges are not.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from tasks.warehouse.errors import ConfigurationError

SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "is_phantom": pl.Boolean,
    "weight": pl.Float64,
}
_TRUTH = {"1": True, "0": False, "true": True, "false": False}
_DECISIONS = {"phantom": True, "genuine": False}


def read_labels(file: Path) -> pl.DataFrame:
    """Labels, one row an account.

    Raises:
        ConfigurationError: names every wrong line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            [f"--labels '{file}' can't be read: {error.strerror}."]
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8"]
        ) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = reader.fieldnames or []
    is_override = "decision" in names
    needed = ("account_id", "decision" if is_override else "is_phantom")
    missing = [name for name in needed if name not in names]
    if missing:
        raise ConfigurationError(
            [f"{file}:1: columns are missing: {', '.join(missing)}: add them"]
        )
    mistakes: list[str] = []
    rows: dict[tuple[str, str], tuple[bool, float]] = {}
    for row in reader:
        place = f"{file}:{reader.line_num}"
        value = {name: (row.get(name) or "").strip() for name in names}
        if is_override and value["decision"] in ("merge", "split"):
            continue
        known = _DECISIONS if is_override else _TRUTH
        told = value[needed[1]].lower()
        key = (value.get("platform") or "weibo", value["account_id"])
        if told not in known:
            mistakes.append(
                f"{place}: {needed[1]} '{told}' must be one of {', '.join(known)}"
            )
        if not key[1]:
            mistakes.append(f"{place}: account_id is empty: fill it in")
        try:
            weight = float(value.get("weight") or 1)
        except ValueError:
            weight = 0.0
        if not 0 < weight <= 1000:
            mistakes.append(f"{place}: weight must be a number above 0, at most 1000")
        label = (known.get(told, False), weight)
        if not is_override and rows.get(key, label) != label:
            mistakes.append(f"{place}: the account stands twice with different labels")
        rows[key] = label
    if not rows and not mistakes:
        mistakes.append(f"{file} has no labelled account: add some.")
    if mistakes:
        raise ConfigurationError(mistakes)
    return pl.DataFrame(
        [(*key, *label) for key, label in rows.items()], schema=SCHEMA, orient="row"
    )
