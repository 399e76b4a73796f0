"""Disk: what a run needs, known before it begins."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tasks.warehouse.condition import Condition, broken
from tasks.warehouse.errors import DiskFullError
from tasks.warehouse.workspace import Workspace

# What new files become in landing and the warehouse, by their size: on worlds of 20,000
# interactions 0.3 times as JSON and 1.1 times as CSV tables once they are staged;
# doubled and more, since the steps that follow keep tables, sort and spill.
GROWTH = 2.5
# Of packed files: JSON packs to a tenth.
PACKED_GROWTH = 10 * GROWTH
# The ledger, the validation page, the report, the orchestrator.
LEAST_BYTES = 200_000_000
# What `doctor` wants to see free, whatever the next run needs.
_LEAST_FREE = 2_000_000_000


def needed_bytes(workspace: Workspace, plain: int, packed: int) -> int:
    """What a run needs on the workspace's disk besides what is there.

    Args:
        workspace: whose.
        plain: bytes of new files.
        packed: bytes of new files that are packed.
    """
    # The next publication is built beside the one that stands; a change of code makes
    # the warehouse's tables anew before the old ones' space is free.
    beside = _size(workspace.published.resolve()) + _size(workspace.database)
    if workspace.engine.name == "spark":  # copies of what is staged, and what it sorts
        beside += _size(workspace.database)
    return int(LEAST_BYTES + GROWTH * plain + PACKED_GROWTH * packed + beside)


def free_bytes(workspace: Workspace) -> int:
    """What is free on the workspace's disk."""
    return shutil.disk_usage(workspace.root).free


def check_disk(workspace: Workspace, plain: int, packed: int) -> None:
    """Stop before a run that the disk can't hold.

    Raises:
        DiskFullError: with what is needed and what is free; nothing was changed.
    """
    needed, free = needed_bytes(workspace, plain, packed), free_bytes(workspace)
    if free < needed:
        raise DiskFullError(
            f"The disk of {workspace.root} has {free / 1e9:.1f} GB free; this run needs"
            f" about {needed / 1e9:.1f} GB for {(plain + packed) / 1e9:.1f} GB of new"
            " files and the next publication. Make room, or let it read fewer files at"
            " a time. Nothing was changed."
        )


def examine_disk(workspace: Workspace, plain: int, packed: int) -> Iterator[Condition]:
    """Whether the disk holds what the next run makes.

    The arguments are those of `needed_bytes`.
    """
    free = free_bytes(workspace)
    needed = max(needed_bytes(workspace, plain, packed), _LEAST_FREE)
    said = (
        f"{free / 1e9:.1f} GB free in {workspace.root}; the next run needs up to"
        f" {needed / 1e9:.1f} GB, with {(plain + packed) / 1e9:.1f} GB of new files"
    )
    if free < needed:
        yield broken("disk", f"{said}: make room")
    else:
        yield Condition("disk", said)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(
        (Path(folder) / name).lstat().st_size
        for folder, _, names in os.walk(path)
        for name in names
    )
