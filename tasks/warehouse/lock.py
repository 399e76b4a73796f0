"""One writer: an OS file lock on the workspace.

The lock dies with its process, so a killed run never leaves a stale one.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tasks.warehouse.errors import WorkspaceLockedError

# A look at the lock shares it for a moment: a run that begins then tries again.
_TRIES, _PAUSE_SECONDS = 10, 0.05


@contextmanager
def hold_workspace(lock: Path, command: str) -> Iterator[None]:
    """Hold the workspace for this process.

    Raises:
        WorkspaceLockedError: another run holds it; says which.
    """
    with lock.open("a+") as handle:
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
        yield


def describe_holder(lock: Path) -> str:
    """Say who wrote the lock file last."""
    try:
        holder = json.loads(lock.read_text())
        return (
            f"{holder['command']} (process {holder['pid']} on {holder['host']},"
            f" since {holder['since']})"
        )
    except (OSError, ValueError, KeyError):
        return "a run that is just starting"


def is_held(lock: Path) -> bool:
    """Whether some process holds the lock now; writes nothing."""
    try:
        handle = lock.open()
    except FileNotFoundError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
