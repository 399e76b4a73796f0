"""The daily flow: one day, or all days that are missing up to yesterday."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from flows.commands.alarms import tell_after_run
from flows.orchestration import as_step, reported, workspace_of
from tasks.aggregate import aggregate
from tasks.deduplicate import deduplicate
from tasks.engines.choice import engine_of, require_engine
from tasks.extract import extract
from tasks.publish import publish
from tasks.sources.erasure_marker import finish
from tasks.sources.erasure_watch import keep_out
from tasks.validate import validate
from tasks.warehouse.errors import DeferredError, SourceLateError
from tasks.warehouse.ledger import days_to_run, open_run
from tasks.warehouse.ledger_copy import late_sources
from tasks.warehouse.progress import say
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.workspace import load_workspace


def daily(
    day: date | None = None, workspace: str | None = None, *, force: bool = False
) -> None:
    """Bring the marts up to date.

    Args:
        day: the day to run; without it yesterday in the workspace's time zone,
            after the days before it that failed or never ran.
        workspace: the workspace's folder; without it the Prefect variable
            `weibo_manager_workspace`, else `data`.
        force: whether the day may lie after today, where the clock is wrong.

    Raises:
        ConfigurationError: the day lies after today.
        DeferredError: an API's budget is spent; what was read is published.
        SourceLateError: a source gave nothing when it should have; what the others
            gave is published.
        AlarmError: an address of alarms took none; what came is published.
    """
    root = workspace_of(workspace)
    configuration = load_workspace(root)
    check_seeds(root)
    require_engine(configuration)
    if day and not force:
        configuration.refuse_days_to_come(day, day)
    yesterday = configuration.today() - timedelta(days=1)
    window = (day, day) if day else partial(days_to_run, last=yesterday)
    ran = open_run(configuration, "daily", window, prepare=keep_out)
    with reported(root), ran as run, engine_of(configuration):
        first, last = run.window
        deferred = as_step(extract, root)(root, first, last)
        as_step(validate, root)(root, run.run_id)
        as_step(deduplicate, root)(root, run.run_id)
        as_step(aggregate, root)(
            root, run.run_id, first, last, catches_up=day is None, forces=force
        )
        as_step(publish, root)(root, run.run_id)
        finish(configuration)
    untold = tell_after_run(configuration)
    late = late_sources(configuration, last)
    if untold and (deferred or late):
        say(f"  warning: {untold}")
    if deferred:
        raise DeferredError("\n".join(deferred))
    if late:
        raise SourceLateError(late)
    if untold:
        raise untold
