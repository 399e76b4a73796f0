"""A tab of headless Chromium, spoken to through its own protocol."""

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
from tests.workspaces import PATIENCE_SECONDS


class Page:
    """A tab; each call waits for its answer."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._calls = connection, 0

    def call(self, method: str, **params: Any) -> Any:
        """What a method of the protocol answers."""
        self._calls += 1
        self._connection.send(
            json.dumps({"id": self._calls, "method": method, "params": params})
        )
        while True:
            told = json.loads(self._connection.recv(timeout=PATIENCE_SECONDS))
            if told.get("id") == self._calls:
                return told["result"]

    def value(self, expression: str) -> Any:
        """What an expression comes to in the tab."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return told["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        """Make the tab's window of a size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def capture(self, file: Path, width: int, height: int) -> None:
        """Write a picture of the tab's upper left part."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        told = self.call("Page.captureScreenshot", clip=clip)
        file.write_bytes(base64.b64decode(told["data"]))


@contextmanager
def open_page() -> Iterator[Page]:
    """A browser with one empty tab; it ends with the block."""
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
                yield Page(connection)
        finally:
            browser.terminate()
            browser.wait(60)
