"""What the page says of the kinds of accounts in an audience."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from tasks.report.audience import MOST_VALUES, read_kinds
from tasks.report.page import write_report
from tests.report.marts import write_marts


def cell(dimension: str, value: str, accounts: int, **more: Any) -> dict[str, Any]:
    """Accounts of one kind, of a hundred that engaged."""
    return {
        "brand_id": "aurora",
        "brand_name": "Aurora <Tea>",
        "audience": "engagers",
        "dimension": dimension,
        "value": value,
        "accounts": accounts,
        "audience_accounts": 100,
        "told_accounts": 80,
        "share_of_told": None if value == "unknown" else accounts / 80,
        **more,
    }


def test_the_largest_kinds_come_first_and_hours_in_their_order(tmp_path: Path) -> None:
    regions = [cell("region", f"省{n:02d}", 30 - n) for n in range(10)]
    path = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[{"campaign_id": "gift", "brand_id": "aurora"}],
        audience_breakdown=[
            *regions,
            cell("region", "unknown", 50),
            cell("region", "other", 40),
            cell("verification", "not verified", 100),
            cell("hour", "22", 30),
            cell("hour", "09", 40),
            cell("hour", "13", 20),
            cell("hour", "04", 10),
            cell("gender", "male", 60, campaign_id="gift", genuine_account_share=0.85),
            cell("gender", "female", 20, campaign_id="gift"),
        ],
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        (brand,) = read_kinds(connection, ["aurora"], None)
        (campaign,) = read_kinds(connection, [], "gift")
        assert read_kinds(connection, ["borealis"], None) == []
    # A dimension in which all are alike parts nobody.
    (table,) = brand["tables"]
    values = [row["value"] for row in table["rows"]]
    assert values == [f"省{n:02d}" for n in range(MOST_VALUES)] + ["other", "unknown"]
    assert brand["hours"] == "9 to 10 o’clock, 13 to 14 o’clock, 22 to 23 o’clock"
    assert [one["name"] for one in campaign["tables"]] == ["Gender"]
    write_report(path, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Aurora &lt;Tea&gt;" in page and "Aurora <Tea>" not in page
    assert "省00" in page and "not said" in page
    write_report(path, tmp_path / "page.html", "gift", language="zh")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "受众画像" in page and "85%" in page
