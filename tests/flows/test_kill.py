"""kill -9 at any moment, the same command again: the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.workspaces import PATIENCE_SECONDS, Lab, lab_of, started
from tests.world import World

COMMAND = (
    "backfill",
    "--from",
    "2026-03-01",
    "--to",
    "2026-03-14",
    "--reason",
    "trial",
)
KILLS = 3


def start(lab: Lab) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Begin a run that can be killed with all its children."""
    return started(
        *(sys.executable, "-m", "flows", *COMMAND, "--workspace", str(lab.root)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until_it_works(run: subprocess.Popen[bytes], lab: Lab) -> None:
    """The lock's holder is this process: imports are over, work begins."""
    while run.poll() is None:
        lock = lab.root / ".lock"
        if lock.exists() and f'"pid": {run.pid},' in lock.read_text():
            return
        time.sleep(0.02)


@pytest.mark.early
def test_killed_runs_leave_no_trace(small_world: World, tmp_path: Path) -> None:
    """Each run dies a little into the work; the last one is left alone."""
    seed = int(os.environ.get("WM_TEST_SEED", random.randrange(10**6)))
    print(f"WM_TEST_SEED={seed}")  # noqa: T201
    rng = random.Random(seed)
    undisturbed = lab_of(small_world, tmp_path / "undisturbed")
    began = time.perf_counter()
    undisturbed.run()
    length = time.perf_counter() - began
    lab = lab_of(small_world, tmp_path / "killed")
    killed = 0
    for _ in range(KILLS):
        # A finished step is not done again: early moments keep work for the next.
        with start(lab) as run:
            wait_until_it_works(run, lab)
            time.sleep(rng.random() * length * 0.5)
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                killed += 1
            run.wait(PATIENCE_SECONDS)
    assert killed, "no run was caught alive"
    with start(lab) as run:
        assert run.wait(PATIENCE_SECONDS) == 0
    assert lab.parquet() == undisturbed.parquet()
    assert not list((lab.root / "landing").glob(".tmp/*"))
    assert not list((lab.root / "publications").glob(".building"))
    # None is left "running"; a kill may also fall before or after the work.
    states = lab.rows("select state from meta.runs order by started_at, finished_at")
    assert {state for (state,) in states} <= {"failed", "done"}
    assert ("done",) in states
