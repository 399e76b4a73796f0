"""What `status` says: days by platform, sources, runs, what is broken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from tasks.warehouse.ledger import copied_rhythms, read_copy
from tasks.warehouse.lock import describe_holder, is_held
from tasks.warehouse.publication import read_manifest
from tasks.warehouse.rhythm import Rhythm
from tasks.warehouse.workspace import Workspace

_BADLY = {"failed": "failed", "stopped": "was stopped"}
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
    is_running = is_held(workspace.lock)
    for run in runs:
        # Nobody holds the workspace: it was killed, or the machine went off.
        if run["state"] == "running" and not is_running:
            run |= {"state": "stopped", "why": "killed before its end: run it again"}
    last = runs[0] if runs else None
    for entry in days.values():
        entry["state"] = (
            "landed, not asked for"
            if "published" not in entry
            else "published"
            if entry.get("extracted") or entry.get("validated") or entry["published"]
            else "covered, nothing came"
        )
    ended_badly = last if last and last["state"] in _BADLY else None
    if ended_badly:
        for entry in days.values():
            if ended_badly["from_day"] <= entry["day"] <= ended_badly["to_day"]:
                entry["state"] += f", last run {_BADLY[ended_badly['state']]}"
    manifest = read_manifest(workspace.published)
    sources = [
        _describe_source(
            one.up_to(workspace.today()), yesterday, _read_on(workspace, runs)
        )
        for one in copied_rhythms(workspace, ledger)
    ]
    problems = [
        *(f"{source['says']}" for source in sources if source["is_late"]),
        *(
            [
                f"the last run {_BADLY[ended_badly['state']]}:"
                f" {ended_badly['why'] or 'no reason is known'}"
            ]
            if ended_badly
            else []
        ),
        *([] if manifest else ["nothing is published yet"]),
    ]
    return {
        "workspace": str(workspace.root),
        "running": describe_holder(workspace.lock) if is_running else None,
        "publication": manifest and manifest["publication"],
        "window": manifest and manifest["window"],
        "changes": manifest and manifest.get("changes"),
        "late_days": max((yesterday - latest).days, 0) if latest else None,
        "exit_code": 1 if problems else 0,
        "problems": problems,
        "sources": sources,
        "last_run": last,
        "run_changes": ledger["changes"],
        "failed_runs": [run for run in runs if run["state"] in _BADLY][:5],
        "days": [days[key] for key in sorted(days)],
        "quarantine": ledger["quarantine"],
        "broken_files": ledger["broken_files"],
        "failed_rules": ledger["checks"],
        "drift": _drift(ledger["score_profiles"]),
        "model_change": ledger["model_change"],
        "apis": _spending(workspace),
    }


def _read_on(workspace: Workspace, runs: list[dict[str, Any]]) -> date | None:
    """The day of the newest run that read the sources to its end, here."""
    ended = [
        datetime.fromisoformat(run["finished_at"]).replace(tzinfo=UTC)
        for run in runs
        if run["state"] == "done" and run["finished_at"]
    ]
    return max(ended).astimezone(ZoneInfo(workspace.timezone)).date() if ended else None


def _describe_source(
    found: Rhythm, yesterday: date, read_on: date | None
) -> dict[str, Any]:
    """What a source gave and whether it is late, by the clock."""
    since = found.late_since(yesterday)
    late = found.tell_late(yesterday)
    if late and since and (read_on is None or read_on <= since):
        # It may have given something by now, and nobody has looked.
        when = f"since {read_on}" if read_on else "to its end here"
        late += f"; no run has read it {when}: start `daily`"
    return {
        "source": found.source,
        "platform": found.platform,
        "last_record_day": _iso(found.last_record_day),
        "data_up_to_day": _iso(found.last_activity_day),
        "record_days": len(found.days),
        "expected_every_days": found.expected_every_days,
        "rhythm_origin": found.origin,
        "due_day": _iso(found.due_day),
        "late_since_day": _iso(since),
        "late_days": (yesterday - since).days + 1 if since else 0,
        "is_late": late is not None,
        "gaps": [
            {"from_day": begin.isoformat(), "to_day": end.isoformat()}
            for begin, end in found.gaps(found.days[0], yesterday)
        ]
        if found.days
        else [],
        "says": late or "on time",
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


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
    if status["changes"]:
        console.print(_tell_changes(status["changes"]), markup=False)
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
    if status["sources"]:
        console.print(_table_of_sources(status["sources"]))
    for one in status["sources"]:
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
            *(
                # A number of rows of a day that nobody told of would say that it was
                # quiet.
                f"{row[name]:,}"
                if name in row and not row["state"].startswith("covered")
                else "-"
                for name in _STEPS.values()
            ),
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
