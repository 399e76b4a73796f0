"""What each run asks before it reads anything: is somebody back who was erased?"""

from __future__ import annotations

from tasks.sources.erasure_marker import is_pending
from tasks.warehouse.tombstones import has_tombstones
from tasks.warehouse.workspace import Workspace


def keep_out(workspace: Workspace) -> None:
    """Before a run reads anything: finish what was begun, look at what changed.

    The caller holds the workspace. Cost: nothing before the first erasure; then see
    `erased_people.take_out_returned`.

    Raises:
        ConfigurationError: the tombstones or their key are lost.
    """
    if is_pending(workspace.root) or has_tombstones(workspace.root):
        from tasks.sources.erased_people import take_out_returned

        take_out_returned(workspace)
