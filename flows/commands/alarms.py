"""Alarms: what `daily` and the command `alarms` tell of the newest findings."""

from __future__ import annotations

from tasks.report.alarms import send_trial, tell_findings
from tasks.warehouse.errors import AlarmError, WorkspaceLockedError
from tasks.warehouse.progress import say
from tasks.warehouse.workspace import Workspace


def tell(workspace: Workspace, *, dry_run: bool = False) -> AlarmError | None:
    """Tell what was found since the last time, here and at the configured addresses.

    Args:
        workspace: whose newest publication is read.
        dry_run: whether it is only shown here.

    Returns:
        What went wrong, if an address took nothing.
    """
    delivered = tell_findings(workspace, dry_run=dry_run)
    for finding in delivered.new:
        say(f"  finding: {finding.told()}")
    if not delivered.new:
        say("  no new finding")
    return _error(delivered.failed)


def tell_after_run(workspace: Workspace) -> AlarmError | None:
    """The same at the end of a run, which another one may follow at once."""
    try:
        return tell(workspace)
    except WorkspaceLockedError:
        say("  another run has begun; findings are told at the end of the next `daily`")
        return None


def tell_trial() -> AlarmError | None:
    """Send a line to each address that says that nothing is wrong."""
    return _error(send_trial())


def _error(failed: tuple[str, ...]) -> AlarmError | None:
    if not failed:
        return None
    return AlarmError(
        "\n".join(f"Not told: {label} took no message." for label in failed)
        + "\nIt is tried again with the next run. See whether the address is right"
        " and can be reached: python -m flows alarms --trial"
    )
