"""The ledger: what is done, which days the marts cover, what went wrong.

`meta.intervals` decides, not the orchestrator: a step's rows stand in the same
transaction as what the step wrote. A copy of the ledger lies beside the
warehouse (`ledger.json`), so that `status` answers while a run holds the file.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from tasks.warehouse import landing, stopping, tombstones
from tasks.warehouse.condition import Repairs
from tasks.warehouse.database import FUNCTIONS, connect, table_exists, transaction
from tasks.warehouse.errors import ConfigurationError, DamagedError, is_corrupt
from tasks.warehouse.keys import check_keys, keys_to_remember
from tasks.warehouse.landing_store import store_of
from tasks.warehouse.ledger_copy import (
    LEDGER_COPY,
    batches_once_staged,
    read_copy,
    refuse_older_landing,
)
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.models import code_hash
from tasks.warehouse.publication import kept_publications
from tasks.warehouse.rhythm import Rhythm, rhythms
from tasks.warehouse.whole_files import write_atomically
from tasks.warehouse.workspace import Workspace

# A quarantined row's reason without the value that it names, after the rule or between
# quotes: what leaves quarantine for logs and the ledger quotes nobody.
REASON_WITHOUT_VALUE = (
    "case when stage = 'validate' then split_part(reason, ': ', 1)"
    r" else regexp_replace(reason, '(^|[ (:])''.*''', '\1...') end"
)
# Whose changes the copy beside the warehouse tells; the warehouse keeps all.
_RUNS_WITH_CHANGES = 10


@dataclass(frozen=True)
class Run:
    """A run that holds the workspace; its window is first and last day."""

    run_id: str
    workspace: Workspace
    window: tuple[date, date]


@contextmanager
def open_run(
    workspace: Workspace,
    command: str,
    window: tuple[date, date] | Callable[[set[date]], tuple[date, date]],
    reason: str | None = None,
    prepare: Callable[[Workspace], None] | None = None,
) -> Iterator[Run]:
    """Hold the workspace, and note the run's begin, end and failure.

    Args:
        workspace: which one.
        command: what runs, for the ledger and for those who wait.
        window: first and last day; or what gives them for the days that are covered,
            which nobody may read before the workspace is held.
        reason: why it runs, for the ledger.
        prepare: what is to be done first, before the warehouse is opened.

    Raises:
        ConfigurationError: a key is lost or another one than before.
        DamagedError: the warehouse is damaged.
        LandingDamagedError: landing lacks what the marts were made of.
        WorkspaceLockedError: another run holds the workspace.
    """
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    with hold_workspace(workspace.lock, command), _told(workspace):
        store_of(workspace.landing).refresh()
        check_keys(workspace)
        refuse_older_landing(workspace)
        if prepare:
            prepare(workspace)
        _drop_restored(workspace)
        is_gone = not workspace.database.exists()
        with connect(workspace.database) as connection:
            if is_gone:
                _restore(connection, workspace)
                write_state(connection, "tombstones", tombstones.state(workspace.root))
            if not isinstance(window, tuple):
                window = window(covered_days(connection))
            # A run that is still "running" while we hold the lock was killed.
            connection.execute(
                "update meta.runs set state = 'failed', why = 'killed'"
                " where state = 'running'"
            )
            connection.execute(
                "insert into meta.runs values"
                " ($id, $command, $from_day, $to_day, $reason, $now, null,"
                " 'running', null)",
                {
                    "id": run_id,
                    "command": command,
                    "from_day": window[0],
                    "to_day": window[1],
                    "reason": reason,
                    "now": _now(),
                },
            )
            write_copy(connection, workspace)
        try:
            yield Run(run_id, workspace, window)
        except BaseException as caught:
            error = stopping.received() or caught
            # The kind of error only: its words may quote what a record says.
            why = str(error) if hasattr(error, "exit_code") else type(error).__name__
            _end(workspace, run_id, "failed", why)
            raise
        _end(workspace, run_id, "done", None)


@contextmanager
def _told(workspace: Workspace) -> Iterator[None]:
    """Name the warehouse where one of its blocks turns out to be damaged."""
    try:
        yield
    except duckdb.Error as error:
        if not is_corrupt(error):
            raise
        raise DamagedError(workspace.database) from None


def _drop_restored(workspace: Workspace) -> None:
    """A warehouse of before an erasure, as a backup brings back, is made anew."""
    if not workspace.database.exists() or not tombstones.has_tombstones(workspace.root):
        return
    with connect(workspace.database) as connection:
        is_older = read_state(connection, "tombstones") != tombstones.state(
            workspace.root
        )
        if is_older:
            write_copy(connection, workspace)
    if is_older:
        workspace.database.unlink()
        wal = workspace.database.with_name(f"{workspace.database.name}.wal")
        wal.unlink(missing_ok=True)


def known_days(workspace: Workspace) -> list[date]:
    """The days that the marts cover, by warehouse, copy, or else what is published."""
    found: set[date] = set()
    if workspace.database.exists():
        with contextlib.suppress(duckdb.Error), connect(workspace.database) as opened:
            found |= covered_days(opened)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        copy = json.loads((workspace.root / LEDGER_COPY).read_text(encoding="utf-8"))
        found |= {date.fromisoformat(row["date_day"]) for row in copy["covered_days"]}
    return sorted(found) or published_days(workspace)


def published_days(workspace: Workspace) -> list[date]:
    """The days that any kept publication covers, without a gap."""
    for name in kept_publications(workspace.root):
        manifest = workspace.root / "publications" / name / "manifest.json"
        window = json.loads(manifest.read_text(encoding="utf-8"))["window"]
        first = date.fromisoformat(window["first_day"])
        last = date.fromisoformat(window["last_day"])
        return [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return []


def _restore(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """After the warehouse was deleted, cover again what it covered."""
    cover(connection, known_days(workspace))


def cover(connection: duckdb.DuckDBPyConnection, days: Sequence[date]) -> None:
    """Let the next run make the marts of these days, in a new warehouse."""
    if days:
        connection.executemany(
            "insert into meta.covered_days values (?)", [[day] for day in days]
        )
        connection.execute("insert into meta.touched_days from meta.covered_days")


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _end(workspace: Workspace, run_id: str, state: str, why: str | None) -> None:
    with connect(workspace.database) as connection:
        connection.execute(
            "update meta.runs set state = $state, why = $why, finished_at = $now"
            " where run_id = $id",
            {"state": state, "why": why, "now": _now(), "id": run_id},
        )
        write_copy(connection, workspace)


def mark(
    connection: duckdb.DuckDBPyConnection,
    step: str,
    run_id: str,
    counts: str,
    params: dict[str, Any] | None = None,
    input_hash: str = "",
) -> None:
    """Write a step's ledger rows; the caller owns the transaction.

    `counts` is a select of platform, date_day, rows_in, rows_out,
    rows_quarantined; earlier rows of the same step, platform and day go.
    """
    connection.execute(
        f"create or replace temp table finished as {counts}", params or {}
    )
    connection.execute(
        "delete from meta.intervals using finished"
        " where intervals.step = $step and intervals.platform = finished.platform"
        " and intervals.date_day = finished.date_day",
        {"step": step},
    )
    connection.execute(
        "insert into meta.intervals select $step, platform, date_day, $run_id,"
        " rows_in, rows_out, rows_quarantined, $input_hash, $now from finished",
        {
            "step": step,
            "run_id": run_id,
            "input_hash": input_hash,
            "now": _now(),
        },
    )
    connection.execute("drop table finished")


def require(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Stop a step whose input no earlier step has made.

    Raises:
        ConfigurationError: with the repair.
    """
    if not table_exists(connection, schema, table):
        raise ConfigurationError(
            [
                f"There is no {schema}.{table} yet, which this step reads: run all"
                " steps once, without --only."
            ]
        )


def covered_days(connection: duckdb.DuckDBPyConnection) -> set[date]:
    """Activity days that the marts cover."""
    return {row[0] for row in connection.execute("from meta.covered_days").fetchall()}


def source_rhythms(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace
) -> list[Rhythm]:
    """When each source gave something, and how often it should."""
    names = ("source", "platform", "date_day", "is_activity")
    return rhythms(
        workspace,
        (
            dict(zip(names, row, strict=True))
            for row in connection.execute("from meta.source_days").fetchall()
        ),
    )


def days_to_run(covered: set[date], last: date) -> tuple[date, date]:
    """The window of a `daily` without a date: what is missing up to `last`."""
    if not covered:
        return last, last
    day = min(covered)
    while day in covered and day < last:
        day += timedelta(days=1)
    return min(day, last), last


def read_state(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A remembered digest, None where none is."""
    rows = connection.execute(
        "select value from meta.state where key = $key", {"key": key}
    ).fetchall()
    return rows[0][0] if rows else None


def write_state(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Remember a digest; the caller owns the transaction."""
    connection.execute("delete from meta.state where key = $key", {"key": key})
    connection.execute(
        "insert into meta.state values ($key, $value)", {"key": key, "value": value}
    )


def reset_when_changed(
    connection: duckdb.DuckDBPyConnection, timezone: str, extra: Sequence[str]
) -> str | None:
    """Forget tables that other code or another time zone made.

    They are made anew from landing in this run; the days covered stay.

    Returns:
        As `what_changed`.
    """
    now = _staged_by(timezone, extra)
    changed = what_changed(connection, timezone, extra)
    if any(read_state(connection, key) != value for key, value in now.items()):
        with transaction(connection):
            forget_tables(connection)
            for key, value in now.items():
                write_state(connection, key, value)
    return changed


def what_changed(
    connection: duckdb.DuckDBPyConnection, timezone: str, extra: Sequence[str]
) -> str | None:
    """What of that which stages is another than when staging was made.

    Returns:
        For people; None where it is the same, or nothing was staged.
    """
    now = _staged_by(timezone, extra)
    before = {key: read_state(connection, key) for key in now}
    if before == now or before["code"] is None:
        return None
    return "models" if before["code"] != now["code"] else "time zone"


def _staged_by(timezone: str, extra: Sequence[str]) -> dict[str, str]:
    # Another DuckDB may hash otherwise, which samples are taken by.
    digest = code_hash([json.dumps(FUNCTIONS), duckdb.__version__, *extra])
    return {"code": digest, "time_zone": timezone}


def forget_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget all that was made from landing; the caller owns the transaction.

    This run makes it anew; the days covered stay.
    """
    if table_exists(connection, "intermediate", "account_scores"):
        connection.execute(
            "create or replace table meta.last_scores as"
            " from intermediate.account_scores"
        )
    for schema in ("made_of", "marts", "intermediate", "staging"):
        connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute(f"create schema {schema}")
    for table in (
        "staged_batches",
        "source_days",
        "tables",
        "file_ids",
        "file_times",
        "quarantine",
        "unread_values",
        "touched_days",
        "touched_accounts",
    ):
        connection.execute(f"delete from meta.{table}")
    connection.execute(
        "delete from meta.state"
        " where key not in ('tombstones', 'code', 'time_zone', 'set_up')"
    )
    connection.execute(
        "insert into meta.touched_days select date_day from meta.covered_days"
    )


def write_copy(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Keep a copy of the ledger beside the warehouse, for `status`."""

    def rows(query: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        cursor = connection.execute(query, params or {})
        names = [column[0] for column in cursor.description or []]
        return [
            dict(zip(names, (_plain(value) for value in row), strict=True))
            for row in cursor.fetchall()
        ]

    landed = {entry.stem for entry in landing.log_entries(workspace.landing)}
    # A warehouse that is made anew has yet to stage what the one before had.
    staged = batches_once_staged(workspace) | {
        batch_id
        for (batch_id,) in connection.execute("from meta.staged_batches").fetchall()
    }
    write_atomically(
        workspace.root / LEDGER_COPY,
        json.dumps(
            {
                "runs": rows(
                    "from meta.runs order by started_at desc, run_id limit 100"
                ),
                "covered_days": rows("from meta.covered_days order by date_day"),
                "source_days": rows("from meta.source_days order by all"),
                "intervals": rows(
                    "from meta.intervals order by platform, date_day, step"
                ),
                # Without the values that reasons name: a reason is one line here,
                # and no person's words stand in it.
                "quarantine": rows(
                    "select stage, source, platform, kind,"
                    f" {REASON_WITHOUT_VALUE} as reason,"
                    " sum(rows) as rows, count(distinct path) as files"
                    " from meta.quarantine group by all order by all"
                ),
                "broken_files": rows(
                    "select distinct source, path, reason from meta.quarantine"
                    " where position is null and stage = 'landing' order by all"
                ),
                # The newest judgement of accounts, and the oldest by the same model
                # within a quarter: what `status` tells drift from.
                "score_profiles": rows(
                    "with mine as (from meta.score_profiles"
                    " where model_version = $model_version),"
                    " recent as (from mine where last_day >="
                    " (select max(last_day) from mine) - interval 90 day)"
                    " from recent where last_day in (select unnest("
                    "[min(last_day), max(last_day)]) from recent) order by all",
                    {"model_version": read_state(connection, "model_version")},
                ),
                "model_change": read_state(connection, "model_change"),
                # What the newest runs changed that changed something.
                "changes": rows(
                    "from meta.changes where run_id in (select run_id from meta.changes"
                    " group by run_id order by run_id desc limit $runs)"
                    " order by run_id desc, mart, key, metric",
                    {"runs": _RUNS_WITH_CHANGES},
                ),
                "keys": keys_to_remember(workspace),
                "batches": sorted(staged & landed),
                "checks": rows(
                    "from meta.validation_results where not success order by all"
                ),
            },
            ensure_ascii=False,
        ),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is not None and not isinstance(value, str | int | float | bool):
        return int(value)
    return value


def mend_ledger(workspace: Workspace, repairs: Repairs) -> None:
    """The ledger's copy says which days a new warehouse must cover."""
    copy = workspace.root / LEDGER_COPY
    try:
        read_copy(workspace)
    except ConfigurationError:  # there is none
        if not (workspace.root / "publications").exists():
            return
    except (DamagedError, OSError):
        repairs.set_aside(copy)
    else:
        return
    if workspace.database.exists():
        with connect(workspace.database) as connection:
            write_copy(connection, workspace)
        repairs.done.append(
            f"{copy} was damaged or gone: written again from the warehouse"
        )
        return
    days = published_days(workspace)
    if not days:
        repairs.lost.append(
            f"{copy} is damaged, the warehouse too, and nothing is published: run"
            " `backfill` over the days that the marts are to cover."
        )
        return
    with connect(workspace.database) as connection:
        cover(connection, days)
        write_copy(connection, workspace)
    repairs.done.append(
        f"{copy} was damaged or gone: the days from {days[0]} to {days[-1]}, which are"
        " published, are covered again with the next run"
    )
