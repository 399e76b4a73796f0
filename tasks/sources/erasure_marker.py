"""Whether an erasure waits: what every run asks before and after its work.

The marker `.erasing` stands from an erasure's beginning until the marts are made anew
without the person. Who is taken out, and of what, is in `erased_people`, which only a
workspace with erasures needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tasks.warehouse.condition import Condition, worth_a_look
from tasks.warehouse.publication import forget_older
from tasks.warehouse.whole_files import sync, write_atomically
from tasks.warehouse.workspace import Workspace

MARKER = ".erasing"


def finish(workspace: Workspace) -> None:
    """After the marts are made anew: older publications go, and the marker."""
    marker = workspace.root / MARKER
    if marker.exists():
        forget_older(workspace.root)
        unmark(marker)


def is_taking_out(root: Path) -> bool:
    """Whether an erasure was stopped amid files, which the next run goes through."""
    try:
        text = (root / MARKER).read_text(encoding="utf-8")
        return not json.loads(text)["is_cleared"]
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError):
        return True


def is_pending(root: Path) -> bool:
    """Whether an erasure waits for a run to make the marts anew."""
    return (root / MARKER).exists()


def examine_erasure(root: Path) -> Iterator[Condition]:
    """Whether an erasure waits for its run."""
    if is_pending(root):
        yield worth_a_look(
            "erasure", "one waits for its run: start `daily`, it makes the marts anew"
        )


def is_cleared(marker: Path) -> bool:
    """Whether nothing is left to be taken out; true without a marker."""
    if not is_taking_out(marker.parent):
        return True
    try:
        json.loads(marker.read_text(encoding="utf-8"))["days"]
    except (ValueError, KeyError, TypeError):  # torn: it is to be gone through anew
        write_atomically(marker, json.dumps({"days": []}))
    return False


def unmark(marker: Path) -> None:
    """Nothing waits any more."""
    marker.unlink(missing_ok=True)
    sync(marker.parent)
