"""The ledger's copy, `ledger.json`: what commands know while a run holds the warehouse.

`tasks.warehouse.ledger` writes it; whoever reads it opens no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

from tasks.warehouse import landing
from tasks.warehouse.condition import Condition, Repairs, broken, worth_a_look
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    LandingDamagedError,
)
from tasks.warehouse.landing_store import StorageError, bucket_of
from tasks.warehouse.lock import is_held
from tasks.warehouse.rhythm import Rhythm, rhythms
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace

LEDGER_COPY = "ledger.json"
# What is told of a step's rows, by the step.
COUNTED = {"extract": "extracted", "validate": "validated", "publish": "published"}
# How a run that ended badly is told.
BADLY = {"failed": "failed", "stopped": "was stopped"}


def read_copy(workspace: Workspace) -> dict[str, Any]:
    """The ledger's copy.

    Raises:
        ConfigurationError: nothing has run in this workspace yet.
        DamagedError: it is none.
    """
    file = workspace.root / LEDGER_COPY
    if not file.exists():
        raise ConfigurationError(
            [
                f"Nothing has run in {workspace.root} yet: start with"
                " `python -m flows daily` or `python -m flows backfill`."
            ]
        )
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = None
    if not _is_copy(data):
        raise DamagedError(file)
    lists = ("runs", "intervals", "quarantine", "broken_files", "checks", "batches")
    return {
        **{name: [] for name in (*lists, "score_profiles", "changes")},
        "model_change": None,
        **data,
    }


# What every row of a list has, besides what may have come later.
_COPIED = {
    "covered_days": {"date_day"},
    "runs": {"run_id", "command", "from_day", "to_day", "state", "why"},
    "intervals": {"step", "platform", "date_day", "rows_out", "rows_quarantined"},
    "quarantine": {"stage", "source", "platform", "reason", "rows"},
    "broken_files": {"source", "path", "reason"},
    "checks": {"table_name", "expectation"},
    "source_days": {"source", "platform", "date_day"},
    "score_profiles": {"model_version", "last_day", "feature", "bin", "accounts"},
    "changes": {"run_id", "mart", "key", "metric", "before", "after", "why"},
}

# Of which kind a value is wherever it stands, and which are never null.
_DAYS = {"date_day", "from_day", "to_day", "last_day"}
_MOMENTS = {"started_at", "finished_at"}
_NUMBERS = {"rows_in", "rows_out", "rows_quarantined", "rows", "accounts"}
_TEXTS = {"source", "platform", "step", "state", "command", "run_id", "feature", "bin"}
_NEVER_OPEN = {"run_id", "state", "from_day", "to_day", "last_day"}


def _is_copy(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether something read is a copy of the ledger, of this version or an older."""
    if not isinstance(data, dict) or "covered_days" not in data:
        return False
    is_whole = isinstance(data.get("batches", []), list) and all(
        isinstance(rows := data.get(name, []), list)
        and all(isinstance(row, dict) and keys <= row.keys() for row in rows)
        for name, keys in _COPIED.items()
    )
    return is_whole and all(
        _is_told(key, value, may_be_open=name not in ("covered_days", "source_days"))
        for name in _COPIED
        for row in data.get(name, [])
        for key, value in row.items()
    )


def _is_told(key: str, value: object, may_be_open: bool) -> bool:
    """Whether a value is of the kind that its name says."""
    if value is None:
        return may_be_open and key not in _NEVER_OPEN
    if key in _NUMBERS:
        return isinstance(value, int | float)
    if not isinstance(value, str):
        return key not in _TEXTS | _DAYS | _MOMENTS
    try:
        if key in _DAYS:
            date.fromisoformat(value)
        elif key in _MOMENTS:
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def late_sources(workspace: Workspace, end: date) -> list[str]:
    """Sentences on sources that are late when the day `end` is over.

    A source that gave something later isn't: what it left out stands among the days
    without a record.
    """
    return [
        late
        for one in copied_rhythms(workspace, read_copy(workspace))
        if (late := one.up_to(workspace.today()).tell_late(end))
    ]


def copied_rhythms(workspace: Workspace, copy: dict[str, Any]) -> list[Rhythm]:
    """`source_rhythms` from the ledger's copy.

    Args:
        workspace: what it states of its sources, as it is now.
        copy: what `read_copy` gives.

    Returns:
        Nothing where the copy is of a version that kept no days of sources.
    """
    if "source_days" not in copy:
        return []
    return rhythms(
        workspace,
        (
            {**row, "date_day": date.fromisoformat(row["date_day"])}
            for row in copy["source_days"]
        ),
    )


def batches_once_staged(workspace: Workspace) -> set[str]:
    """Batches that were accepted into staging once, by the copy."""
    try:
        return {str(one) for one in read_copy(workspace)["batches"]}
    except (ConfigurationError, DamagedError):
        return set()


def lost_batches(workspace: Workspace) -> list[str]:
    """Batches that were staged and of which landing has no entry and no file.

    An older backup of landing is whole in itself: files and log fit together.
    """
    root = workspace.landing
    lost = batches_once_staged(workspace)
    lost -= {entry.stem for entry in landing.log_entries(root)}
    # Files without their log are told by landing, and the log is written again.
    return sorted(lost - landing.batches_with_files(root)) if lost else []


def tell_lost_batches(workspace: Workspace) -> str | None:
    """What landing lacks, in a sentence with the repair; None where it is whole."""
    if not (lost := lost_batches(workspace)):
        return None
    many = len(lost) > 1
    bucket = bucket_of(workspace.landing)
    place = bucket.address if bucket else workspace.landing
    return (
        f"{place} lacks {len(lost):,} batch{'es' if many else ''} that the"
        " marts were made of, as after an older backup was put back: put the newest one"
        " there; or, where there is none, run `python -m flows recover --accept-loss`,"
        " and the marts are made anew without"
        f" {'their' if many else 'its'} records, but for those that exports still hold."
    )


def refuse_older_landing(workspace: Workspace) -> None:
    """Stop where landing lacks batches that the marts were made of.

    Raises:
        LandingDamagedError: with the repair.
    """
    if told := tell_lost_batches(workspace):
        raise LandingDamagedError(f"{told} Nothing was changed.")


def forget_batches(workspace: Workspace, gone: Iterable[str]) -> None:
    """Note in the copy that batches are taken out of landing on purpose."""
    try:
        copy = read_copy(workspace)
    except (ConfigurationError, DamagedError):
        return
    known = batches_once_staged(workspace)
    left = known - {*gone}
    if left != known:
        write_atomically(
            workspace.root / LEDGER_COPY,
            json.dumps({**copy, "batches": sorted(left)}, ensure_ascii=False),
        )


def examine_batches(workspace: Workspace) -> Iterator[Condition]:
    """Whether landing holds all that the marts were made of."""
    try:
        told = tell_lost_batches(workspace)
    except StorageError:
        return  # told by landing
    if told:
        yield broken("landing", told)


def mend_batches(workspace: Workspace, repairs: Repairs) -> None:
    """Whole batches that the marts were made of and that landing lacks."""
    if not (told := tell_lost_batches(workspace)):
        return
    if not repairs.accept_loss:
        repairs.lost.append(told)
        return
    gone = lost_batches(workspace)
    forget_batches(workspace, gone)
    if workspace.database.exists():
        repairs.set_aside(workspace.database)
    repairs.done.append(
        f"{len(gone):,} batch{'es' if gone[1:] else ''} given up: the marts go on"
        " without"
    )


def covered_days_of(copy: dict[str, Any]) -> set[str]:
    """Days that the marts cover, as the copy writes them."""
    return {row["date_day"] for row in copy["covered_days"]}


def runs_of(workspace: Workspace, copy: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest runs, newest first; one whose process is gone was stopped."""
    is_running = is_held(workspace.lock)
    return [
        # Nobody holds the workspace: it was killed, or the machine went off.
        run | {"state": "stopped", "why": "killed before its end: run it again"}
        if run["state"] == "running" and not is_running
        else run
        for run in copy["runs"]
    ]


def read_on(workspace: Workspace, runs: list[dict[str, Any]]) -> date | None:
    """The day of the newest run that read the sources to its end, here."""
    ended = [
        datetime.fromisoformat(run["finished_at"]).replace(tzinfo=UTC)
        for run in runs
        if run["state"] == "done" and run["finished_at"]
    ]
    return max(ended).astimezone(ZoneInfo(workspace.timezone)).date() if ended else None


def describe_days(
    copy: dict[str, Any], ended_badly: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """A row a network and day: rows by step, and in words what became of it.

    Args:
        copy: what `read_copy` gives.
        ended_badly: the last run, where it ended so.
    """
    covered = covered_days_of(copy)
    days: dict[tuple[str, str], dict[str, Any]] = {}
    for row in copy["intervals"]:
        if row["step"] not in COUNTED or row["date_day"] is None:
            continue
        if row["step"] == "publish" and row["date_day"] not in covered:
            continue
        entry = days.setdefault(
            (row["platform"], row["date_day"]),
            {"platform": row["platform"], "day": row["date_day"]},
        )
        entry[COUNTED[row["step"]]] = row["rows_out"]
        if row["step"] == "validate":
            entry["quarantined"] = row["rows_quarantined"]
    told = {(row["platform"], row["date_day"]) for row in copy.get("source_days", ())}
    for key, entry in days.items():
        entry["state"] = (
            "landed, not asked for"
            if "published" not in entry
            else "published"
            if entry.get("extracted") or entry.get("validated") or entry["published"]
            # Profiles, counters or boards of hot searches were read that day.
            else "covered, no activity"
            if key in told
            else "covered, nothing came"
        )
        if (
            ended_badly
            and ended_badly["from_day"] <= entry["day"] <= ended_badly["to_day"]
        ):
            entry["state"] += f", last run {BADLY[ended_badly['state']]}"
    return [days[key] for key in sorted(days)]


def examine_ledger(workspace: Workspace) -> Iterator[Condition]:
    """Whether the copy can be read, where there is one."""
    if (workspace.root / LEDGER_COPY).exists():
        try:
            read_copy(workspace)
        except DamagedError as error:
            yield broken("ledger", str(error))


def examine_rhythms(workspace: Workspace) -> Iterator[Condition]:
    """Sources that gave nothing when they should have, by what runs have read."""
    if not (workspace.root / LEDGER_COPY).exists():
        return
    try:
        copy = read_copy(workspace)
    except DamagedError:
        return  # told by `examine_ledger`
    yesterday = workspace.today() - timedelta(days=1)
    for one in copied_rhythms(workspace, copy):
        about = f"rhythm of {one.source}"
        if late := one.up_to(workspace.today()).tell_late(yesterday):
            yield worth_a_look(
                about,
                f"{late}: see whether its export or crawl still works, then run"
                " `daily`; if nothing more is to come, say expect_every_days = 0",
            )
        elif one.last_record_day:
            yield Condition(
                about,
                f"last record of {one.last_record_day}, {one.tell_expected()}",
            )
