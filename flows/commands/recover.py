"""Recovery: what is damaged is set aside, so that the next run makes it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.sources.crawl.state import crawl_files, is_whole
from tasks.sources.erased_people import is_taking_out
from tasks.warehouse import landing, ledger
from tasks.warehouse.database import connect, damage_of
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    LandingDamagedError,
)
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.publication import (
    CURRENT,
    damaged_files,
    kept_publications,
    roll_back,
)
from tasks.warehouse.rejected import count_rejected
from tasks.warehouse.rejected import damaged_files as damaged_rejected
from tasks.warehouse.workspace import Workspace


@dataclass(frozen=True)
class Recovered:
    """What was found.

    Attributes:
        done: what was damaged, and what was done about it.
        lost: what only a backup brings back.
    """

    done: list[str]
    lost: list[str]


def recover(workspace: Workspace, *, accept_loss: bool = False) -> Recovered:
    """Read all that the workspace holds; set aside what can't be read.

    Nothing is deleted: it moves to `quarantine/damaged-<n>`. Cost: reading landing,
    the warehouse and what is published once.

    Args:
        workspace: what to look through.
        accept_loss: whether runs go on without landed records that are lost and that
            no backup brings back; the marts are made anew without them.

    Raises:
        WorkspaceLockedError: a run holds the workspace.
    """
    with hold_workspace(workspace.lock, "recover"):
        aside = _new_folder(workspace)
        lost: list[str] = []
        done = [
            *_check_log(workspace, aside, lost),
            *_check_landing(workspace, aside, lost, accept_loss=accept_loss),
            *_check_notes(workspace, aside),
            *_check_warehouse(workspace, aside),
            *_check_ledger(workspace, aside, lost),
            *_check_published(workspace, aside),
        ]
    return Recovered(done, lost)


def _check_log(workspace: Workspace, aside: Path, lost: list[str]) -> Iterator[str]:
    """Entries that can't be read, and files without one: the log is written again."""
    root = workspace.landing
    for entry in landing.log_entries(root):
        try:
            landing.read_entry(entry)
        except LandingDamagedError:
            _move(entry, aside / "landing" / ".log" / entry.name)
            yield f"{entry} can't be read and is set aside"
    log = landing.read_log(root)
    landing.sweep(root, log)
    known = {batch.batch_id for batch in log}
    unknown: dict[str, list[Path]] = {}
    for file in landing.survey(root, log).unknown:
        batch_id = landing.batch_of(root, file)
        if batch_id is None or batch_id in known or not landing.is_readable(root, file):
            relative = file.relative_to(root)
            _move(file, aside / "landing" / relative)
            what = f"{file} is no landed file that the log could name, and is set aside"
            if batch_id is not None and batch_id not in known:
                lost.append(f"{what}: it is damaged. Put it back from a backup.")
            else:
                yield what
        else:
            unknown.setdefault(batch_id, []).append(file)
    for batch_id, files in sorted(unknown.items()):
        try:
            rejected = count_rejected(workspace.quarantine, batch_id)
            batch = landing.rebuild(root, files, rejected)
        except LandingDamagedError:
            for file in files:
                _move(file, aside / "landing" / file.relative_to(root))
                yield f"{file} is no landed file, and is set aside"
        else:
            records = sum(file.records for file in batch.inputs)
            yield (
                f"{root / '.log' / f'{batch_id}.json'} was gone: written again from"
                f" {len(files):,} file{'s' if len(files) > 1 else ''} with"
                f" {records:,} records"
            )


def _check_landing(
    workspace: Workspace, aside: Path, lost: list[str], *, accept_loss: bool
) -> Iterator[str]:
    """Batches with a damaged file land again where their exports still lie there."""
    root = workspace.landing
    if not root.exists():
        return
    again: dict[str, landing.Batch] = {}
    given_up: dict[str, list[str]] = {}
    waits = is_taking_out(workspace.root)
    for batch, path in landing.unreadable_files(root, is_taking_out=waits):
        what = "is damaged" if (root / path).exists() else "is gone"
        if batch.inputs and all(
            (workspace.root / file.path).is_file() for file in batch.inputs
        ):
            again[batch.batch_id] = batch
            if (root / path).exists():
                _move(root / path, aside / "landing" / path)
            yield f"{root / path} {what}: its export lands again with the next run"
        elif accept_loss:
            given_up.setdefault(batch.batch_id, []).append(path)
            if (root / path).exists():
                _move(root / path, aside / "landing" / path)
            yield f"{root / path} {what} and given up: the marts go on without it"
        else:
            lost.append(
                f"{root / path} {what}, and what it was read from is not at hand:"
                " put it back from a backup; or, where there is none, run"
                " `python -m flows recover --accept-loss`, and the marts are made"
                " anew without its records."
            )
    if again:
        landing.withdraw(root, again.values())
        for batch_id in again:  # what it rejected is rejected again
            rejected = workspace.quarantine / f"landing-{batch_id}.parquet"
            rejected.unlink(missing_ok=True)
    if given_up:
        landing.forget_files(root, given_up)
        if workspace.database.exists():
            _move(workspace.database, aside / workspace.database.name)


def _check_notes(workspace: Workspace, aside: Path) -> Iterator[str]:
    """Rejected rows, and what crawls remember: runs go on without them."""
    for file in damaged_rejected(workspace.quarantine):
        _move(file, aside / file.name)
        yield f"{file} is damaged and set aside: what it says of rejected rows is gone"
    for file in crawl_files(workspace.landing):
        if not is_whole(file):
            for one in sorted(file.parent.glob(f"{file.name}*")):
                _move(one, aside / "landing" / ".crawl" / one.name)
            yield (
                f"{file} is damaged and set aside: what had landed stands, the crawl"
                " reads the rest again, and forgets what was spent this month"
            )


def _check_warehouse(workspace: Workspace, aside: Path) -> Iterator[str]:
    """A warehouse that can't be read is made anew from landing."""
    if not workspace.database.exists():
        return
    log = workspace.database.with_name(f"{workspace.database.name}.wal")
    kind = damage_of(workspace.database)
    if kind and log.exists():
        _move(log, aside / log.name)
        yield (
            f"{log} is damaged ({kind}) and set aside: what the last run changed since"
            " the checkpoint before is done again"
        )
        kind = damage_of(workspace.database)
    if kind:
        _move(workspace.database, aside / workspace.database.name)
        yield (
            f"{workspace.database} is damaged ({kind}) and set aside: the next run"
            " makes it again from landing"
        )


def _check_ledger(workspace: Workspace, aside: Path, lost: list[str]) -> Iterator[str]:
    """The ledger's copy says which days a new warehouse must cover."""
    copy = workspace.root / "ledger.json"
    try:
        ledger.read_copy(workspace)
    except ConfigurationError:  # there is none
        if not (workspace.root / "publications").exists():
            return
    except (DamagedError, OSError):
        _move(copy, aside / copy.name)
    else:
        return
    if workspace.database.exists():
        with connect(workspace.database) as connection:
            ledger.write_copy(connection, workspace)
        yield f"{copy} was damaged or gone: written again from the warehouse"
        return
    days = ledger.published_days(workspace)
    if not days:
        lost.append(
            f"{copy} is damaged, the warehouse too, and nothing is published: run"
            " `backfill` over the days that the marts are to cover."
        )
        return
    with connect(workspace.database) as connection:
        ledger.cover(connection, days)
        ledger.write_copy(connection, workspace)
    yield (
        f"{copy} was damaged or gone: the days from {days[0]} to {days[-1]}, which are"
        " published, are covered again with the next run"
    )


def _check_published(workspace: Workspace, aside: Path) -> Iterator[str]:
    """Readers get the newest publication that is whole; the next run a new one."""
    link = workspace.published
    if not link.is_symlink():
        return
    damaged = damaged_files(link) if link.exists() else ["all"]
    if not damaged:
        return
    broken = link.resolve()
    for name in kept_publications(workspace.root):
        folder = workspace.root / "publications" / name
        if folder != broken and not damaged_files(folder):
            roll_back(workspace.root, name)
            what = f"{name} stands in its place until the next run"
            break
    else:
        (workspace.root / "publications" / CURRENT).unlink(missing_ok=True)
        link.unlink()
        what = "the next run publishes anew"
    if broken.exists():
        _move(broken, aside / "publications" / broken.name)
    yield f"{broken} is damaged ({', '.join(damaged)}) and set aside: {what}"


def _new_folder(workspace: Workspace) -> Path:
    """Where damaged things go; made when the first one goes there."""
    number = 1
    while (folder := workspace.quarantine / f"damaged-{number}").exists():
        number += 1
    return folder


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)
