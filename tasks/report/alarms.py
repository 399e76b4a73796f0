"""Alarms: findings of the marts that nobody was told of yet, to where a team reads.

Each finding is told once. It first goes to the file `alarms.jsonl` of the workspace,
forced to the disk; then it is marked as being sent, sent, and marked as sent. What was
killed between the two may have arrived, and is not sent again; what an address refused
is sent with the next run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.warehouse.database import read_published
from tasks.warehouse.errors import AlarmError, ConfigurationError
from tasks.warehouse.ledger_copy import copied_rhythms, read_copy
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.publication import read_manifest
from tasks.warehouse.whole_files import sync, write_atomically
from tasks.warehouse.workspace import Workspace

# Where to tell: Apprise's addresses, with blanks between them. They hold secrets.
ADDRESSES = "WM_ALARM_TO"
# A message of more findings than this is read by nobody: the file has them all.
_MOST = 20
# What was told of the newest days, this many times `newest_days`, is remembered.
_REMEMBERED = 60

_SELECT = """
select
    findings.finding_id,
    findings.finding_kind,
    coalesce(campaigns.campaign_name, findings.campaign_id, findings.source) as subject,
    findings.partner_id,
    findings.platform,
    findings.activity_day,
    findings.message,
    findings.advice
from findings
left join campaigns on findings.campaign_id = campaigns.campaign_id
where findings.activity_day >= $first_day
order by findings.activity_day, findings.finding_id
"""


@dataclass(frozen=True)
class Finding:
    """A row of the mart `findings`, with the campaign's name or the source's."""

    finding_id: str
    finding_kind: str
    subject: str
    partner_id: str | None
    platform: str | None
    activity_day: date
    message: str
    advice: str

    def told(self) -> str:
        """The finding in a line."""
        about = " ".join(
            part
            for part in (
                self.subject,
                self.partner_id and f"partner {self.partner_id}",
                self.platform and f"({self.platform})",
            )
            if part
        )
        kind = self.finding_kind.replace("_", " ")
        return f"{self.activity_day} {kind}, {about}: {self.message} {self.advice}"


@dataclass(frozen=True)
class Delivered:
    """What telling came to.

    Attributes:
        new: findings that nobody had been told of.
        failed: addresses that took nothing, named without their secrets.
    """

    new: tuple[Finding, ...]
    failed: tuple[str, ...]


def tell_findings(workspace: Workspace, *, dry_run: bool = False) -> Delivered:
    """Tell each address what it was not told yet.

    Args:
        workspace: whose newest publication is read.
        dry_run: whether nothing is sent, written or remembered.

    Raises:
        ConfigurationError: an address can't be understood, or nothing has run yet.
        AlarmError: the memory of what was told can't be read.
        WorkspaceLockedError: a run holds the workspace.
    """
    targets = _targets(os.environ.get(ADDRESSES, "").split())
    memory = workspace.root / "alarms.json"
    findings = read_findings(workspace)
    if dry_run:
        known = _remembered(memory)
        new = [one for one in findings if one.finding_id not in known]
        return Delivered(tuple(new), ())
    with hold_workspace(workspace.lock, "alarms"):
        known = _remembered(memory)
        new = [one for one in findings if one.finding_id not in known]
        _append(workspace.root / "alarms.jsonl", new)
        for finding in new:
            known[finding.finding_id] = {
                "day": finding.activity_day.isoformat(),
                "told": {},
            }
        failed = []
        for name, (label, target) in targets.items():
            waiting = [
                one for one in findings if name not in known[one.finding_id]["told"]
            ]
            if not waiting:
                continue
            _mark(memory, known, waiting, name, "sending")
            if target.notify(title=_title(waiting), body=_body(waiting)):
                _mark(memory, known, waiting, name, "sent")
            else:
                for finding in waiting:
                    del known[finding.finding_id]["told"][name]
                failed.append(label)
        if new or failed:
            _remember(memory, known, workspace, {one.finding_id for one in findings})
    return Delivered(tuple(new), tuple(failed))


def read_findings(workspace: Workspace) -> list[Finding]:
    """Findings that are news, the oldest first.

    Those of the published days, and sources that are late by the clock: of the days
    that they miss no mart tells.
    """
    found = [*_published(workspace), *_late(workspace)]
    wanted = {
        one.finding_id: one
        for one in reversed(found)
        if one.finding_kind not in workspace.alarms.leave_out
    }
    return sorted(wanted.values(), key=lambda one: (one.activity_day, one.finding_id))


def _late(workspace: Workspace) -> list[Finding]:
    """Sources that are late when yesterday is over."""
    yesterday = workspace.today() - timedelta(days=1)
    found = []
    for one in copied_rhythms(workspace, read_copy(workspace)):
        since = one.up_to(workspace.today()).late_since(yesterday)
        if since is None:
            continue
        found.append(
            Finding(
                finding_id=f"source_late:{one.source}:{one.platform}:{since}",
                finding_kind="source_late",
                subject=one.source,
                partner_id=None,
                platform=one.platform,
                activity_day=since,
                message=f"It was to give something by {since}; its last record is of"
                f" {one.last_record_day}.",
                advice="See whether the export is still made and put where"
                " workspace.toml looks for it.",
            )
        )
    return found


def _published(workspace: Workspace) -> list[Finding]:
    manifest = read_manifest(workspace.published)
    marts = workspace.published / "marts.duckdb"
    if manifest is None or not manifest.get("window") or not marts.exists():
        return []
    last = date.fromisoformat(manifest["window"]["last_day"])
    first = last - timedelta(days=workspace.alarms.newest_days)
    with read_published(marts) as connection:
        rows = connection.execute(_SELECT, {"first_day": first}).fetchall()
    return [Finding(*row) for row in rows]


def send_trial() -> tuple[str, ...]:
    """Send each address a line that says that nothing is wrong.

    Returns:
        Addresses that took nothing.

    Raises:
        ConfigurationError: there is no address, or one can't be understood.
    """
    targets = _targets(os.environ.get(ADDRESSES, "").split())
    if not targets:
        raise ConfigurationError(
            [f"{ADDRESSES} is not set: it holds the addresses to tell (.env.example)."]
        )
    return tuple(
        label
        for label, target in targets.values()
        if not target.notify(
            title="Weibo Manager: a trial",
            body="Alarms of this workspace will come here. Nothing is wrong.",
        )
    )


def _targets(addresses: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Of each address a digest, a label without secrets, and what sends to it."""
    if not addresses:
        return {}
    # Slow to import, and nobody needs it who tells nobody.
    import apprise

    # What fails is told by us; its log would show parts of addresses.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    found: dict[str, tuple[str, Any]] = {}
    mistakes = []
    for place, address in enumerate(addresses, start=1):
        target = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        kind = address.partition("://")[0] if "://" in address else "no scheme"
        label = f"address {place} of {ADDRESSES} ({kind})"
        if target is None:
            mistakes.append(
                f"{label} can't be understood: write it as Apprise does, e.g."
                " jsons://host/path, dingtalk://token, wecombot://key, feishu://token,"
                " slack://a/b/c, mailtos://user:password@host?to=team@host."
            )
            continue
        digest = hashlib.sha256(address.encode()).hexdigest()[:16]
        found[digest] = label, target
    if mistakes:
        raise ConfigurationError(mistakes)
    return found


def _title(findings: Sequence[Finding]) -> str:
    count = len(findings)
    return f"Weibo Manager: {count} finding{'s' if count > 1 else ''}"


def _body(findings: Sequence[Finding]) -> str:
    lines = [finding.told() for finding in findings[-_MOST:]]
    if len(findings) > _MOST:
        lines.insert(0, f"The newest {_MOST}; alarms.jsonl has all.")
    return "\n\n".join(lines)


def _append(file: Path, findings: Iterable[Finding]) -> None:
    """Add a line for each finding, on the disk before anything is sent."""
    lines = [
        json.dumps(
            {
                "found_at": datetime.now(UTC).isoformat(timespec="seconds"),
                **asdict(finding),
            },
            ensure_ascii=False,
            default=str,
        )
        for finding in findings
    ]
    if not lines:
        return
    with file.open("ab+") as handle:
        # A line that a kill cut is no part of the next one.
        if handle.tell():
            handle.seek(-1, os.SEEK_END)
            if handle.read(1) != b"\n":
                handle.write(b"\n")
        handle.write(("\n".join(lines) + "\n").encode())
        handle.flush()
        os.fsync(handle.fileno())
    sync(file.parent)


def _remembered(memory: Path) -> dict[str, dict[str, Any]]:
    try:
        known: dict[str, dict[str, Any]] = json.loads(
            memory.read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return {}
    except ValueError:
        raise AlarmError(
            f"{memory} can't be read: it says which findings were told. Delete it, and"
            " those of the newest days are told once more."
        ) from None
    return known


def _mark(
    memory: Path,
    known: dict[str, dict[str, Any]],
    findings: Iterable[Finding],
    name: str,
    state: str,
) -> None:
    for finding in findings:
        known[finding.finding_id]["told"][name] = state
    write_atomically(memory, json.dumps(known, indent=1, sort_keys=True))


def _remember(
    memory: Path,
    known: dict[str, dict[str, Any]],
    workspace: Workspace,
    lasting: set[str],
) -> None:
    """Write what was told, but for findings too old to come again.

    A source that died long ago is found every day: it stays among the `lasting`.
    """
    newest = max((entry["day"] for entry in known.values()), default="2000-01-01")
    oldest = date.fromisoformat(newest) - timedelta(
        days=_REMEMBERED * workspace.alarms.newest_days
    )
    kept = {
        name: entry
        for name, entry in known.items()
        if name in lasting or entry["day"] >= oldest.isoformat()
    }
    write_atomically(memory, json.dumps(kept, indent=1, sort_keys=True))
