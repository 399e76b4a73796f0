"""Landing and its log: whether they are as they were written, and their repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tasks.warehouse import landing
from tasks.warehouse.condition import Condition, Repairs, broken
from tasks.warehouse.errors import LandingDamagedError
from tasks.warehouse.landing_store import StorageError, bucket_of, store_of
from tasks.warehouse.ledger_copy import forget_batches
from tasks.warehouse.rejected import count_rejected, forget_batch
from tasks.warehouse.workspace import Workspace


def examine_landing(
    workspace: Workspace, *, is_taking_out: bool
) -> Iterator[Condition]:
    """Whether the landed files are those that their log names.

    Args:
        workspace: whose.
        is_taking_out: whether an erasure was stopped while it wrote files anew: what
            they are is noted when the next run is through with it.
    """
    root = workspace.landing
    try:
        log = landing.read_log(root)
    except (LandingDamagedError, StorageError) as error:
        yield broken("landing", str(error))
        return
    problems = landing.tell_survey(root, landing.survey(root, log))
    if not is_taking_out and (altered := landing.find_altered(root, log)):
        problems.append(landing.tell_altered(root, altered))
    yield from (broken("landing", one) for one in problems)
    if log and not problems:
        records = sum(landing.describe(batch)["records"] for batch in log)
        where = f" at {bucket.address}" if (bucket := bucket_of(root)) else ""
        yield Condition(
            "landing", f"{records:,} records in the files that its log names{where}"
        )


def mend_landing(
    workspace: Workspace,
    repairs: Repairs,
    *,
    lands_again: Callable[[landing.Batch], bool],
    is_taking_out: bool,
) -> None:
    """Make the log fit the files, then let damaged files land again.

    Args:
        workspace: whose.
        repairs: what is done is told there.
        lands_again: whether the exports of a batch give all of it again.
        is_taking_out: as of `examine_landing`.
    """
    root = workspace.landing
    unreadable = _set_aside_entries(root, repairs)
    log = landing.read_log(root)
    landing.sweep(root, log)
    unnamed = _set_aside_strangers(root, log, repairs)
    for batch_id, files in sorted(unnamed.items()):
        _write_entry_again(workspace, batch_id, files, repairs)
    # What had no files, since all of it was rejected, is missed by nobody.
    forget_batches(workspace, unreadable - unnamed.keys())
    if root.exists():
        damaged = landing.unreadable_files(root, is_taking_out=is_taking_out)
        _mend_files(workspace, repairs, damaged, lands_again)


def _set_aside_entries(root: Path, repairs: Repairs) -> set[str]:
    """Set aside entries of the log that can't be read; give their batches."""
    found = set()
    for entry in landing.log_entries(root):
        try:
            landing.read_entry(entry)
        except LandingDamagedError:
            repairs.set_aside(entry, "landing", ".log", entry.name)
            store_of(root).forget(f".log/{entry.name}")
            repairs.done.append(f"{entry} can't be read and is set aside")
            found.add(entry.stem)
    return found


def _set_aside_strangers(
    root: Path, log: list[landing.Batch], repairs: Repairs
) -> dict[str, list[Path]]:
    """Set aside files that no entry can name; give the others, by batch."""
    known = {batch.batch_id for batch in log}
    unnamed: dict[str, list[Path]] = {}
    for file in landing.survey(root, log).unknown:
        batch_id = landing.batch_of(root, file)
        is_new = batch_id is not None and batch_id not in known
        if batch_id and is_new and landing.is_readable(root, file):
            unnamed.setdefault(batch_id, []).append(file)
            continue
        _set_aside_file(root, file, repairs)
        what = f"{file} is no landed file that the log could name, and is set aside"
        if is_new:
            repairs.lost.append(f"{what}: it is damaged. Put it back from a backup.")
        else:
            repairs.done.append(what)
    return unnamed


def _write_entry_again(
    workspace: Workspace, batch_id: str, files: list[Path], repairs: Repairs
) -> None:
    """The log entry of a batch, from its files."""
    root = workspace.landing
    try:
        rejected = count_rejected(workspace.quarantine, batch_id)
        batch = landing.rebuild(root, files, rejected)
    except LandingDamagedError:
        for file in files:
            _set_aside_file(root, file, repairs)
            repairs.done.append(f"{file} is no landed file, and is set aside")
    else:
        records = sum(file.records for file in batch.inputs)
        repairs.done.append(
            f"{root / '.log' / f'{batch_id}.json'} was gone: written again from"
            f" {len(files):,} file{'s' if len(files) > 1 else ''} with"
            f" {records:,} records"
        )


def _mend_files(
    workspace: Workspace,
    repairs: Repairs,
    damaged: list[tuple[landing.Batch, str]],
    lands_again: Callable[[landing.Batch], bool],
) -> None:
    """Batches with a damaged file land again where their exports still lie there."""
    root = workspace.landing
    again: dict[str, landing.Batch] = {}
    given_up: dict[str, list[str]] = {}
    for batch, path in damaged:
        is_there = bool(store_of(root).stamps([path]))
        what = f"{root / path} {'is damaged' if is_there else 'is gone'}"
        if batch.batch_id in again or lands_again(batch):
            again[batch.batch_id] = batch
            repairs.done.append(f"{what}: its export lands again with the next run")
        elif repairs.accept_loss:
            given_up.setdefault(batch.batch_id, []).append(path)
            repairs.done.append(f"{what} and given up: the marts go on without it")
        else:
            repairs.lost.append(
                f"{what}, and what it was read from is not at hand as it was: put it"
                " back from a backup; or, where there is none, run `python -m flows"
                " recover --accept-loss`, and the marts are made anew without its"
                " records, but for those that its exports still hold."
            )
            continue
        if is_there:
            _set_aside_file(root, root / path, repairs)
    if again:
        forget_batches(workspace, again)
        landing.withdraw(root, again.values())
        for batch_id in again:  # what it rejected is rejected again
            forget_batch(workspace.quarantine, batch_id)
    if given_up:
        landing.forget_files(root, given_up)
        if workspace.database.exists():
            repairs.set_aside(workspace.database)


def _set_aside_file(root: Path, file: Path, repairs: Repairs) -> None:
    name = str(file.relative_to(root))
    with store_of(root).at_hand({name: None}, None):
        if file.exists():
            repairs.set_aside(file, "landing", name)
    store_of(root).forget(name)
