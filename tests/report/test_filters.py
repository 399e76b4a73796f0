"""Contents, filters without a script, and the pace of a budget."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tasks.report.decisions import tell_pace
from tasks.report.page import write_report
from tests.report.marts import write_marts

START, END = date(2026, 3, 1), date(2026, 3, 10)
RUNNING = {
    "window_start": START,
    "window_end": END,
    "budget_amount": 1000.0,
    "budget_currency": "CNY",
    "platform_engagements": 900,
    "estimated_genuine_engagements": 500,
    "estimated_genuine_engagements_low": 400,
    "estimated_genuine_engagements_high": 600,
}


def page_of(path: Path, campaign_id: str | None = None) -> str:
    """The page as text."""
    write_report(path, path.with_suffix(".html"), campaign_id)
    return path.with_suffix(".html").read_text(encoding="utf-8")


def campaigns(number: int, brands: int) -> list[dict[str, Any]]:
    """So many, of brands in turn; the first is cheap, the others cost alike."""
    return [
        RUNNING
        | {
            "campaign_id": f"c{one:02d}",
            "brand_id": f"brand {one % brands}",
            "estimated_genuine_engagements_low": 900 if one == 0 else 400,
            "estimated_genuine_engagements": 950 if one == 0 else 500,
            "estimated_genuine_engagements_high": 1000 if one == 0 else 600,
        }
        for one in range(number)
    ]


def test_every_entry_of_the_contents_leads_somewhere(tmp_path: Path) -> None:
    path = write_marts(tmp_path / "marts.duckdb", campaigns=campaigns(5, 2))
    for campaign_id in (None, "c01"):
        page = page_of(path, campaign_id)
        nav = page[page.index("<nav") : page.index("</nav>")]
        targets = re.findall(r'href="#([^"]+)"', nav)
        assert len(targets) >= 5
        for target in targets:
            assert f'id="{target}"' in page, target


def test_a_choice_hides_all_others_without_a_script(tmp_path: Path) -> None:
    path = write_marts(tmp_path / "marts.duckdb", campaigns=campaigns(6, 2))
    page = page_of(path)
    assert "<script" not in page
    assert page.count('name="brand"') == 3
    assert page.count('name="verdict"') == 4
    for css in ("brand-1", "brand-2", "verdict-1", "verdict-3"):
        rule = (
            f"main:has(#choose-{css}:checked) .campaign:not(.{css}) {{ display: none }}"
        )
        assert rule in page
        assert f'id="choose-{css}"' in page
    # A row a table, and the article: of each campaign.
    assert page.count("campaign brand-1") == page.count("campaign brand-2") == 3 * 3
    assert page.count('verdict-1"') - page.count('id="choose-verdict-1"') == 3


def test_few_campaigns_and_many_brands_have_no_filter(tmp_path: Path) -> None:
    few = write_marts(tmp_path / "few.duckdb", campaigns=campaigns(3, 2))
    assert "<fieldset" not in page_of(few)
    many = write_marts(tmp_path / "many.duckdb", campaigns=campaigns(13, 13))
    assert 'name="brand"' not in page_of(many)
    alone = write_marts(tmp_path / "one.duckdb", campaigns=campaigns(6, 1))
    assert 'name="brand"' not in page_of(alone)


@pytest.mark.parametrize(
    ("last_day", "changed", "said"),
    [
        (
            date(2026, 3, 5),
            {},
            "5 of its 10 days are over: if the budget is spent evenly, 500.00 CNY of"
            " 1,000.00 CNY are spent, which is 1.00 CNY a genuine engagement (of all"
            " that the platform counts, estimated).",
        ),
        (
            date(2026, 3, 1),
            {"estimated_genuine_engagements": None},
            "1 of its 10 days are over: if the budget is spent evenly, 100.00 CNY of"
            " 1,000.00 CNY are spent.",
        ),
        (END, {}, ""),
        (date(2026, 2, 28), {}, ""),
        (None, {}, ""),
        (date(2026, 3, 5), {"budget_amount": None}, ""),
        (date(2026, 3, 5), {"window_end": None}, ""),
    ],
)
def test_pace_of_a_campaign_that_still_runs(
    last_day: date | None, changed: dict[str, Any], said: str
) -> None:
    assert tell_pace(RUNNING | changed, last_day) == said


def test_a_section_without_data_says_why(tmp_path: Path) -> None:
    path = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[{**RUNNING, "campaign_id": "a", "engagements": 3, "reposts": 2}],
    )
    page = page_of(path)
    for text in (
        "Paid partners: none is written down for it.",
        "Who carried it on: nobody was seen to be reposted on",
        "What people said: no comment was collected.",
        "No brand stands beside its competitors",
        "No two audiences share enough accounts to tell of it.",
    ):
        assert text in page
