"""Uncover: days that the marts should never have told of, taken out of them."""

from __future__ import annotations

from datetime import date

from tasks.marts.build import build_marts
from tasks.publication.elsewhere import show_elsewhere
from tasks.publication.marts import publish_marts
from tasks.warehouse.database import connect
from tasks.warehouse.ledger import covered_days, open_run
from tasks.warehouse.publication import read_manifest
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
        if not _waits_for_publication(workspace, first, last):
            build_marts(workspace, run.run_id, first, last, uncovers=True)
        publish_marts(workspace, run.run_id)
        show_elsewhere(workspace)


def _waits_for_publication(workspace: Workspace, first: date, last: date) -> bool:
    """Whether the marts tell of none of these days, and others are published.

    So it is after a run that was killed between the two, or after a rollback.
    """
    manifest = read_manifest(workspace.published)
    if manifest is None or not manifest["window"] or not workspace.database.exists():
        return False
    with connect(workspace.database) as connection:
        covered = covered_days(connection)
    if not covered or any(first <= day <= last for day in covered):
        return False
    published = [manifest["window"][name] for name in ("first_day", "last_day")]
    return published != [min(covered).isoformat(), max(covered).isoformat()]
