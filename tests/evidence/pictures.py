"""Pages of Evidence looked at in Chromium: what is wrong, and a picture of each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tests.chromium import Page, open_page
from tests.workspaces import PATIENCE_SECONDS

WIDTH = 1300
_LOADING = """
document.readyState !== 'complete' || !document.querySelector('main, article')
|| document.querySelectorAll('.animate-pulse, [aria-busy="true"]').length > 0
"""
# What a chart says in place of itself, and what was fetched from elsewhere.
_WRONG = """
[...document.querySelectorAll('.error, [role="alert"]')].map((one) => one.innerText)
.concat(
  performance.getEntriesByType('resource').map((one) => one.name)
  .filter((one) => /^(http|ws)/.test(one) && new URL(one).host !== location.host)
)
"""
_HEIGHT = "Math.ceil(document.querySelector('main, article').scrollHeight) + 120"


def look_at(address: str, pages: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """Draw pages as `<name>.png`; what is wrong in each.

    Args:
        address: of their server.
        pages: their paths; the first one's is empty.
        folder: where the pictures go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wrong = {}
    with open_page() as tab:
        for path in pages:
            name = path or "index"
            wrong[name] = _look_at_one(tab, f"{address}/{path}", folder / f"{name}.png")
    return wrong


def _look_at_one(tab: Page, address: str, file: Path) -> list[str]:
    tab.resize(WIDTH, 2400)
    tab.call("Page.navigate", url=address)
    end = time.monotonic() + PATIENCE_SECONDS
    time.sleep(2)
    while tab.value(_LOADING) and time.monotonic() < end:
        time.sleep(0.5)
    time.sleep(3)  # charts are drawn with a movement
    height = min(int(tab.value(_HEIGHT) or 2400), 6000)
    tab.resize(WIDTH, height)
    time.sleep(1)
    tab.capture(file, WIDTH, height)
    return list(tab.value(_WRONG) or [])
