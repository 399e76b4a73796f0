"""Stopped by a signal, killed, held by another run: told, and nothing is harmed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from flows.commands import doctor
from flows.commands.status import describe
from flows.daily import daily
from tasks.warehouse import ledger
from tasks.warehouse.errors import WorkspaceLockedError
from tasks.warehouse.lock import hold_workspace, is_held
from tasks.warehouse.stopping import GRACE_SECONDS
from tests.flows.test_kill import start, wait_until_it_works
from tests.workspaces import PATIENCE_SECONDS, Lab, repost, started, status, user

# A query, whose library computes for minutes, and Python that waits.
_WORK = {
    "in a library": (
        "import ctypes; print('ready', flush=True);"
        f"ctypes.CDLL(None).sleep({PATIENCE_SECONDS})"
    ),
    "in a query": (
        "import duckdb; print('ready', flush=True);"
        "duckdb.sql('select count(*) from range(4000000) as a(x), range(4000000)"
        " as b(y) where hash(x) > hash(y)').fetchall()"
    ),
    "in Python": (
        f"import time; print('ready', flush=True); time.sleep({PATIENCE_SECONDS})"
    ),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", _WORK)
def test_a_signal_ends_a_command_in_words(number: signal.Signals, work: str) -> None:
    """Long before the work ends, with the exit code that shells expect."""
    script = (
        "from flows.command_line.endings import end_in_words\n"
        "from flows.command_line.process import run_process\n"
        "def work(**options):\n"
        f"    exec({_WORK[work]!r})\n"
        "run_process(lambda: end_in_words(work))\n"
    )
    with started(
        *(sys.executable, "-c", script),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
        run.send_signal(number)
        _, told = run.communicate(timeout=PATIENCE_SECONDS / 2)
    assert run.returncode == 128 + number
    assert told.splitlines()[-1].startswith(f"Stopped by {number.name}. What was")
    assert "Traceback" not in told
    # On a busy machine the process ends later than its own clock rings.
    assert GRACE_SECONDS < 5


def test_a_stopped_run_is_told_and_goes_on(lab: Lab) -> None:
    """By the command: no process stays, the ledger knows who stopped it."""
    people = [user(100 + n, f"person {n}") for n in range(10)]
    lab.put(
        "export/a.jsonl",
        [status(1), *(repost(10 + n, 1, who) for n, who in enumerate(people))],
    )
    with start(lab) as run:
        wait_until_it_works(run, lab)
        while not (lab.root / "ledger.json").exists():
            assert run.poll() is None
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGTERM)
        assert run.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
        with pytest.raises(ProcessLookupError):  # nobody is left of its group
            os.killpg(run.pid, 0)
    # Killed after its grace where a library computed, and told as such.
    assert describe(lab.workspace)["last_run"]["state"] in ("failed", "stopped")


def test_a_killed_run_is_told_as_stopped(lab: Lab) -> None:
    """Not as running: nobody holds the workspace."""
    lab.put("export/a.jsonl", [status(1)])
    copy = lab.root / "ledger.json"
    with ledger.open_run(lab.workspace, "daily", (date(2026, 3, 1), date(2026, 3, 2))):
        killed = copy.read_bytes()
        assert describe(lab.workspace)["last_run"]["state"] == "running"
    copy.write_bytes(killed)
    found = describe(lab.workspace)
    assert found["last_run"]["state"] == "stopped"
    assert found["exit_code"] == 1
    assert any("was stopped: killed" in problem for problem in found["problems"])


def test_daily_opens_nothing_that_another_run_holds(lab: Lab) -> None:
    """To open the warehouse would make the run fail that holds it."""
    lab.put("warehouse.duckdb", "opening this fails")
    with (
        hold_workspace(lab.root / ".lock", "backfill by a test"),
        pytest.raises(WorkspaceLockedError, match="backfill by a test"),
    ):
        daily(workspace=str(lab.root))
    assert (lab.root / "warehouse.duckdb").read_text() == "opening this fails"


def test_a_look_hinders_no_run_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the lock can't be written to, and while somebody looks."""
    lock = tmp_path / "lock"
    assert not is_held(lock)
    assert not lock.exists()
    with hold_workspace(lock, "daily by a test"):
        lock.chmod(stat.S_IRUSR)
        written = lock.stat().st_mtime_ns
        assert is_held(lock)
        found = json.loads(lock.read_text())
        assert found["command"] == "daily by a test"
        assert lock.stat().st_mtime_ns == written
    assert not is_held(lock)
    # Whoever looks shares the lock for a moment; a run waits for that, here for as
    # long as a busy machine makes of it.
    monkeypatch.setattr("tasks.warehouse.lock._TRIES", PATIENCE_SECONDS * 20)
    lock.chmod(stat.S_IRUSR | stat.S_IWUSR)
    looker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; handle = open(sys.argv[1]);"
            "fcntl.flock(handle, fcntl.LOCK_SH); print('looks', flush=True);"
            "time.sleep(.2)",
            str(lock),
        ],
        stdout=subprocess.PIPE,
    )
    with looker:
        assert looker.stdout
        looker.stdout.readline()
        with hold_workspace(lock, "daily by a test"):
            assert is_held(lock)


def test_doctor_holds_what_it_reads(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that begins meanwhile would find the warehouse open, and fail."""
    lab.put("warehouse.duckdb", "")
    held = []
    monkeypatch.setattr(
        "tasks.warehouse.database.damage_of",
        lambda file: held.append(is_held(lab.root / ".lock")),
    )
    doctor.examine(lab.root)
    assert held == [True]
