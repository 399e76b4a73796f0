"""What `status` says: days by platform, runs, what is broken."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from tasks.warehouse.ledger import read_copy
from tasks.warehouse.lock import describe_holder, is_held
from tasks.warehouse.publication import read_manifest
from tasks.warehouse.workspace import Workspace

_STEPS = {"extract": "extracted", "validate": "validated", "publish": "published"}


def describe(workspace: Workspace) -> dict[str, Any]:
    """Everything that `status` knows, as plain data.

    Reads copies beside the warehouse only, so it answers during a run.
    """
    ledger = read_copy(workspace)
    covered = {row["date_day"] for row in ledger["covered_days"]}
    days: dict[tuple[str, str], dict[str, Any]] = {}
    for row in ledger["intervals"]:
        if row["step"] not in _STEPS or row["date_day"] is None:
            continue
        if row["step"] == "publish" and row["date_day"] not in covered:
            continue
        entry = days.setdefault(
            (row["platform"], row["date_day"]),
            {"platform": row["platform"], "day": row["date_day"]},
        )
        entry[_STEPS[row["step"]]] = row["rows_out"]
        if row["step"] == "validate":
            entry["quarantined"] = row["rows_quarantined"]
    yesterday = workspace.today() - timedelta(days=1)
    latest = max((date.fromisoformat(day) for day in covered), default=None)
    runs = ledger["runs"]
    last = runs[0] if runs else None
    for entry in days.values():
        entry["state"] = (
            "published" if "published" in entry else "landed, not asked for"
        )
    if last and last["state"] == "failed":
        for entry in days.values():
            if last["from_day"] <= entry["day"] <= last["to_day"]:
                entry["state"] = entry["state"] + ", last run failed"
    manifest = read_manifest(workspace.published)
    return {
        "workspace": str(workspace.root),
        "running": describe_holder(workspace.lock) if is_held(workspace.lock) else None,
        "publication": manifest and manifest["publication"],
        "window": manifest and manifest["window"],
        "late_days": max((yesterday - latest).days, 0) if latest else None,
        "last_run": last,
        "failed_runs": [run for run in runs if run["state"] == "failed"][:5],
        "days": [days[key] for key in sorted(days)],
        "quarantine": ledger["quarantine"],
        "broken_files": ledger["broken_files"],
        "failed_rules": ledger["checks"],
        "drift": _drift(ledger["score_profiles"]),
        "model_change": ledger["model_change"],
        "apis": _spending(workspace),
    }


def _spending(workspace: Workspace) -> list[dict[str, Any]]:
    """Plan and spending of each API source that was crawled."""
    if not any(source.kind == "api" for source in workspace.sources):
        return []
    from tasks.sources.api_landing import describe_spending

    found = [
        describe_spending(workspace, source)
        for source in workspace.sources
        if source.kind == "api"
    ]
    return [spending for spending in found if spending is not None]


def _drift(profiles: list[dict[str, Any]]) -> dict[str, Any] | None:
    """How far accounts and scores moved between two judgements of one model."""
    days = sorted({row["last_day"] for row in profiles})
    if len(days) < 2:
        return None
    import polars as pl

    from tasks.accounts.drift import population_stability

    frame = pl.DataFrame(profiles)
    index = population_stability(
        frame.filter(pl.col("last_day") == days[0]),
        frame.filter(pl.col("last_day") == days[-1]),
    )
    return {
        "from_day": days[0],
        "to_day": days[-1],
        "model_version": profiles[0]["model_version"],
        "stability_index": dict(index.rows()),
    }


def show(status: dict[str, Any], console: Console, last_days: int = 14) -> None:
    """Print the status for people; the newest days only."""
    if status["running"]:
        console.print(f"Running now: {status['running']}", markup=False)
    window = status["window"]
    if window:
        console.print(
            f"Published: {status['publication']}, {window['days']} days from"
            f" {window['first_day']} to {window['last_day']}"
        )
    else:
        console.print("Published: nothing yet")
    if status["late_days"]:
        console.print(
            f"Late: {status['late_days']} days up to yesterday are not covered;"
            " `daily` catches up"
        )
    run = status["last_run"]
    if run:
        why = f": {run['why']}" if run["why"] else ""
        console.print(
            f"Last run: {run['command']} {run['from_day']} to {run['to_day']},"
            f" {run['state']}{why}",
            markup=False,
        )
    for api in status["apis"]:
        spent = ", ".join(
            f"{limit['name']} {limit['spent']:,} of {limit['may_spend']:,} until"
            f" {_minute(limit['resets_at'])}"
            for limit in api["limits"]
        )
        console.print(
            f"API {api['source']}: spent {spent}; {api['finished_lists']:,} lists read",
            markup=False,
        )
        if api["calls_left"]:
            calls = ", ".join(
                f"{endpoint} {count:,}" for endpoint, count in api["calls_left"].items()
            )
            done_at = api["done_at"]
            when = _minute(done_at) if done_at else "never: a limit is 0"
            console.print(
                f"API {api['source']}: calls to make: {calls}; at the permitted rate"
                f" done by {when}",
                markup=False,
            )
        if api["token_warning"]:
            console.print(f"API {api['source']}: {api['token_warning']}", markup=False)
        for why in api["given_up"]:
            console.print(f"API {api['source']}: gave up {why}", markup=False)
    if status["model_change"]:
        console.print(f"Scores: {status['model_change']}", markup=False)
    if status["drift"]:
        console.print(_tell_drift(status["drift"]), markup=False)
    table = Table("platform", "day", "extracted", "validated", "published", "state")
    rows = status["days"][-last_days:]
    for row in rows:
        table.add_row(
            row["platform"],
            row["day"],
            *(f"{row[name]:,}" if name in row else "-" for name in _STEPS.values()),
            row["state"],
        )
    if rows:
        console.print(table)
    if len(status["days"]) > len(rows):
        console.print(
            f"{len(status['days']) - len(rows)} earlier days: --json lists them all"
        )
    for item in status["quarantine"]:
        console.print(
            f"Quarantined: {item['rows']:,} rows of {item['source']}"
            f" ({item['reason']})",
            markup=False,
        )
    for item in status["broken_files"][:20]:
        console.print(f"Broken file: {item['path']}: {item['reason']}", markup=False)


def _minute(moment: str) -> str:
    """A moment in ISO form as people write it."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def _tell_drift(drift: dict[str, Any]) -> str:
    from tasks.accounts.drift import DRIFTED

    moved = [
        f"{name} {value:.2f}"
        for name, value in sorted(drift["stability_index"].items())
        if value > DRIFTED
    ]
    span = f"from {drift['from_day']} to {drift['to_day']}"
    if not moved:
        return f"Drift {span}: accounts and scores look as they did"
    return (
        f"Drift {span}: {', '.join(moved)} (stability index, above {DRIFTED} a model"
        " deserves a second look: `train` it on newer labels)"
    )
