"""Recovery: what is damaged is set aside, so that the next run makes it again."""

from __future__ import annotations

from functools import partial

from tasks.sources.crawl.state import mend_crawls
from tasks.sources.erasure_marker import is_taking_out
from tasks.sources.source_files import has_its_exports
from tasks.warehouse.condition import Repairs, new_place_aside
from tasks.warehouse.database import mend_warehouse
from tasks.warehouse.landing_care import mend_landing
from tasks.warehouse.ledger import mend_ledger
from tasks.warehouse.ledger_copy import mend_batches
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.publication import mend_publication
from tasks.warehouse.rejected import mend_rejected
from tasks.warehouse.workspace import Workspace


def recover(workspace: Workspace, *, accept_loss: bool = False) -> Repairs:
    """Read all that the workspace holds; set aside what can't be read.

    Nothing is deleted: it moves to `quarantine/damaged-<n>`. Cost: reading landing,
    the warehouse and what is published once.

    Args:
        workspace: what to look through.
        accept_loss: whether runs go on without landed records that are lost and that
            no backup brings back; the marts are made anew without them.

    Raises:
        WorkspaceLockedError: a run holds the workspace.
    """
    with hold_workspace(workspace.lock, "recover"):
        repairs = Repairs(new_place_aside(workspace.quarantine), accept_loss)
        waits = is_taking_out(workspace.root)
        mend_landing(
            workspace,
            repairs,
            lands_again=partial(has_its_exports, workspace),
            is_taking_out=waits,
        )
        mend_batches(workspace, repairs)
        mend_rejected(workspace, repairs)
        mend_crawls(workspace.landing, repairs)
        mend_warehouse(workspace.database, repairs)
        mend_ledger(workspace, repairs)
        mend_publication(workspace, repairs)
    return repairs
