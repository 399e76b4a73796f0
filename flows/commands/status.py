"""What `status` says: days by platform, sources, runs, what is broken."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from tasks.warehouse.ledger_copy import (
    BADLY,
    COUNTED,
    copied_rhythms,
    covered_days_of,
    describe_days,
    read_copy,
    read_on,
    runs_of,
)
from tasks.warehouse.lock import describe_holder, is_held
from tasks.warehouse.publication import read_manifest
from tasks.warehouse.rhythm import describe_source
from tasks.warehouse.workspace import Workspace


def describe(workspace: Workspace) -> dict[str, Any]:
    """Everything that `status` knows, as plain data.

    Reads copies beside the warehouse only, so it answers during a run.
    """
    ledger = read_copy(workspace)
    today = workspace.today()
    yesterday = today - timedelta(days=1)
    latest = max(covered_days_of(ledger), default=None)
    runs = runs_of(workspace, ledger)
    last = runs[0] if runs else None
    ended_badly = last if last and last["state"] in BADLY else None
    manifest = read_manifest(workspace.published)
    sources = [
        describe_source(one.up_to(today), yesterday, read_on(workspace, runs))
        for one in copied_rhythms(workspace, ledger)
    ]
    problems = [source["says"] for source in sources if source["is_late"]]
    if ended_badly:
        why = ended_badly["why"] or "no reason is known"
        problems.append(f"the last run {BADLY[ended_badly['state']]}: {why}")
    if not manifest:
        problems.append("nothing is published yet")
    return {
        "workspace": str(workspace.root),
        "running": describe_holder(workspace.lock) if is_held(workspace.lock) else None,
        "publication": manifest and manifest["publication"],
        "window": manifest and manifest["window"],
        "changes": manifest and manifest.get("changes"),
        "findings": _count_findings(manifest),
        "late_days": max((yesterday - date.fromisoformat(latest)).days, 0)
        if latest
        else None,
        "exit_code": 1 if problems else 0,
        "problems": problems,
        "sources": sources,
        "last_run": last,
        "run_changes": ledger["changes"],
        "failed_runs": [run for run in runs if run["state"] in BADLY][:5],
        "days": describe_days(ledger, ended_badly),
        "quarantine": ledger["quarantine"],
        "broken_files": ledger["broken_files"],
        "failed_rules": ledger["checks"],
        "drift": _drift(ledger["score_profiles"]),
        "model_change": ledger["model_change"],
        "apis": _apis(workspace),
    }


def _count_findings(manifest: dict[str, Any] | None) -> int:
    """How much deserves a look, by what is published."""
    files = manifest["files"] if manifest else []
    return sum(file["rows"] for file in files if file["table"] == "findings")


def _apis(workspace: Workspace) -> list[dict[str, Any]]:
    """What crawls spent; loads what crawls need only where there is an API."""
    if not any(source.kind == "api" for source in workspace.sources):
        return []
    from tasks.sources.api_landing import describe_apis

    return describe_apis(workspace)


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
    _show_published(status, console)
    _show_sources(status["sources"], console)
    _show_last_run(status["last_run"], console)
    for api in status["apis"]:
        _show_api(api, console)
    if status["model_change"]:
        console.print(f"Scores: {status['model_change']}", markup=False)
    if status["drift"]:
        console.print(_tell_drift(status["drift"]), markup=False)
    _show_days(status["days"], console, last_days)
    _show_rejected(status, console)


def _show_published(status: dict[str, Any], console: Console) -> None:
    """What readers see, what is wrong, and which days are missing."""
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
    if status["changes"]:
        console.print(_tell_changes(status["changes"]), markup=False)
    if status["findings"]:
        console.print(
            f"Findings: {status['findings']:,} in the first part of the report;"
            " `alarms --dry-run` tells those that nobody was told of",
            markup=False,
        )
    for problem in status["problems"]:
        console.print(f"Problem: {problem}", markup=False)
    if status["late_days"]:
        # Days that no source has told of can't be caught up.
        told = max(
            (one["last_record_day"] or "" for one in status["sources"]), default=""
        )
        covered = window["last_day"] if window else ""
        console.print(
            f"Not covered: {status['late_days']} days up to yesterday;"
            + (
                f" `daily` covers those up to {told}, no source gave anything after"
                if told > covered
                else " `daily` catches up"
                if not told
                else f" no source gave anything after {told}"
            )
        )


def _tell_changes(changes: dict[str, Any]) -> str:
    """What differs from the publication before, in a line."""
    if not changes["publication_before"]:
        return "Changes: there is no publication to compare with"
    if not changes["numbers"]:
        return "Changes: no number differs from the publication before"
    return (
        f"Changes: {changes['numbers']:,} numbers of {changes['campaigns']:,} campaigns"
        f" differ from the publication before ({', '.join(changes['why'])})"
    )


def _show_sources(sources: list[dict[str, Any]], console: Console) -> None:
    if sources:
        console.print(_table_of_sources(sources))
    for one in sources:
        # The last one is what makes it late, which is told above.
        past = one["gaps"][: -1 if one["late_since_day"] else None]
        if past:
            listed = ", ".join(
                f"{gap['from_day']} to {gap['to_day']}" for gap in past[-3:]
            )
            console.print(
                f"Gaps: source {one['source']} ({one['platform']}) gave nothing when it"
                f" was due, {len(past):,} times, the last ones {listed}",
                markup=False,
            )


def _show_last_run(run: dict[str, Any] | None, console: Console) -> None:
    if run:
        why = f": {run['why']}" if run["why"] else ""
        console.print(
            f"Last run: {run['command']} {run['from_day']} to {run['to_day']},"
            f" {run['state']}{why}",
            markup=False,
        )


def _show_api(api: dict[str, Any], console: Console) -> None:
    """What a crawl spent, what is left to call, and what it gave up."""
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


def _show_days(days: list[dict[str, Any]], console: Console, last_days: int) -> None:
    table = Table("platform", "day", "extracted", "validated", "published", "state")
    rows = days[-last_days:]
    for row in rows:
        table.add_row(
            row["platform"],
            row["day"],
            *(
                # A number of rows of a day that nobody told of would say that it was
                # quiet.
                f"{row[name]:,}"
                if name in row and not row["state"].startswith("covered")
                else "-"
                for name in COUNTED.values()
            ),
            row["state"],
        )
    if rows:
        console.print(table)
    if len(days) > len(rows):
        console.print(f"{len(days) - len(rows)} earlier days: --json lists them all")


def _show_rejected(status: dict[str, Any], console: Console) -> None:
    for item in status["quarantine"]:
        console.print(
            f"Quarantined: {item['rows']:,} rows of {item['source']}"
            f" ({item['reason']})",
            markup=False,
        )
    for item in status["broken_files"][:20]:
        console.print(f"Broken file: {item['path']}: {item['reason']}", markup=False)


def _table_of_sources(sources: list[dict[str, Any]]) -> Table:
    table = Table("source", "platform", "last record", "expected every", "state")
    for one in sources:
        days = one["expected_every_days"]
        expected = (
            "-"
            if days is None
            else "no more"
            if days == 0
            else f"{'day' if days == 1 else f'{days} days'}, {one['rhythm_origin']}"
        )
        state = f"late since {one['late_since_day']}" if one["is_late"] else "on time"
        if one["last_record_day"] is None:
            state = "never gave anything"
        table.add_row(
            one["source"],
            one["platform"],
            one["last_record_day"] or "-",
            expected,
            state,
        )
    return table


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
