"""`prefect.yaml` deploys against a real server, and a real worker runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from queue import Queue
from typing import Any

import duckdb
import httpx
import pytest
import yaml

from tasks.warehouse.lock import hold_workspace
from tests.conftest import CANARY_ID, CANARY_NAME, CANARY_POST, CANARY_TEXT
from tests.flows.commands.test_privacy import places
from tests.test_privacy import SECRETS, files_below, holds
from tests.workspaces import (
    FIRST,
    PATIENCE_SECONDS,
    Lab,
    comment,
    end_with_parent,
    repost,
    status,
    user,
)

CHECKOUT = Path(__file__).parents[2]
SCHEDULE_KEYS = {
    "cron", "interval", "rrule", "timezone", "anchor_date", "active", "parameters",
    "slug", "replaces", "day_or",
}  # fmt: skip
DEPLOYMENT_KEYS = {
    "name", "description", "entrypoint", "tags", "work_pool", "concurrency_limit",
    "schedules", "parameters",
}  # fmt: skip


def read_deployments() -> list[dict[str, Any]]:
    text = (CHECKOUT / "prefect.yaml").read_text(encoding="utf-8")
    deployments: list[dict[str, Any]] = yaml.safe_load(text)["deployments"]
    return deployments


def test_deployments_are_the_flows() -> None:
    names = [one["name"] for one in read_deployments()]
    assert names == ["daily", "backfill", "crawl", "train", "privacy"]


@pytest.mark.parametrize("deployment", read_deployments(), ids=lambda one: one["name"])
def test_deployment_has_only_known_keys(deployment: dict[str, Any]) -> None:
    # Prefect skips a deployment with a wrong schedule key and goes on; keys of
    # other levels it ignores without a word.
    assert set(deployment) <= DEPLOYMENT_KEYS
    for schedule in deployment["schedules"]:
        assert set(schedule) <= SCHEDULE_KEYS


@pytest.mark.parametrize("deployment", read_deployments(), ids=lambda one: one["name"])
def test_entrypoint_is_a_flow_of_that_name(deployment: dict[str, Any]) -> None:
    module, name = deployment["entrypoint"].rsplit(".", 1)
    assert getattr(import_module(module), name).name == deployment["name"]


def test_parameters_in_prefect_yaml_are_none() -> None:
    # Prefect stores parameters in clear: they must not become a home of secrets.
    assert not any(one.get("parameters") for one in read_deployments())


def test_guide_schedules_crawls_that_know_their_source() -> None:
    """The flow needs its source, and Prefect begins a run without one all the same."""
    guide = (CHECKOUT / "flows/README.md").read_text(encoding="utf-8")
    told = guide.split("    schedules:\n")[1].split("\n\n")[0]
    for schedule in yaml.safe_load(told):
        assert set(schedule) <= SCHEDULE_KEYS
        assert set(schedule["parameters"]) == {"source"}
    assert "    .venv/bin/prefect deployment schedule create" not in guide


def test_prefect_yaml_names_no_folder_of_a_machine() -> None:
    text = (CHECKOUT / "prefect.yaml").read_text(encoding="utf-8")
    assert str(CHECKOUT) not in text
    assert "/home/" not in text


@dataclass(frozen=True)
class Orchestra:
    """A server with a work pool `local` and a worker; both deployments deployed."""

    api: str
    environment: dict[str, str]
    home: Path

    @property
    def worker_log(self) -> Path:
        """What the worker says, and the runs that it begins."""
        return self.home / "worker.log"


# One for all calls: each of its own would read the machine's certificates. Connections
# are not kept, for the server closes those that nobody uses.
HTTP = httpx.Client(
    timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_keepalive_connections=0)
)


@pytest.fixture(scope="module")
def orchestra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        **{key: value for key, value in os.environ.items() if key[:8] != "PREFECT_"},
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_ENABLED": "false",
        # Else the worker would run the checkout's own data/ at half past two.
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "NO_COLOR": "1",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *words],
            cwd=CHECKOUT,
            env=environment,
            stdout=(home / f"{name}.log").open("wb"),
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        started.append(process)
        return process

    try:
        server = start("server", "server", "start", "--port", port)
        wait_for(f"{api}/health", server, home / "server.log")
        # A worker makes the pool that it is to work for, where there is none.
        worker = start("worker", "worker", "start", "-p", "local", "-t", "process")
        wait_for(f"{api}/work_pools/local", worker, home / "worker.log")
        pool = {"name": "crawls", "type": "process"}
        answer_of("POST", f"{api}/work_pools/", pool)
        run_prefect(environment, "--no-prompt", "deploy", "--all")
        yield Orchestra(api, environment, home)
    finally:
        for process in reversed(started):
            end(process)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers, as long as the process runs that is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            if HTTP.get(address).is_success:
                return
        time.sleep(0.3)
    pytest.fail(f"{address} was not answered: {log.read_text()}")


def run_prefect(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *words],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: they share a session of their own."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answer_of(method: str, address: str, body: object = None) -> Any:
    """What the server answers; it is asked again where its database is busy (503)."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = HTTP.request(method, address, json=body)
        if answer.status_code != 503 or time.monotonic() > deadline:
            answer.raise_for_status()
            return answer.json()
        time.sleep(0.3)


def ask(orchestra: Orchestra, what: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer_of("POST", f"{orchestra.api}/{what}", body)
    return found


def of_state(*states: str) -> dict[str, Any]:
    """What asks for runs of these states."""
    return {"flow_runs": {"state": {"type": {"any_": list(states)}}}}


def read_deployment(orchestra: Orchestra, name: str) -> dict[str, Any]:
    address = f"{orchestra.api}/deployments/name/{name}/{name}"
    found: dict[str, Any] = answer_of("GET", address)
    return found


def start(orchestra: Orchestra, name: str, **parameters: str) -> str:
    """Ask for a run of a deployment, as the form does; its id."""
    deployment = read_deployment(orchestra, name)["id"]
    address = f"{orchestra.api}/deployments/{deployment}/create_flow_run"
    return str(answer_of("POST", address, {"parameters": parameters})["id"])


def wait_for_end(orchestra: Orchestra, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        address = f"{orchestra.api}/flow_runs/{run_id}"
        run: dict[str, Any] = answer_of("GET", address)
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED"):
            return run
        time.sleep(0.3)
    pytest.fail(f"the run did not end: {orchestra.worker_log.read_text()}")


def wait_for_lines(orchestra: Orchestra, run_id: str) -> list[str]:
    """All that an ended run said; its process hands the lines in on its own time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    asked = {"logs": {"flow_run_id": {"any_": [run_id]}}}
    while time.monotonic() < deadline:
        lines = ask(orchestra, "logs/filter", asked)
        # The flow's own last word, not a task's; they come as they were said.
        if any(
            line["message"].startswith("Finished in state")
            and line["task_run_id"] is None
            for line in lines
        ):
            return [line["message"] for line in lines]
        time.sleep(0.3)
    pytest.fail(f"the run did not end its log: {orchestra.worker_log.read_text()}")


@pytest.mark.early
def test_daily_is_scheduled_at_half_past_two_in_shanghai(orchestra: Orchestra) -> None:
    daily = read_deployment(orchestra, "daily")
    (schedule,) = daily["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "30 2 * * *"
    assert schedule["schedule"]["timezone"] == "Asia/Shanghai"
    assert daily["global_concurrency_limit"]["limit"] == 1
    assert daily["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert daily["work_pool_name"] == "local"


@pytest.mark.early
def test_server_makes_runs_of_the_schedule(orchestra: Orchestra) -> None:
    """With some versions of its libraries it only logs an error, and nothing ever runs.

    Of days far ahead, which no worker begins.
    """
    daily = read_deployment(orchestra, "daily")["id"]
    answer_of(
        "POST",
        f"{orchestra.api}/deployments/{daily}/schedule",
        {"start_time": "2999-03-01T00:00:00Z", "min_runs": 2, "max_runs": 2},
    )
    runs = ask(orchestra, "flow_runs/filter", of_state("SCHEDULED"))
    times = sorted(run["expected_start_time"][:16] for run in runs)
    assert times == ["2999-03-01T18:30", "2999-03-02T18:30"]


@pytest.mark.early
def test_backfill_is_deployed_without_a_schedule(orchestra: Orchestra) -> None:
    assert read_deployment(orchestra, "backfill")["schedules"] == []


@pytest.mark.early
def test_deployed_runs_work_in_the_checkout(orchestra: Orchestra) -> None:
    for name in ("daily", "backfill"):
        (step,) = read_deployment(orchestra, name)["pull_steps"]
        (options,) = step.values()
        assert Path(options["directory"]).resolve() == CHECKOUT.resolve()


@pytest.mark.early
def test_worker_runs_a_day(orchestra: Orchestra, lab: Lab) -> None:
    people = [user(100 + n, f"person {n}") for n in range(9)]
    acts = [repost(10 + n, 1, who, day=1 + n % 3) for n, who in enumerate(people)]
    lab.put("export/a.jsonl", [status(1), *acts])
    asked = start(orchestra, "daily", day="2026-03-03", workspace=str(lab.root))
    run = wait_for_end(orchestra, asked)
    log = orchestra.worker_log.read_text()
    assert run["state_type"] == "COMPLETED", log
    assert "nanobind" not in log
    assert run["name"] == "daily 2026-03-03"
    lines = wait_for_lines(orchestra, asked)
    assert any("records read" in line for line in lines)
    assert any(line.startswith("publish: ") for line in lines)
    (page,) = ask(orchestra, "artifacts/latest/filter", {})
    assert page["key"] == "weibo-manager-run"
    assert "## daily 2026-03-03 to 2026-03-03: done" in page["data"]
    assert "| extract | " in page["data"]
    with duckdb.connect(
        str(lab.root / "published/marts.duckdb"), read_only=True
    ) as marts:
        days = marts.execute("select activity_day, reposts from campaign_daily")
        assert days.fetchall() == [(date(2026, 3, 3), 3)]


@pytest.mark.early
def test_an_erasure_through_the_server_tells_nobody(
    orchestra: Orchestra, lab: Lab
) -> None:
    """A worker erases whom a file on its disk names, and makes the days anew.

    Nor is anything kept of those who stay: they are staged, rejected by a rule, and
    rejected by the shape of their records.
    """
    ann, canary = user(7_654_321, "安安的小店"), user(CANARY_ID, CANARY_NAME)
    hidden = comment(5, 1, canary, CANARY_TEXT)
    lab.configure(post_ids=["1"], policies="quarantine_threshold = 0.9")
    lab.put(
        "export/1.jsonl",
        [
            status(1),
            comment(2, 1, ann, "hers alone"),
            comment(CANARY_POST, 1, canary, CANARY_TEXT),
            {**hidden, "created_at": "昨天"},
            {"odd": CANARY_TEXT, "user": canary},
        ],
    )
    lab.run(FIRST, FIRST)
    requests = lab.put("requests.csv", "platform,account_id\nweibo,7654321\n")
    asked = start(orchestra, "privacy", requests=str(requests), workspace=str(lab.root))
    run = wait_for_end(orchestra, asked)
    assert run["state_type"] == "COMPLETED", orchestra.worker_log.read_text()
    assert run["name"] == "privacy erase"
    by_name = {
        one["name"]: one for one in ask(orchestra, "flow_runs/filter", {"limit": 50})
    }
    assert by_name["backfill 2026-03-01..2026-03-01"]["state_type"] == "COMPLETED"
    lines = wait_for_lines(orchestra, asked)
    assert "1 records removed, of 1 people" in lines
    warned = (
        "warning: still in the export export/1.jsonl: delete it there and in backups"
    )
    assert warned in lines
    told = json.dumps([by_name, lines], ensure_ascii=False)
    log = orchestra.worker_log.read_text()
    words = ("7654321", "安安的小店", "hers alone")
    assert not [word for word in words if word in told + log]
    # Parameters, results, logs and pages, wherever the server keeps them.
    kept = {path: path.read_bytes() for path in files_below(orchestra.home)}
    assert any(path.suffix == ".db" for path in kept)
    for secret in (*words, *SECRETS, os.environ["WM_PSEUDONYM_KEY"]):
        assert not [path for path, data in kept.items() if holds(data, secret)], secret
    requests.unlink()
    assert places(lab.root, set(words)) == []
    found = lab.rows("select account_id from staging.interactions")
    assert found == [(CANARY_ID,)]


@pytest.mark.early
def test_failed_run_is_told(orchestra: Orchestra, lab: Lab) -> None:
    """The automation for real: the server posts to where it was told to.

    The run is one that another one keeps out, which has nothing to tell of itself.
    """
    told: Queue[bytes] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Keep the test's output free of calls."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/token-of-a-channel"
        # As the command does; once more replaces it.
        twice = (
            "import runpy; from flows import notifications;"
            "assert notifications.main() == 0;"
            "runpy.run_module('flows.notifications', run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", twice],
            cwd=CHECKOUT,
            env={**orchestra.environment, "WM_NOTIFY_URL": address},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("The server now tells of runs") == 2
        (automation,) = ask(orchestra, "automations/filter", {})
        assert "token-of-a-channel" not in json.dumps(automation)
        with hold_workspace(lab.workspace.lock, "another run"):
            asked = start(
                orchestra,
                "backfill",
                first="2026-03-01",
                last="2026-03-02",
                reason="to fail",
                workspace=str(lab.root),
            )
            said = json.loads(told.get(timeout=PATIENCE_SECONDS))
        server.shutdown()
    assert said["subject"] == "Weibo Manager: backfill 2026-03-01..2026-03-02 is Failed"
    assert "WorkspaceLockedError: Another run holds" in said["text"]
    wait_for_lines(orchestra, asked)
    pages = [page for page in ask(orchestra, "artifacts/filter", {}) if page["key"]]
    assert asked not in [page["flow_run_id"] for page in pages]
    assert "nanobind" not in orchestra.worker_log.read_text()
