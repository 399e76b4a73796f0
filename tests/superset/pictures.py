"""Pictures of dashboards, drawn by headless Chromium through its own protocol."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chromium import open_page
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


def draw(superset: Superset, folder: Path, slugs: list[str]) -> dict[str, list[str]]:
    """Draw dashboards as `<slug>.png`; the alerts that each shows.

    Args:
        superset: where they are.
        folder: where the pictures go.
        slugs: which ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    alerts = {}
    with open_page() as page:
        for name, value in superset.client.cookies.items():
            page.call("Network.setCookie", name=name, value=value, url=superset.address)
        for slug in slugs:
            # High enough that every chart stands in sight, and so is drawn.
            page.resize(1600, 3000)
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
            page.capture(folder / f"{slug}.png", 1600, height or 3000)
    return alerts
