"""Uncover: days that the marts should never have told of, taken out of them."""

from __future__ import annotations

from datetime import date

from tasks.aggregate import build_marts
from tasks.publish import publish_marts
from tasks.warehouse.ledger import open_run
from tasks.warehouse.workspace import Workspace


def uncover(workspace: Workspace, first: date, last: date, reason: str) -> None:
    """Publish marts as if these days, both inclusive, had never been run.

    What landed of them stays, and is told again when they are run again.

    Raises:
        ConfigurationError: no such day is covered, or the others would be none or in
            two pieces.
        WorkspaceLockedError: a run holds the workspace.
    """
    with open_run(workspace, "uncover", (first, last), reason) as run:
        build_marts(workspace, run.run_id, first, last, uncovers=True)
        publish_marts(workspace, run.run_id)
