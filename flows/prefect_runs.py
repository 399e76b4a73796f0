"""What a Prefect server hears of a run: flows, tasks that make assets, logs, a page."""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from prefect import Flow, get_run_logger
from prefect import flow as prefect_flow
from prefect.artifacts import create_markdown_artifact
from prefect.assets import Asset, AssetProperties
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import MaterializingTask

from flows.run_summary import summarise_run
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.workspace import load_workspace

P = ParamSpec("P")
R = TypeVar("R")

# What each step makes, and of what: the assets that Prefect draws.
_MADE = {
    "extract": ("landing", ("sources",)),
    "validate": ("staging", ("landing",)),
    "deduplicate": ("accounts", ("staging",)),
    "aggregate": ("marts", ("staging", "accounts")),
    "publish": ("published", ("marts",)),
}


def as_flow(body: Callable[P, None]) -> Flow[P, None]:
    """A flow of Prefect that is called as its function is."""
    return prefect_flow(
        name=body.__name__, flow_run_name=name_run, validate_parameters=True
    )(body)


def as_task(step: Callable[P, R], root: Path) -> Callable[P, R]:
    """A step as a task that makes one of the workspace's assets."""
    made, reads = _MADE[step.__name__]
    return MaterializingTask(
        fn=step,
        assets=[_asset(root, made)],
        asset_deps=[_asset(root, name) for name in reads],
        name=step.__name__,
        cache_policy=NO_CACHE,
        tags=["weibo-manager"],
    )


def _asset(root: Path, name: str) -> Asset:
    folder = re.sub(r"[^A-Za-z0-9._-]+", "-", root.resolve().name).strip("-.")
    return Asset(
        key=f"weibomanager://{folder or 'workspace'}/{name}",
        properties=AssetProperties(name=name),
    )


def name_run() -> str:
    """What a run is called: the flow, and the days or the deed it is asked for.

    Prefect asks first of all, also of a run that fails at once.
    """
    end_quietly()
    asked = flow_run.parameters
    if "action" in asked:
        of = asked["action"]
    elif "source" in asked:
        of = asked["source"]
    elif "first" in asked:
        of = f"{asked['first']}..{asked['last']}"
    elif "day" in asked:
        of = asked["day"] or "up to yesterday"
    else:
        return str(flow_run.flow_name)
    return f"{flow_run.flow_name} {of}"


def log(line: str) -> None:
    """Hand a line that a run says to the run's log."""
    logger = get_run_logger()
    words = line.strip()
    if words.startswith("warning:"):
        logger.warning(words)
    else:
        logger.info(words)


def leave_page(root: Path) -> None:
    """Leave the run's page; a workspace in which nothing could run has none."""
    try:
        page = summarise_run(load_workspace(root))
    except ConfigurationError:
        return
    create_markdown_artifact(
        page, key="weibo-manager-run", description=f"What {name_run()} did."
    )


def end_quietly() -> None:
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
