"""Temporary folders that don't pile up: what killed commands left goes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "weibo-manager-"
# Younger ones may be about to be locked.
_SECONDS = 60


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder of one's own, gone afterwards.

    Args:
        purpose: stands in its name.
    """
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{purpose}-") as name:
        folder = Path(name)
        with (folder / ".lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def _sweep() -> None:
    """Delete folders of ours whose process is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Others sweep at the same time, and folders of other users are theirs.
        with contextlib.suppress(OSError):
            found = folder.stat()
            if found.st_uid != os.getuid() or time.time() - found.st_mtime < _SECONDS:
                continue
            with (folder / ".lock").open(encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
