"""The backfill flow: a range of days as one window, with a reason."""

from __future__ import annotations

from datetime import date

from flows.orchestration import as_step, reported, workspace_of
from tasks.aggregate import aggregate
from tasks.deduplicate import deduplicate
from tasks.engines.choice import engine_of, require_engine
from tasks.extract import extract
from tasks.publish import publish
from tasks.sources.erasure_marker import finish
from tasks.sources.erasure_watch import keep_out
from tasks.staging.stage import require_staged_alike
from tasks.validate import validate
from tasks.warehouse.errors import DeferredError
from tasks.warehouse.ledger import open_run
from tasks.warehouse.progress import say
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.steps import STEPS, Step
from tasks.warehouse.workspace import days_of_campaigns, load_workspace


def backfill(
    first: date,
    last: date,
    reason: str,
    only: list[Step] | None = None,
    campaigns: list[str] | None = None,
    workspace: str | None = None,
    *,
    force: bool = False,
    tables: list[str] | None = None,
) -> None:
    """Cover a range of days, both inclusive, however many, in one window.

    Args:
        first: first day of the range.
        last: last day of the range.
        reason: why, for the ledger.
        only: steps to run; all without it.
        campaigns: ids of campaigns: only their days within the range.
        workspace: the workspace's folder; without it the Prefect variable
            `weibo_manager_workspace`, else `data`.
        force: whether days may lie after today, where the clock is wrong.
        tables: of what `aggregate` makes only these, with what they need, as
            `marts.campaigns`; nothing is published before a run of all.

    Raises:
        ConfigurationError: a day lies after today.
        DeferredError: an API's budget is spent; what was read is published.
    """
    root = workspace_of(workspace)
    configuration = load_workspace(root)
    check_seeds(root)
    require_engine(configuration)
    if campaigns:
        first, last = days_of_campaigns(configuration, campaigns, first, last)
    if not force:
        configuration.refuse_days_to_come(first, last)
    steps = set(only or STEPS)
    deferred: list[str] = []
    ran = open_run(configuration, "backfill", (first, last), reason, prepare=keep_out)
    with reported(root), ran as run, engine_of(configuration):
        if "extract" in steps:
            deferred = as_step(extract, root)(root, first, last)
        if "validate" in steps:
            as_step(validate, root)(root, run.run_id)
        elif steps != {"extract"}:
            require_staged_alike(configuration)
        if "deduplicate" in steps:
            as_step(deduplicate, root)(root, run.run_id)
        if "aggregate" in steps:
            as_step(aggregate, root)(
                root, run.run_id, first, last, forces=force, tables=tables or ()
            )
        if "publish" in steps:
            as_step(publish, root)(root, run.run_id)
        if tables and "publish" not in steps:
            say(
                f"  {', '.join(tables)}: in {configuration.database}, not published;"
                " the next run of all steps publishes"
            )
        if steps >= set(STEPS) - {"extract"}:
            finish(configuration)
    if deferred:
        raise DeferredError("\n".join(deferred))
