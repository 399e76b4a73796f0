"""Labelled accounts for training: who is a phantom, as people found.

A CSV file with `account_id` and `is_phantom` (1 or 0); optional columns are
`platform` (the default network without it) and `weight` (of the account in
training, 1 without it: how much a set is trusted). A team's own
`account_overrides.csv` is taken as it is: its decisions genuine and phantom are
labels, merges are not.

With a column `operator` instead of `is_phantom` the file says who runs an account:
the same word for accounts of one operator, empty for one that is nobody's second.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl

from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.networks import DEFAULT_PLATFORM

SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "is_phantom": pl.Boolean,
    "weight": pl.Float64,
}
OPERATOR_SCHEMA = {
    "platform": pl.String,
    "account_id": pl.String,
    "operator": pl.String,
}
_TRUTH = {"1": True, "0": False, "true": True, "false": False}
_DECISIONS = {"phantom": True, "genuine": False}


def names_operators(file: Path) -> bool:
    """Whether a file of labels says who runs accounts, not what they are.

    Raises:
        ConfigurationError: it can't be read.
    """
    return "operator" in (_open(file).fieldnames or [])


def read_operators(file: Path) -> pl.DataFrame:
    """Who runs each account, one row an account; null for nobody's second one.

    Raises:
        ConfigurationError: names every wrong line.
    """
    reader = _open(file)
    names = reader.fieldnames or []
    if "account_id" not in names:
        raise ConfigurationError(
            [f"{file}:1: columns are missing: account_id: add them"]
        )
    mistakes: list[str] = []
    rows: dict[tuple[str, str], str | None] = {}
    for row in reader:
        place = f"{file}:{reader.line_num}"
        value = {name: (row.get(name) or "").strip() for name in names}
        key = (value.get("platform") or DEFAULT_PLATFORM, value["account_id"])
        operator = value["operator"] or None
        if not key[1]:
            mistakes.append(f"{place}: account_id is empty: fill it in")
        if rows.get(key, operator) != operator:
            mistakes.append(f"{place}: the account stands twice with two operators")
        rows[key] = operator
    if not rows and not mistakes:
        mistakes.append(f"{file} has no labelled account: add some.")
    if mistakes:
        raise ConfigurationError(mistakes)
    return pl.DataFrame(
        [(*key, operator) for key, operator in rows.items()],
        schema=OPERATOR_SCHEMA,
        orient="row",
    )


def _open(file: Path) -> csv.DictReader[str]:
    """A CSV file's rows.

    Raises:
        ConfigurationError: it can't be read.
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
    return csv.DictReader(io.StringIO(text, newline=""))


def read_labels(file: Path) -> pl.DataFrame:
    """Labels, one row an account.

    Raises:
        ConfigurationError: names every wrong line.
    """
    reader = _open(file)
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
        key = (value.get("platform") or DEFAULT_PLATFORM, value["account_id"])
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
