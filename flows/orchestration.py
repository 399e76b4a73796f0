"""Flows with and without a Prefect server.

The ledger decides what is done, so a run needs no server: where `PREFECT_API_URL` (or
a profile) names one, a flow and its steps report there, else they run plainly. Nothing
is started besides, so nothing is left when a run is stopped, and a run that nobody
hears is spared the second that Prefect takes to load.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from tasks.warehouse.errors import WorkspaceLockedError
from tasks.warehouse.progress import heard_by, say

_TRIES = 3
_PAUSE_SECONDS = 2.0

P = ParamSpec("P")
R = TypeVar("R")

# The folder of the workspace where a deployment's parameter leaves it open.
WORKSPACE_VARIABLE = "weibo_manager_workspace"


def is_orchestrated() -> bool:
    """Whether Prefect runs this flow; it isn't loaded to find out that it doesn't."""
    if "prefect" not in sys.modules:
        return False
    from prefect.context import FlowRunContext

    return FlowRunContext.get() is not None


def workspace_of(folder: str | None) -> Path:
    """The workspace's folder: as named, else the Prefect variable, else `data`."""
    if folder is None and is_orchestrated():
        from prefect.variables import Variable

        found = Variable.get(WORKSPACE_VARIABLE)
        folder = found if isinstance(found, str) else None
    return Path(folder or "data")


@contextmanager
def reported(root: Path, *, has_page: bool = True) -> Iterator[None]:
    """Let the orchestrator hear what a run says, and get a page of it at its end.

    Where Prefect runs nothing, nothing is done. What a run says holds no id and no
    text of a record. One that another run kept out has no page: the ledger's last run
    is that other one.
    """
    if not is_orchestrated():
        yield
        return
    from flows.prefect_runs import end_quietly, leave_page, log

    end_quietly()
    has_begun = has_page
    with heard_by(log):
        try:
            yield
        except WorkspaceLockedError:
            has_begun = False
            raise
        finally:
            if has_begun:
                leave_page(root)


def as_step(step: Callable[P, R], root: Path) -> Callable[P, R]:
    """A step as a task of the flow that Prefect runs, or plainly where it runs none.

    Args:
        step: the step.
        root: the workspace, whose landing, staging, accounts, marts and publication
            are Prefect's assets.
    """
    if not is_orchestrated():
        return step
    from flows.prefect_runs import as_task

    return as_task(step, root)


def as_part(body: Callable[P, None]) -> Callable[P, None]:
    """A flow as part of one that Prefect runs, or plainly where it runs none."""
    if not is_orchestrated():
        return body
    from flows.prefect_runs import as_flow

    return as_flow(body)


def run_flow(body: Callable[P, None], *values: P.args, **named: P.kwargs) -> None:
    """Run a flow for a command; where a server is configured, it is told.

    A server that does not answer hinders no run: it is asked again, then the run goes
    on without it and says so.
    """
    address = _server()
    if address and _answers(address):
        from flows.prefect_runs import as_flow

        as_flow(body)(*values, **named)
        return
    if address:
        say(
            f"  warning: the Prefect server at {address} does not answer, this run is"
            " not reported there: start it, or unset PREFECT_API_URL"
        )
    body(*values, **named)


def _server() -> str | None:
    """The server's address as Prefect would find it.

    Prefect reads it from the environment, a profile, or a file of settings in the
    working folder. Only where one of these may name it, Prefect is loaded to say.
    """
    if address := os.environ.get("PREFECT_API_URL"):
        return address
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    here = {".env": "prefect_api", "prefect.toml": "api", "pyproject.toml": "[tool.pre"}
    files = {profiles: "prefect_api_url"} | {Path(name): here[name] for name in here}
    if not any(_says(path, word) for path, word in files.items()):
        return None
    from prefect.settings import get_current_settings

    return get_current_settings().api.url


def _says(path: Path, word: str) -> bool:
    try:
        return word in path.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return False


def _answers(address: str) -> bool:
    """Whether a server is there, whatever it thinks of the question."""
    import httpx

    for left in reversed(range(_TRIES)):
        try:
            httpx.get(f"{address.rstrip('/')}/health", timeout=10)
        except httpx.HTTPError:
            if left:
                time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False
