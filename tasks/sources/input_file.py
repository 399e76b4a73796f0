"""A file that is to land, between who finds it and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Files that a run names one by one.
SAID_AT_MOST = 20


@dataclass(frozen=True)
class InputFile:
    """A file that is to land, as it was when it was looked at."""

    path: Path
    shown_path: str
    size: int
    mtime_ns: int
    sha256: str
