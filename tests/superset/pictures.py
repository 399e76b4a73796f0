"""Pictures of dashboards, drawn by headless Chromium through its own protocol."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.report.test_browser import CHROMIUM
from tests.superset.server import Superset
from tests.workspaces import PATIENCE_SECONDS

# A dashboard is drawn when nothing in it loads any more.
_LOADING = """
document.querySelectorAll('.chart-container').length === 0
|| document.querySelectorAll('[data-test="loading-indicator"], .loading').length > 0
"""
_WRONG = """
[...document.querySelectorAll('[role="alert"], .ant-alert-error')].map(
  (one) => one.innerText)
"""


class _Page:
    """A tab; each call waits for its answer."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._calls = connection, 0

    def call(self, method: str, **params: Any) -> Any:
        self._calls += 1
        self._connection.send(
            json.dumps({"id": self._calls, "method": method, "params": params})
        )
        while True:
            told = json.loads(self._connection.recv(timeout=PATIENCE_SECONDS))
            if told.get("id") == self._calls:
                return told["result"]

    def value(self, expression: str) -> Any:
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return told["result"].get("value")


@contextmanager
def _page() -> Iterator[_Page]:
    import httpx

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [*CHROMIUM, f"--user-data-dir={profile}", "--remote-debugging-port=0"]
            + ["--hide-scrollbars", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            told = Path(profile) / "DevToolsActivePort"
            end = time.monotonic() + PATIENCE_SECONDS
            while not (told.exists() and told.read_text().strip()):
                if time.monotonic() > end or browser.poll() is not None:
                    raise RuntimeError("Chromium does not answer")
                time.sleep(0.1)
            port = told.read_text().split()[0]
            tabs = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
            address = next(tab for tab in tabs if tab["type"] == "page")
            with connect(address["webSocketDebuggerUrl"], max_size=None) as connection:
                yield _Page(connection)
        finally:
            browser.terminate()
            browser.wait(60)


def draw(superset: Superset, folder: Path, slugs: list[str]) -> dict[str, list[str]]:
    """Draw dashboards as `<slug>.png`; the alerts that each shows.

    Args:
        superset: where they are.
        folder: where the pictures go.
        slugs: which ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    alerts = {}
    with _page() as page:
        for name, value in superset.client.cookies.items():
            page.call("Network.setCookie", name=name, value=value, url=superset.address)
        for slug in slugs:
            # High enough that every chart stands in sight, and so is drawn.
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=1600,
                height=3000,
                deviceScaleFactor=1,
                mobile=False,
            )
            page.call(
                "Page.navigate",
                url=f"{superset.address}/superset/dashboard/{slug}/?standalone=1",
            )
            end = time.monotonic() + PATIENCE_SECONDS
            time.sleep(3)
            while page.value(_LOADING) and time.monotonic() < end:
                time.sleep(1)
            time.sleep(3)  # charts move into place
            alerts[slug] = page.value(_WRONG) or []
            height = page.value(
                "Math.ceil(Math.max(...[...document.querySelectorAll("
                "'[data-test=\"grid-content\"], .grid-content')].map("
                "(one) => one.getBoundingClientRect().bottom))) + 20"
            )
            picture = page.call(
                "Page.captureScreenshot",
                clip={
                    "x": 0,
                    "y": 0,
                    "width": 1600,
                    "height": height or 3000,
                    "scale": 1,
                },
            )
            (folder / f"{slug}.png").write_bytes(base64.b64decode(picture["data"]))
    return alerts
