"""The report as a browser shows it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tasks.report.page import write_report
from tests.workspaces import PATIENCE_SECONDS

from .test_page import marts  # noqa: F401

CHROMIUM = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium(profile: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*CHROMIUM, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    return done.stdout


@pytest.mark.browser
@pytest.mark.parametrize("width", [1200, 400])
def test_chromium_draws_the_page(
    marts: Path,  # noqa: F811
    tmp_path: Path,
    width: int,
) -> None:
    """Headings and charts are there, and the picture is no blank page."""
    page = tmp_path / "report.html"
    write_report(marts, page)
    drawn = chromium(tmp_path / "profile", "--dump-dom", page.as_uri())
    assert "Campaigns side by side" in drawn
    assert "<svg" in drawn
    picture = tmp_path / "report.png"
    chromium(
        tmp_path / "profile",
        f"--window-size={width},1600",
        f"--screenshot={picture}",
        page.as_uri(),
    )
    # A blank page of this size packs into less than a tenth of that.
    assert picture.stat().st_size > 40_000
