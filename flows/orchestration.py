"""Flows with and without a Prefect server.

The ledger decides what is done, so a run needs no server: where `PREFECT_API_URL` (or
a profile) names one, a flow and its steps report there, else they run plainly. Nothing
is started besides, so nothing is left when a run is stopped.
"""

from __future__ import annotations

import atexit
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import httpx
from prefect import Flow, Task, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.assets import Asset, AssetProperties
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.runtime import flow_run
from prefect.settings import get_current_settings
from prefect.tasks import MaterializingTask
from prefect.variables import Variable

from flows.run_summary import summarise_run
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.progress import heard_by, say
from tasks.warehouse.workspace import load_workspace

_TRIES, _PAUSE_SECONDS = 3, 2.0

P = ParamSpec("P")
R = TypeVar("R")


# The folder of the workspace where a deployment's parameter leaves it open.
WORKSPACE_VARIABLE = "weibo_manager_workspace"
# What each step makes, and of what: the assets that Prefect draws.
_MADE = {
    "extract": ("landing", ("sources",)),
    "validate": ("staging", ("landing",)),
    "deduplicate": ("accounts", ("staging",)),
    "aggregate": ("marts", ("staging", "accounts")),
    "publish": ("published", ("marts",)),
}


def workspace_of(folder: str | None) -> Path:
    """The workspace's folder: as named, else the Prefect variable, else `data`."""
    if folder is None and FlowRunContext.get():
        found = Variable.get(WORKSPACE_VARIABLE)
        folder = found if isinstance(found, str) else None
    return Path(folder or "data")


def name_run() -> str:
    """What a run is called: the flow, and the days or the deed it is asked for.

    Prefect asks first of all, also of a run that fails at once.
    """
    _end_quietly()
    asked = flow_run.parameters
    if "action" in asked:
        of = asked["action"]
    elif "first" in asked:
        of = f"{asked['first']}..{asked['last']}"
    elif "day" in asked:
        of = asked["day"] or "up to yesterday"
    else:
        return str(flow_run.flow_name)
    return f"{flow_run.flow_name} {of}"


@contextmanager
def reported(root: Path) -> Iterator[None]:
    """Let the orchestrator hear what a run says, and get a page of it at its end.

    Where Prefect runs nothing, nothing is done. What a run says holds no id and no
    text of a record.
    """
    if not FlowRunContext.get():
        yield
        return
    _end_quietly()
    with heard_by(_log):
        try:
            yield
        finally:
            _leave_page(root)


def _log(line: str) -> None:
    logger = get_run_logger()
    words = line.strip()
    if words.startswith("warning:"):
        logger.warning(words)
    else:
        logger.info(words)


def _leave_page(root: Path) -> None:
    """The run's page; a workspace in which nothing could run has none."""
    try:
        page = summarise_run(load_workspace(root))
    except ConfigurationError:
        return
    create_markdown_artifact(
        page, key="weibo-manager-run", description=f"What {name_run()} did."
    )


def _end_quietly() -> None:
    """Silence the interpreter's teardown in a worker's process.

    There the database binding prints pages of leak warnings that concern nobody; the
    exit code is the engine's.
    """
    if not _is_silenced:
        _is_silenced.append(True)
        atexit.register(_close_errors)


_is_silenced: list[bool] = []


def _close_errors() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)


def as_step(task: Task[P, R], root: Path) -> Callable[P, R]:
    """A step as part of the flow that Prefect runs, or plainly where it runs none.

    Args:
        task: the step.
        root: the workspace, whose landing, staging, accounts, marts and publication
            are Prefect's assets.
    """
    if not FlowRunContext.get():
        return task.fn
    made, reads = _MADE[task.fn.__name__]
    return MaterializingTask(
        fn=task.fn,
        assets=[_asset(root, made)],
        asset_deps=[_asset(root, name) for name in reads],
        name=task.name,
        cache_policy=NO_CACHE,
        tags=["weibo-manager"],
    )


def _asset(root: Path, name: str) -> Asset:
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", root.resolve().name).strip("-.")
    return Asset(
        key=f"weibomanager://{folder or 'workspace'}/{name}",
        properties=AssetProperties(name=name),
    )


def run_flow(flow: Flow[..., Any], **parameters: Any) -> None:
    """Run a flow for a command; where a server is configured, it is told.

    A server that does not answer hinders no run: it is asked again, then the run goes
    on without it and says so.
    """
    address = get_current_settings().api.url
    if address and _answers(address):
        flow(**parameters)
        return
    if address:
        say(
            f"  warning: the Prefect server at {address} does not answer, this run is"
            " not reported there: start it, or unset PREFECT_API_URL"
        )
    flow.fn(**parameters)


def _answers(address: str) -> bool:
    """Whether a server is there, whatever it thinks of the question."""
    for left in reversed(range(_TRIES)):
        try:
            httpx.get(f"{address.rstrip('/')}/health", timeout=10)
        except httpx.HTTPError:
            if left:
                time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False
