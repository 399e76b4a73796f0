"""A flow with a Prefect server that is there, that is not, and without one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flows import orchestration
from flows.orchestration import as_step, is_orchestrated, run_flow
from tests.workspaces import REPOSITORY

_seen: list[bool] = []


def note() -> None:
    _seen.append(is_orchestrated())


def noting() -> None:
    as_step(note, Path("data"))()


def test_without_a_server_a_flow_runs_plainly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is started; one that does not answer is told, and hinders nothing."""
    _seen.clear()
    monkeypatch.setattr(orchestration, "_PAUSE_SECONDS", 0)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    run_flow(noting)
    assert _seen == [False]
    assert "does not answer" not in capsys.readouterr().out
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    monkeypatch.setenv("PREFECT_API_URL", address)
    run_flow(noting)
    assert _seen == [False, False]
    told = capsys.readouterr().out
    assert f"the Prefect server at {address} does not answer" in told


@pytest.mark.parametrize("named", [True, False])
def test_server_of_a_profile_is_found(tmp_path: Path, named: bool) -> None:
    """In a process of its own: Prefect reads its profile once, when it is loaded."""
    profile = 'PREFECT_API_URL = "http://127.0.0.1:9/api"' if named else ""
    (tmp_path / "profiles.toml").write_text(
        f'active = "mine"\n[profiles.mine]\n{profile}\n'
    )
    asked = (
        "import sys\nfrom flows.orchestration import _server\n"
        "print(_server(), 'prefect' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "PREFECT_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    expected = "http://127.0.0.1:9/api True" if named else "None False"
    assert said.strip() == expected
