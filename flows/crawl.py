"""The crawl flow: one API source, read ahead of a run and apart from it."""

from __future__ import annotations

from datetime import date, timedelta

from flows.orchestration import reported, workspace_of
from tasks.warehouse.errors import (
    ConfigurationError,
    DamagedError,
    DeferredError,
    without_values,
)
from tasks.warehouse.ledger import days_to_run
from tasks.warehouse.ledger_copy import covered_days_of, read_copy
from tasks.warehouse.workspace import Workspace, load_workspace


def crawl(
    source: str,
    first: date | None = None,
    last: date | None = None,
    workspace: str | None = None,
    *,
    force: bool = False,
) -> None:
    """Read one API source; the next `daily` or `backfill` of these days lands it.

    Several processes may each read another source: what they may spend of a platform's
    limits is counted together. No run is hindered.

    Args:
        source: its name in workspace.toml.
        first: first day; without it the days that a `daily` would run.
        last: last day; without it as the first, or up to yesterday.
        workspace: the workspace's folder; without it the Prefect variable
            `weibo_manager_workspace`, else `data`.
        force: whether days may lie after today, where the clock is wrong.

    Raises:
        ConfigurationError: there is no such API source, or a day lies after today.
        DeferredError: its budget is spent; the same again goes on.
        WorkspaceLockedError: another process reads this source.
    """
    from tasks.sources.api_landing import check_apis, crawl_apart

    root = workspace_of(workspace)
    configuration = load_workspace(root)
    named = [one for one in configuration.sources if one.name == source]
    if not named or named[0].kind != "api":
        apis = [one.name for one in configuration.sources if one.kind == "api"]
        raise ConfigurationError(
            [
                f"workspace.toml has no API source '{source}':"
                f" {'use ' + ', '.join(apis) if apis else 'it has none at all'}."
            ]
        )
    check_apis(configuration)
    if first is None:
        yesterday = configuration.today() - timedelta(days=1)
        first, last = days_to_run(_covered(configuration), last or yesterday)
    last = last or first
    if not force:
        configuration.refuse_days_to_come(first, last)
    with reported(root, has_page=False), without_values("crawl"):
        deferred = crawl_apart(configuration, named[0], first, last)
    if deferred:
        raise DeferredError(deferred)


def _covered(workspace: Workspace) -> set[date]:
    """Days that the marts cover, by the ledger's copy: a run may hold the warehouse."""
    try:
        days = covered_days_of(read_copy(workspace))
    except (ConfigurationError, DamagedError):  # nothing has run, or the run tells it
        return set()
    return {date.fromisoformat(day) for day in days}
