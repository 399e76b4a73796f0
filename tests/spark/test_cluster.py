"""Killed in a run on a cluster: a worker, whose work another does; the driver."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import (
    CANARY_ID,
    CANARY_NAME,
    CANARY_POST,
    CANARY_TEXT,
    FinishedRun,
)
from tests.spark.environment import in_configuration
from tests.workspaces import PATIENCE_SECONDS, Lab, started

pytestmark = pytest.mark.spark
RUN = ("--from", "2026-03-01", "--to", "2026-03-14", "--reason", "trial")


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what happens."""
    last = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.2)


class Cluster:
    """A master and two workers of one core each, processes of this machine."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        import pyspark

        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            self.port = asked.getsockname()[1]
        self._command = Path(pyspark.__file__).parent / "bin/spark-class"
        self._folder = folder
        self._processes = processes
        self._start("Master", "--port", str(self.port))
        wait_until(lambda: "I have been elected leader" in self.log("Master"))
        self.workers = [
            self._start(
                "Worker",
                *("--cores", "1", "--memory", "700m"),
                *("--work-dir", str(folder / f"work-{number}"), self.address),
                number=number,
            )
            for number in (1, 2)
        ]
        wait_until(lambda: self.log("Master").count("Registering worker") == 2)

    @property
    def address(self) -> str:
        """As Spark takes it."""
        return f"spark://127.0.0.1:{self.port}"

    def log(self, name: str) -> str:
        """What a daemon said."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def logs(self) -> str:
        """What all said, executors as well."""
        files = [*self._folder.glob("*.log"), *self._folder.glob("work-*/*/*/std*")]
        return "".join(file.read_text(errors="replace") for file in files)

    def kill_worker(self) -> None:
        """Kill one with its executor."""
        worker = self.workers.pop()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def _start(
        self, kind: str, *words: str, number: int | str = ""
    ) -> subprocess.Popen[bytes]:
        log = self._processes.enter_context(
            (self._folder / f"{kind}{number}.log").open("wb")
        )
        environment = {
            **os.environ,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(self._folder / "local"),
        }
        del environment["WM_PSEUDONYM_KEY"]  # the driver's alone
        return self._processes.enter_context(
            started(
                *(str(self._command), f"org.apache.spark.deploy.{kind.lower()}.{kind}"),
                *("--host", "127.0.0.1", "--webui-port", "0", *words),
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A real one; nothing of it is left."""
    pytest.importorskip("pyspark")
    folder = tmp_path / "cluster"
    folder.mkdir()
    with ExitStack() as processes:
        yield Cluster(folder, processes)


def test_a_killed_worker_and_a_killed_driver_change_no_mart(
    cluster: Cluster, finished_run: FinishedRun, lab: Lab
) -> None:
    shutil.rmtree(lab.root)
    shutil.copytree(finished_run.lab.root, lab.root, symlinks=True)
    text = (lab.root / "workspace.toml").read_text(encoding="utf-8")
    settings = in_configuration(cluster.address).replace("2g", "1g")
    lab.put("workspace.toml", f'{text}{settings}executor_memory = "600m"\n')
    wanted = finished_run.lab.parquet()
    # Everything anew, as after an upgrade; what was published stands.
    (lab.root / "warehouse.duckdb").unlink()

    command = (sys.executable, "-m", "flows", "backfill", *RUN)
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    killed = subprocess.run(
        [*command, "--workspace", str(lab.root)],
        cwd=Path(__file__).parents[2],
        env={**environment, "WM_CRASH_AT": "spark:select@12"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert lab.parquet() == wanted
    assert [*(lab.root / "spark/work").glob("made-*")]  # in the midst of a step
    with started(*command, "--workspace", str(lab.root), env=environment) as run:
        # Records are read; from now on models need what both workers hold.
        wait_until(
            lambda: (
                bool([*(lab.root / "spark/work").glob("made-*/_temporary")])
                or run.poll() is not None
            )
        )
        assert run.poll() is None
        cluster.kill_worker()
        assert run.wait(PATIENCE_SECONDS) == 0
    assert lab.parquet() == wanted
    assert lab.value("select count(*) from meta.quarantine") == finished_run.lab.value(
        "select count(*) from meta.quarantine"
    )
    assert not [*(lab.root / "spark/work").glob("*")]
    told = cluster.log("Master")
    assert "Removing worker" in told, told[-3000:]
    assert told.count("Registered app") == 2
    for word in (CANARY_ID, CANARY_POST, CANARY_NAME, CANARY_TEXT):
        assert word not in cluster.logs()
