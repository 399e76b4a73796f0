"""What the page says of audiences that overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tasks.report.overlaps import MOST_PAIRS, read_overlaps
from tasks.report.page import write_report
from tests.report.marts import write_marts


def pair(one: str, other: str, share: float, kind: str = "campaign") -> dict[str, Any]:
    """Two audiences of a hundred."""
    return {
        **{f"{side}_kind": kind for side in ("one", "other")},
        "one_id": one,
        "one_name": one,
        "other_id": other,
        "other_name": other,
        "one_accounts": 100,
        "other_accounts": 100,
        "shared_accounts": round(100 * share),
        "share_of_smaller": share,
        "jaccard": share / 2,
    }


def test_those_that_overlap_most_come_first(tmp_path: Path) -> None:
    path = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[{"campaign_id": "gift"}, {"campaign_id": "launch"}],
        audience_overlap=[
            pair("gift", "launch", 0.25),
            pair("gift:kol", "launch:kol", 0.5, "partner"),
            pair("gifts", "launched", 0.125),
            *(pair("a", f"b{number:02d}", 0.01, "brand") for number in range(10)),
        ],
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        every = read_overlaps(connection, None)
        own = read_overlaps(connection, "gift")
    assert [row["share_of_smaller"] for row in every["shown"]][:4] == [
        *(0.5, 0.25, 0.125, 0.01),
    ]
    assert (len(every["shown"]), every["more"]) == (MOST_PAIRS, 3)
    assert [row["one_id"] for row in own["shown"]] == ["gift:kol", "gift"]
    write_report(path, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "3 more pairs stand in the table" in page
    write_report(path, tmp_path / "page.html", "launch")
    assert page != (tmp_path / "page.html").read_text(encoding="utf-8")


def test_without_a_pair_the_page_says_why(tmp_path: Path) -> None:
    path = write_marts(tmp_path / "marts.duckdb", campaigns=[{"campaign_id": "a"}])
    write_report(path, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No two audiences share enough accounts to tell of it." in page
