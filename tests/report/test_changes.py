"""What the page says of changes: the numbers that readers act on, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tasks.report.changes import MOST_CAMPAIGNS, read_changes
from tasks.report.page import write_report
from tests.report.marts import write_marts


def changed(campaign: str, metric: str, **more: Any) -> dict[str, Any]:
    """A row of the table."""
    return {
        "publication": "new",
        "publication_before": "old",
        "mart": "campaigns",
        "key": campaign,
        "campaign_id": campaign,
        "metric": metric,
        "why": "new days",
        **more,
    }


def told(path: Path, campaign_id: str | None = None) -> Any:
    """What the page is given."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return read_changes(connection, campaign_id)


def test_numbers_stand_in_the_order_of_the_page(tmp_path: Path) -> None:
    path = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[
            {"campaign_id": "small", "engagements": 5},
            {"campaign_id": "large", "campaign_name": "<b>春日", "engagements": 9},
        ],
        changes=[
            changed("small", "potential_reach", before=5, after=6, why="unknown"),
            changed(
                "large",
                "cost_per_estimated_genuine_engagement",
                unit="currency",
                currency="CNY",
                before=0.5,
                after=0.25,
                why="newer counters; unknown",
            ),
            changed(
                *("large", "estimated_genuine_engagements"),
                unit="interactions",
                before=1200,
                after=1250,
                after_low=1100,
                after_high=1300,
            ),
            changed("large", "phantom_share", unit="share", before=0.2, after=None),
            # As far as the page's digits go it stands.
            changed("large", "completeness", unit="share", before=0.30001, after=0.3),
            changed("other", "quality_score", mart="audience_quality", after=1),
        ],
    )
    found = told(path)
    assert [row["campaign_id"] for row in found["shown"]] == ["large", "small"]
    large, small = found["shown"]
    assert large["numbers"] == [
        "genuine of all, estimated 1,200 → 1,250 (1,100 to 1,300)",
        "likely phantoms 20.0% → –",
        "cost of a genuine one 0.50 CNY → 0.25 CNY",
    ]
    assert large["why"] == "new days, newer counters"
    assert (small["numbers"], small["why"]) == ([], "unknown")
    assert [row["campaign_id"] for row in told(path, "small")["shown"]] == ["small"]
    write_report(path, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;春日" in page
    assert "Since the publication before" in page
    assert page.index("Since the publication before") < page.rindex("side by side")


def test_many_campaigns_are_counted(tmp_path: Path) -> None:
    path = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[{"campaign_id": f"c{number:02d}"} for number in range(11)],
        changes=[changed(f"c{number:02d}", "engagements") for number in range(11)],
    )
    found = told(path)
    assert (len(found["shown"]), found["more"]) == (MOST_CAMPAIGNS, 3)


def test_marts_of_an_older_version_have_no_such_table(tmp_path: Path) -> None:
    path = write_marts(tmp_path / "marts.duckdb", campaigns=[{"campaign_id": "a"}])
    assert told(path) == {"shown": [], "more": -MOST_CAMPAIGNS}
    write_report(path, tmp_path / "page.html")
    assert "there is none to compare with" in (tmp_path / "page.html").read_text(
        "utf-8"
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("drop table changes")
    assert told(path) is None
    write_report(path, tmp_path / "page.html")
    assert "publication before" not in (tmp_path / "page.html").read_text("utf-8")
