"""Flows with and without a Prefect server.

The ledger decides what is done, so a run needs no server: where `PREFECT_API_URL` (or
a profile) names one, a flow and its steps report there, else they run plainly. Nothing
is started besides, so nothing is left when a run is stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import httpx
from prefect import Flow, Task
from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from tasks.warehouse.progress import say

_TRIES, _PAUSE_SECONDS = 3, 2.0

P = ParamSpec("P")
R = TypeVar("R")


def as_step(task: Task[P, R]) -> Callable[P, R]:
    """A step as part of the flow that Prefect runs, or plainly where it runs none."""
    return task if FlowRunContext.get() else task.fn


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
