"""A file that is to land, between who finds it and who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Files that a run names one by one; of more for one reason it names the first.
SAID_AT_MOST = 20
_FOR_ONE_REASON = 5


@dataclass(frozen=True)
class InputFile:
    """A file that is to land, as it was when it was looked at.

    Attributes:
        path: where it lies.
        shown_path: as landing tells it.
        size: in bytes.
        mtime_ns: when it was written.
        sha256: of its bytes.
        beside: a digest of what files beside it say of it; None where nothing does.
    """

    path: Path
    shown_path: str
    size: int
    mtime_ns: int
    sha256: str
    beside: str | None = None


def told_with_reasons(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Files that were left, with the reason, as few lines.

    Args:
        files: path and reason.
    """
    alike: dict[str, list[str]] = {}
    for path, why in files:
        alike.setdefault(why, []).append(path)
    lines = []
    for why, paths in alike.items():
        if len(paths) > _FOR_ONE_REASON:
            lines.append(f"{len(paths):,} files, the first {paths[0]}: {why}")
        else:
            lines += [f"{path}: {why}" for path in paths]
    yield from lines[:SAID_AT_MOST]
    if len(lines) > SAID_AT_MOST:
        yield f"{len(lines) - SAID_AT_MOST:,} more"
