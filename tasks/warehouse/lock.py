"""One writer: an OS file lock on the workspace.

The lock dies with its process, so a killed run never leaves a stale one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tasks.warehouse.condition import Condition, worth_a_look
from tasks.warehouse.errors import WorkspaceLockedError

# Who may read what holds people's records: its owner alone, whatever the umask.
_PRIVATE_MASK = 0o077
_NOT_WRITTEN_BY_OTHERS = 0o022
_PRIVATE = ("landing", "quarantine", "restricted", ".spill", "spark")
_PRIVATE_FILES = ("warehouse.duckdb*", "ledger.json", ".lock", ".erasures*")
_masks: list[int] = []
# A look at the lock shares it for a moment: a run that begins then tries again.
_TRIES = 10
_PAUSE_SECONDS = 0.05


@contextmanager
def hold_workspace(lock: Path, command: str) -> Iterator[None]:
    """Hold the workspace for this process.

    What it writes meanwhile is for its owner alone; `open_to_readers` opens
    what is published.

    Raises:
        WorkspaceLockedError: another run holds it; says which.
    """
    with _private(), lock.open("a+", encoding="utf-8") as handle:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise WorkspaceLockedError(
                        f"Another run holds {lock.parent}: {describe_holder(lock)}."
                        " Wait until it ends, or stop that process and run again."
                    ) from None
            time.sleep(_PAUSE_SECONDS)
        handle.truncate(0)
        handle.write(
            json.dumps(
                {
                    "command": command,
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                }
            )
        )
        handle.flush()
        _close_to_others(lock.parent)
        yield


@contextmanager
def _private() -> Iterator[None]:
    _masks.append(os.umask(_PRIVATE_MASK))
    try:
        yield
    finally:
        os.umask(_masks.pop())


def open_to_others(root: Path) -> list[Path]:
    """Files and folders of people's records that others than the owner may read."""
    return sorted(
        path
        for name in (*_PRIVATE, *_PRIVATE_FILES)
        for path in root.glob(name)
        if path.stat().st_mode & _PRIVATE_MASK
    )


def examine_modes(root: Path) -> Iterator[Condition]:
    """Whether others may read people's records."""
    if readable := open_to_others(root):
        yield worth_a_look(
            "secrets",
            f"others may read {', '.join(str(path) for path in readable)}: the next run"
            " closes that; ask who did",
        )


def _close_to_others(root: Path) -> None:
    """Take from others what an older version or a backup left readable."""
    for path in open_to_others(root):
        with contextlib.suppress(PermissionError):  # somebody else's
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE_MASK)


def open_to_readers(folder: Path, but: str) -> None:
    """Let others read a finished publication, as far as the user's umask grants it.

    Nobody but its owner may write there, even where the umask lets all.

    Args:
        folder: with all its files.
        but: the name of a folder inside that stays its owner's.
    """
    mask = _masks[0] if _masks else os.umask(_PRIVATE_MASK)
    if not _masks:
        os.umask(mask)
    mask |= _NOT_WRITTEN_BY_OTHERS
    folder.parent.chmod(0o777 & ~mask)
    folder.chmod(0o777 & ~mask)
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if inside.parts[0] != but and not path.is_symlink():
            path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def describe_holder(lock: Path) -> str:
    """Say who wrote the lock file last."""
    try:
        holder = json.loads(lock.read_text(encoding="utf-8"))
        return (
            f"{holder['command']} (process {holder['pid']} on {holder['host']},"
            f" since {holder['since']})"
        )
    except (OSError, ValueError, KeyError):
        return "a run that is just starting"


def is_held(lock: Path) -> bool:
    """Whether some process holds the lock now; writes nothing."""
    try:
        handle = lock.open(encoding="utf-8")
    except FileNotFoundError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
