"""What `doctor` looks at: the machine, the installation and a workspace."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from tasks.sources.erased_people import is_pending, is_taking_out
from tasks.warehouse import landing
from tasks.warehouse.configuration import RETENTION_NOTE
from tasks.warehouse.database import MEMORY_LIMIT, damage_of
from tasks.warehouse.disk import free_bytes, needed_bytes
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    LandingDamagedError,
    WorkspaceLockedError,
)
from tasks.warehouse.keys import check_keys
from tasks.warehouse.ledger import copied_rhythms, read_copy
from tasks.warehouse.lock import (
    describe_holder,
    hold_workspace,
    open_to_others,
)
from tasks.warehouse.publication import damaged_files
from tasks.warehouse.rejected import damaged_files as damaged_rejected
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.workspace import Workspace, load_workspace

LOCKED = Path(__file__).resolve().parents[2] / "requirements.txt"
# A name, its version and, of a package that not every system needs, a condition.
_LINE = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;)?")
# Besides what DuckDB may take: the orchestrator, validation, the models.
_MORE_MEMORY = 1_000_000_000
_LEAST_DISK = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what.
        is_broken: whether runs fail, or do harm, until it is repaired.
        says: what was found, with the repair.
        is_fine: whether nothing is to be done.
    """

    about: str
    says: str
    is_fine: bool = True
    is_broken: bool = False


def examine(root: Path) -> list[Finding]:
    """Look at everything that a run needs; changes nothing.

    A warehouse that a killed run left is brought to its last commit, as any run would.
    """
    found = [*_installation(), *_machine()]
    try:
        workspace = load_workspace(root)
    except ConfigurationError as error:
        return [*found, *(_broken("configuration", one) for one in error.mistakes)]
    named = f"{len(workspace.sources)} sources, {len(workspace.brands)} brands,"
    return [
        *found,
        Finding("configuration", f"{named} {len(workspace.campaigns)} campaigns"),
        *_seeds(workspace),
        *_sources(workspace),
        *_disk(workspace),
        *_rhythms(workspace),
        *_secrets(workspace),
        *_state(workspace),
    ]


def show(found: list[Finding], console: Console) -> None:
    """Print the findings, one a line."""
    for one in found:
        word = "broken" if one.is_broken else "fine" if one.is_fine else "note"
        console.print(f"{word:6}  {one.about}: {one.says}", markup=False)
    broken = sum(one.is_broken for one in found)
    console.print(
        f"{broken} of {len(found)} things are to be repaired before the next run."
        if broken
        else "Nothing hinders the next run."
    )


def _broken(about: str, says: str) -> Finding:
    return Finding(about, says, is_fine=False, is_broken=True)


def _note(about: str, says: str) -> Finding:
    return Finding(about, says, is_fine=False)


def _installation() -> Iterator[Finding]:
    """Python and the packages, against the locked versions."""
    yield Finding("Python", ".".join(str(part) for part in sys.version_info[:3]))
    # A package may have several versions, for several versions of Python.
    locked: dict[str, list[str]] = {}
    optional = set()
    for line in LOCKED.read_text(encoding="utf-8").splitlines():
        if match := _LINE.match(line):
            locked.setdefault(match[1], []).append(match[2])
            if match[3]:
                optional.add(match[1])
    other = []
    for name, versions in locked.items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name in optional:
                continue
            installed = "missing"
        if installed not in versions:
            other.append(f"{name} {installed} instead of {' or '.join(versions)}")
    if other:
        yield _broken(
            "packages",
            f"{'; '.join(other[:5])}{'; and more' if len(other) > 5 else ''}: install"
            " the locked versions with `make setup`",
        )
    else:
        yield Finding("packages", "as locked")
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            yield _broken("libgomp", "missing: sudo apt-get install libgomp1")


def _machine() -> Iterator[Finding]:
    """Memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    needed = _bytes(MEMORY_LIMIT) + _MORE_MEMORY
    said = f"{memory / 1e9:.1f} GB; a run takes up to {needed / 1e9:.1f} GB"
    if memory < needed:
        yield _note("memory", f"{said}: set WM_MEMORY_LIMIT lower, it spills to disk")
    else:
        yield Finding("memory", said)


def _disk(workspace: Workspace) -> Iterator[Finding]:
    """Whether the disk holds what the next run makes, and what lies aside for good."""
    from tasks.sources.source_files import waiting_bytes

    try:
        plain, packed = waiting_bytes(workspace)
    except LandingDamagedError:
        return  # told below
    free = free_bytes(workspace)
    needed = max(needed_bytes(workspace, plain, packed), _LEAST_DISK)
    said = (
        f"{free / 1e9:.1f} GB free in {workspace.root}; the next run needs up to"
        f" {needed / 1e9:.1f} GB, with {(plain + packed) / 1e9:.1f} GB of new files"
    )
    if free < needed:
        yield _broken("disk", f"{said}: make room")
    else:
        yield Finding("disk", said)
    for folder in sorted(workspace.quarantine.glob("damaged-*")):
        size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
        yield _note(
            "quarantine",
            f"{folder} holds {size / 1e6:,.1f} MB that `recover` set aside: delete it"
            " when nobody needs to look at it any more",
        )


def _bytes(size: str) -> float:
    """A size as DuckDB's settings are written: 2GB, 1.5 GiB."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*([KMGT]?)i?B?\s*", size, re.IGNORECASE)
    if match is None:
        return 0.0
    return float(match[1]) * 1000.0 ** " KMGT".index(match[2].upper() or " ")


def _seeds(workspace: Workspace) -> Iterator[Finding]:
    try:
        check_seeds(workspace.root)
    except ConfigurationError as error:
        yield from (_broken("seeds", one) for one in error.mistakes)
    else:
        files = sorted(
            path.name
            for path in (workspace.root / "seeds").glob("*.csv")
            if not path.name.endswith(".example.csv")
        )
        yield Finding("seeds", ", ".join(files) or "none")


def _sources(workspace: Workspace) -> Iterator[Finding]:
    """Files that are to be read, and what APIs need."""
    for source in workspace.sources:
        about = f"source {source.name}"
        if source.kind == "api":
            continue
        from tasks.sources.source_files import list_files

        path = workspace.source_path(source)
        found = list_files(workspace, source)
        is_there = bool(found.files)
        for skipped, why in found.skipped:
            yield _note(about, f"{skipped} is skipped: {why}")
        if is_there:
            yield Finding(about, f"{path} is there")
        else:
            yield _note(about, f"{path} holds no file yet: put an export there")
    if any(source.kind == "api" for source in workspace.sources):
        from tasks.sources.api_landing import check_apis

        try:
            check_apis(workspace)
        except ConfigurationError as error:
            yield from (_broken("APIs", one) for one in error.mistakes)
        else:
            yield Finding("APIs", "credentials and limits are there")


def _rhythms(workspace: Workspace) -> Iterator[Finding]:
    """Sources that gave nothing when they should have, by what runs have read."""
    if not (workspace.root / "ledger.json").exists():
        return
    try:
        copy = read_copy(workspace)
    except ValueError:
        return  # damaged: told below
    yesterday = workspace.today() - timedelta(days=1)
    for one in copied_rhythms(workspace, copy):
        late = one.up_to(workspace.today()).tell_late(yesterday)
        if late:
            yield _note(
                f"rhythm of {one.source}",
                f"{late}: see whether its export or crawl still works, then run"
                " `daily`; if nothing more is to come, say expect_every_days = 0",
            )
        elif one.last_record_day:
            yield Finding(
                f"rhythm of {one.source}",
                f"last record of {one.last_record_day}, {one.tell_expected()}",
            )


def _secrets(workspace: Workspace) -> Iterator[Finding]:
    """The pseudonyms' key, and who may read what identifies people."""
    if "landing" in workspace.policies.retention_days:
        yield _note("retention", RETENTION_NOTE)
    for file in sorted((workspace.published / "restricted").glob("*.*")):
        if file.stat().st_mode & 0o077:
            yield _broken(
                "secrets", f"others may read {file}: chmod 600 {file}, and ask who did"
            )
    readable = open_to_others(workspace.root)
    if readable:
        yield _note(
            "secrets",
            f"others may read {', '.join(str(path) for path in readable)}: the next run"
            " closes that; ask who did",
        )
    try:
        found = check_keys(workspace)
    except ConfigurationError as error:
        yield from (_broken("keys", one) for one in error.mistakes)
    else:
        if os.environ.get("WM_PSEUDONYM_KEY"):
            yield Finding("keys", "that of pseudonyms is in WM_PSEUDONYM_KEY")
        elif found:
            yield Finding("keys", f"as before: keep backups of {workspace.root}/.*key")
    if is_pending(workspace.root):
        yield _note(
            "erasure", "one waits for its run: start `daily`, it makes the marts anew"
        )


def _landing(workspace: Workspace) -> Iterator[Finding]:
    """Whether the landed files are those that their log names."""
    try:
        log = landing.read_log(workspace.landing)
    except LandingDamagedError as error:
        yield _broken("landing", str(error))
        return
    problems = landing.tell_survey(
        workspace.landing, landing.survey(workspace.landing, log)
    )
    yield from (_broken("landing", one) for one in problems)
    if not is_taking_out(workspace.root):
        altered = [
            path
            for batch in log
            for path in landing.altered_files(workspace.landing, batch)
        ]
        if altered:
            problems = [landing.tell_altered(workspace.landing, altered)]
            yield _broken("landing", problems[0])
    if log and not problems:
        records = sum(landing.describe(batch)["records"] for batch in log)
        yield Finding("landing", f"{records:,} records in the files that its log names")


def _state(workspace: Workspace) -> Iterator[Finding]:
    """The warehouse and what is published."""
    try:
        # A run that began meanwhile could not open what is looked at here.
        with hold_workspace(workspace.lock, "doctor"):
            yield from _files(workspace)
    except WorkspaceLockedError:
        yield _note("lock", f"held by {describe_holder(workspace.lock)}")
    except OSError as error:
        yield _broken(
            "disk",
            f"{error.strerror} ({error.filename}): runs need a workspace that they"
            " can write to",
        )


def _files(workspace: Workspace) -> Iterator[Finding]:
    """Whether every file of ours can be read."""
    repair = f"run `python -m flows recover --workspace {workspace.root}`"
    if (workspace.root / "ledger.json").exists():
        try:
            read_copy(workspace)
        except DamagedError as error:
            yield _broken("ledger", str(error))
    yield from _landing(workspace)
    for file in damaged_rejected(workspace.quarantine):
        yield _broken("quarantine", f"{file} can't be read: {repair}")
    if workspace.database.exists():
        kind = damage_of(workspace.database)
        if kind:
            yield _broken("warehouse", f"can't be read ({kind}): {repair}")
        else:
            yield Finding("warehouse", "every block can be read")
    if workspace.published.is_symlink():
        damaged = (
            damaged_files(workspace.published)
            if workspace.published.exists()
            else ["all"]
        )
        if damaged:
            yield _broken(
                "publication", f"not as written: {', '.join(damaged)}: {repair}"
            )
        else:
            yield Finding("publication", "every file is as it was written")
