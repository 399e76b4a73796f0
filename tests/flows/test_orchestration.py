"""A flow with a Prefect server that is there, that is not, and without one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from prefect import flow, task
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import orchestration
from flows.orchestration import as_step, run_flow

_seen: list[bool] = []


@task
def note() -> None:
    _seen.append(FlowRunContext.get() is not None)


@flow
def noting() -> None:
    as_step(note, Path("data"))()


def test_without_a_server_a_flow_runs_plainly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is started; one that does not answer is told, and hinders nothing."""
    _seen.clear()
    monkeypatch.setattr(orchestration, "_PAUSE_SECONDS", 0)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        run_flow(noting)
    assert _seen == [False]
    assert "does not answer" not in capsys.readouterr().out
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    with temporary_settings({PREFECT_API_URL: address}):
        run_flow(noting)
    assert _seen == [False, False]
    told = capsys.readouterr().out
    assert f"the Prefect server at {address} does not answer" in told
