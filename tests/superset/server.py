"""Apache Superset of its own: environment, home and server, on loopback alone."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.superset.datasets import DASHBOARDS
from tests.workspaces import PATIENCE_SECONDS, REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements-superset.txt"
ENVIRONMENT = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "weibo-manager/superset"
)
# Of a server that only this machine reaches, and that lives for minutes.
USER = PASSWORD = "admin"
CONFIG = """\
SECRET_KEY = "of a server on loopback that lives for minutes"
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


@dataclass(frozen=True)
class Superset:
    """A server that runs, and a client that is logged in."""

    address: str
    client: httpx.Client

    def result(self, path: str, **params: Any) -> Any:
        """What the API answers to a question."""
        answer = self.client.get(f"/api/v1/{path}", params=params)
        answer.raise_for_status()
        return answer.json()["result"]


def make_environment(folder: Path) -> Path:
    """Install Superset where it isn't yet; its Python."""
    python, installed = folder / "bin/python", folder / "installed.txt"
    wanted = REQUIREMENTS.read_bytes()
    if not installed.exists() or installed.read_bytes() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            + ["--require-hashes", "-r", REQUIREMENTS],
            check=True,
        )
        installed.write_bytes(wanted)
    return python


@contextmanager
def serve(python: Path, home: Path) -> Iterator[Superset]:
    """A server with an empty home of its own; it ends with the block."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "superset_config.py"
    config.write_text(CONFIG.format(home=home), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WM_", "PYTHON"))
    } | {
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(config),
        "FLASK_APP": "superset",
        "SCARF_ANALYTICS": "false",
    }
    command = [python.with_name("superset")]
    with (home / "log").open("wb") as log:

        def run(*words: str) -> None:
            done = subprocess.run(
                [*command, *words], env=environment, stdout=log, stderr=log, cwd=home
            )
            if done.returncode:
                said = (home / "log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"superset {words[0]} failed: {said[-2000:]}")

        run("db", "upgrade")
        names = ("--firstname", USER, "--lastname", USER, "--email", "a@example.org")
        run(
            *("fab", "create-admin", "--username", USER, "--password", PASSWORD), *names
        )
        run("init")
        server = subprocess.Popen(
            [*command, "run", "--host", "127.0.0.1", "--port", str(port)]
            + ["--with-threads", "--no-reload"],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=home,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=address, timeout=PATIENCE_SECONDS) as client:
                _wait(client, server)
                _log_in(client)
                yield Superset(address, client)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _wait(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"Superset ended with {server.returncode}")
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError("Superset does not answer")


def _log_in(client: httpx.Client) -> None:
    """With a token for the API, and the cookie that a browser takes."""
    told = {"username": USER, "password": PASSWORD}
    client.post("/login/", data=told)
    answer = client.post(
        "/api/v1/security/login", json=told | {"provider": "db", "refresh": False}
    )
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def packed(address: str) -> bytes:
    """The dashboards as the ZIP that Superset imports, over marts at an address."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(DASHBOARDS.rglob("*.yaml")):
            text = file.read_text(encoding="utf-8")
            if file.parent.name == "databases":
                database = yaml.safe_load(text) | {"sqlalchemy_uri": address}
                text = yaml.safe_dump(database, sort_keys=False)
            archive.writestr(f"superset/{file.relative_to(DASHBOARDS)}", text)
    return packed.getvalue()


def bring(superset: Superset, marts: str) -> None:
    """Import the dashboards over marts at an SQLAlchemy address."""
    answer = superset.client.post(
        "/api/v1/dashboard/import/",
        files={"formData": ("dashboards.zip", packed(marts), "application/zip")},
        data={"overwrite": "true"},
    )
    if answer.status_code != 200:
        raise RuntimeError(f"the import was refused: {answer.text}")


@dataclass(frozen=True)
class Asked:
    """What a chart's query came to.

    Attributes:
        dashboard: where it stands.
        chart: its name.
        rows: how many it found.
        seconds: how long the answer took.
        wrong: what Superset says is wrong; empty where nothing is.
        data: the rows.
    """

    dashboard: str
    chart: str
    rows: int
    seconds: float
    wrong: str
    data: list[dict[str, Any]]


def ask_charts(superset: Superset) -> Iterator[Asked]:
    """Execute the query of each chart of each dashboard, past any cache."""
    boards = superset.result("dashboard/", q="(page_size:100)")
    for board in sorted(boards, key=lambda one: one["slug"]):
        for chart in superset.result(f"dashboard/{board['id']}/charts"):
            began = time.perf_counter()
            answer = superset.client.get(
                f"/api/v1/chart/{chart['id']}/data/", params={"force": "true"}
            )
            seconds = time.perf_counter() - began
            told = answer.json()
            (found,) = told.get("result") or [{}]
            yield Asked(
                board["slug"],
                chart["slice_name"],
                found.get("rowcount") or 0,
                seconds,
                str(found.get("error") or told.get("message") or ""),
                found.get("data") or [],
            )


def chromium() -> str | None:
    """The browser that draws pictures, where there is one."""
    return shutil.which("chromium") or shutil.which("google-chrome")
