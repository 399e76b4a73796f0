"""Where the marts stand besides the files: each target that the workspace names."""

from __future__ import annotations

from tasks.publication.delta import show_in_delta
from tasks.publication.postgres import show_in_postgres
from tasks.warehouse.workspace import Workspace


def show_elsewhere(workspace: Workspace, *, keeps_before: bool = True) -> None:
    """Have every target show the publication that readers of the files see.

    Args:
        workspace: whose publication.
        keeps_before: whether the publication before may still be read there; False in
            an erasure.

    Raises:
        ConfigurationError: a target can't be used as it is named.
        WeiboManagerError: a target took nothing; it shows what it showed before.
    """
    show_in_postgres(workspace, keeps_before=keeps_before)
    show_in_delta(workspace, keeps_before=keeps_before)
