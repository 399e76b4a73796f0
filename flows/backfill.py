"""The backfill flow: a range of days as one window, with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from prefect import flow

from flows.orchestration import as_step
from tasks.aggregate import aggregate
from tasks.deduplicate import deduplicate
from tasks.extract import extract
from tasks.publish import publish
from tasks.validate import validate
from tasks.warehouse.errors import DeferredError
from tasks.warehouse.ledger import STEPS, open_run
from tasks.warehouse.seeds import check_seeds
from tasks.warehouse.workspace import load_workspace


@flow(name="backfill", validate_parameters=True)
def backfill(
    first: date,
    last: date,
    reason: str,
    only: list[str] | None = None,
    workspace: str = "data",
) -> None:
    """Cover a range of days, both inclusive, however many, in one window.

    Args:
        first: first day of the range.
        last: last day of the range.
        reason: why, for the ledger.
        only: steps to run; all without it.
        workspace: the workspace's folder.
    """
    root = Path(workspace)
    configuration = load_workspace(root)
    check_seeds(root)
    steps = set(only or STEPS)
    deferred: list[str] = []
    with open_run(configuration, "backfill", (first, last), reason) as run:
        if "extract" in steps:
            deferred = as_step(extract)(root, first, last)
        if "validate" in steps:
            as_step(validate)(root, run.run_id)
        if "deduplicate" in steps:
            as_step(deduplicate)(root, run.run_id)
        if "aggregate" in steps:
            as_step(aggregate)(root, run.run_id, first, last)
        if "publish" in steps:
            as_step(publish)(root, run.run_id)
    if deferred:
        raise DeferredError("\n".join(deferred))
