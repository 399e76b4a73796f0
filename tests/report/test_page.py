"""The report page: readable, harmless, small, and the same for the same marts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.report.charts import DayCount, build_timeline, draw_timeline
from tasks.report.decisions import NOT_WORTH, UNTOLD, WORTH, judge_price
from tasks.report.figures import (
    format_day,
    format_minutes,
    format_money,
    format_percent,
)
from tasks.report.page import (
    MOST_LISTED,
    MOST_POSTS,
    MOST_SHOWN,
    write_report,
)
from tasks.report.words import GLOSSARY, lead
from tasks.warehouse.errors import ConfigurationError
from tasks.warehouse.models import load_models
from tests.report.marts import COLUMNS, write_marts

START, END = date(2026, 3, 1), date(2026, 3, 14)
# As the marts hold moments: UTC, without a zone.
READ = datetime.fromisoformat("2026-03-15 02:00:00")
HOSTILE = "<script>alert(1)</script>\"'&"


def make_campaign(key: str, engagements: int = 100, **more: Any) -> dict[str, Any]:
    """An invented campaign, a fifth of which is likely phantoms."""
    genuine = engagements * 8 // 10
    sure = engagements * 7 // 10
    return {
        "campaign_id": key,
        "campaign_name": key,
        "brand_id": "aurora",
        "window_start": START,
        "window_end": END,
        "days_covered": 10,
        "posts": 2,
        "reposts": engagements // 2,
        "comments": engagements - engagements // 2,
        "likes": 0,
        "engagements": engagements,
        "platform_reposts": engagements,
        "platform_comments": engagements,
        "platform_likes": 8 * engagements,
        "platform_engagements": 10 * engagements,
        "platform_counted_posts": 2,
        "platform_counted_since": READ,
        "platform_counted_at": READ,
        "platform_collected": engagements,
        "completeness": 0.1,
        "genuine_reposts": genuine // 2,
        "genuine_comments": genuine - genuine // 2,
        "genuine_likes": 0,
        "genuine_engagements": genuine,
        "genuine_engagements_low": sure,
        "genuine_engagements_high": engagements * 9 // 10,
        "engaged_accounts": engagements,
        "genuine_engaged_accounts": genuine,
        "suspected_engagements": genuine - sure,
        "suspected_engaged_accounts": genuine - sure,
        "genuine_engaged_accounts_low": sure,
        "genuine_engaged_accounts_high": engagements,
        "engaged_people": engagements - 1,
        "genuine_engaged_people": genuine - 1,
        "exposure": 54321,
        "genuine_exposure": 43210,
        "potential_reach": 32100,
        "genuine_potential_reach": 21000,
        "phantom_share": 0.2,
        "engagement_rate": 0.0123,
        "genuine_engagement_rate": 0.0098,
    } | more


def make_days(key: str, *counts: int) -> Iterator[dict[str, Any]]:
    """One row a day from the campaign's first day; none where nothing happened."""
    for number, count in enumerate(counts):
        if count:
            yield {
                "campaign_id": key,
                "platform": "weibo",
                "activity_day": START + timedelta(days=number),
                "engagements": count,
                "genuine_engagements": count // 2,
            }


def make_post(key: str, number: int) -> dict[str, Any]:
    """A post; the first ones drew most."""
    return {
        "campaign_id": key,
        "platform": "weibo",
        "post_key": f"{number:02d}" + "ab" * 15,
        "post_day": START,
        "lifetime_engagements": 500 - number,
        "genuine_lifetime_engagements": 400 - number,
        "engagements_24h": 300 - number,
    }


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    """Two campaigns, one of them hostile, with everything a page shows."""
    return write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[
            make_campaign(
                "spring",
                3000,
                campaign_name="春日新茶",
                budget_amount=50000.0,
                budget_currency="CNY",
                cost_per_engagement=50000 / 3000,
                cost_per_platform_engagement=50000 / 30000,
                platform_engagement_rate=0.098,
                cost_per_genuine_engagement=50000 / 2400,
                sentiment_net=0.11,
                sentiment_net_low=-0.1,
                sentiment_net_high=0.32,
            ),
            make_campaign("evil", 40, campaign_name=HOSTILE, brand_id=HOSTILE),
        ],
        campaign_daily=[
            *make_days("spring", 0, 900, 600, 0, 0, 70),
            *make_days("evil", 5),
        ],
        campaign_posts=[make_post("spring", number) for number in range(7)],
        cascades=[
            {
                "campaign_id": "spring",
                "platform": "weibo",
                "post_key": make_post("spring", 1)["post_key"],
                "size": 77,
                "depth": 4,
                "structural_virality": 2.84,
                "half_life_minutes": 187.0,
            }
        ],
        accounts=[{"platform": "weibo", "model_version": "rules-1"}],
        verdict_breakdown=[
            {
                "campaign_id": campaign,
                "dimension": dimension,
                "value": value,
                "accounts": accounts,
                "people": people,
            }
            for campaign, dimension, value, accounts, people in (
                (None, "phantom_level", "genuine", 2, 2),
                (None, "phantom_level", "suspected", 1, 1),
                (None, "phantom_level", "phantom", 1, 1),
                (None, "reason_class", "few_followers", 2, 2),
                (None, "reason_class", "new", None, None),
                (None, "confirmed_level", "phantom", None, None),
                (None, "operator", "several", 4, 2),
                ("spring", "phantom_level", "genuine", 1, 1),
                ("spring", "phantom_level", "suspected", 1, 1),
                ("spring", "reason_class", "few_followers", 1, 1),
                ("evil", "phantom_level", "phantom", 1, 1),
            )
        ],
        phantom_shares=[
            {
                "platform": "weibo",
                "likely_phantoms": 1,
                "phantom_share_if_as_labelled": 0.03,
                "phantom_share_if_as_labelled_low": 0.0,
                "phantom_share_if_as_labelled_high": 0.08,
                "likely_phantom_precision": 0.55,
                "likely_phantom_precision_low": 0.0,
                "likely_phantom_precision_high": 0.81,
                "likely_phantom_precision_at_a_tenth": 0.79,
                "likely_phantom_precision_at_a_tenth_low": 0.62,
                "likely_phantom_precision_at_a_tenth_high": 0.94,
            }
        ],
        reason_classes=[
            {"reason_class": "few_followers", "words": "has hardly any followers"},
            {"reason_class": "new", "words": "was registered shortly before"},
            {"reason_class": "sales", "words": "writes like sellers"},
        ],
        campaign_groups=[
            {
                "campaign_id": "evil",
                "group_key": "a",
                "kind": "coordinated",
                "accounts": 5,
                "phantom_accounts": 2,
                "campaign_share": 0.081,
            }
        ],
        data_coverage=[
            {
                "source": "export",
                "platform": "weibo",
                "activity_day": day,
                "collected": 60,
                "platform_engagements": 100,
                "platform_collected": 60,
                "quarantined": quarantined,
                "is_covered": day is not None,
                "is_final": False,
                "is_gap": False,
                "data_up_to_day": date(2026, 6, 1),
                "last_record_day": date(2026, 6, 1),
            }
            for day, quarantined in ((START, 1), (date(2026, 6, 1), 20), (None, 300))
        ]
        + [
            {
                "source": "another network",
                "platform": "x",
                "activity_day": START,
                "collected": 7,
                "is_covered": True,
                "data_up_to_day": START,
                "last_record_day": START,
                "late_since_day": date(2026, 3, 8),
            }
        ],
        source_coverage=[
            {
                "source": "export",
                "platform": "weibo",
                "lacks": "likes one by one; reads",
            }
        ],
        metric_definitions=[
            {
                "mart": "campaigns",
                "column_name": "genuine_engagements",
                "role": "measure",
                "time_axis": "activity day",
                "formula": "engagements of accounts whose level is not phantom",
                "unit": "interactions",
            }
        ],
        feedback_daily=[
            {
                "campaign_id": "spring",
                "activity_day": START + timedelta(days=day),
                "comments": 50,
                "positive": 20,
                "neutral": 10,
                "negative": 15,
                "genuine_comments": 40,
                "genuine_positive": 15,
                "genuine_neutral": 10,
                "genuine_negative": 11,
                "is_negative_rise": day == 1,
                "is_praise_burst": day == 0,
            }
            for day in range(2)
        ],
        feedback_authenticity=[
            {
                "campaign_id": "spring",
                "sentiment": sentiment,
                "suspected_comments": 3,
                "phantom_comments": 21,
                "phantom_share": 0.7,
                "phantom_share_low": 0.52,
                "phantom_share_high": 0.83,
                "is_suspected": sentiment == "negative",
            }
            for sentiment in ("negative", "positive")
        ],
        feedback_topics_daily=[
            {
                "campaign_id": "spring",
                "activity_day": START + timedelta(days=1),
                "topic": topic,
                "terms_text": words,
                "negative": negative,
                "is_blamed_more": negative > 5,
            }
            for topic, words, negative in (
                (1, "包装, 漏, 盒子, 破", 4),
                (2, HOSTILE, 9),
                (3, "口感", 0),
            )
        ],
        feedback_topics=[
            {
                "campaign_id": campaign,
                "topic": str(number),
                "terms": terms,
                "comments": 30 - number,
                "genuine_comments": 20,
                "sentiment_net": -0.25,
                "trend": "rising",
            }
            for number, (campaign, terms) in enumerate(
                (("spring", ["包装", "漏"]), ("evil", [HOSTILE]))
            )
        ],
        amplifiers=[
            {
                "campaign_id": "spring",
                "platform": "weibo",
                "influence_level": "key_opinion_leader",
                "amplifiers": 6,
                "direct_reposts": 41,
                "downstream_reposts_per_amplifier": 9.5,
                "genuine_downstream_reposts_per_amplifier": 8.25,
                "exposure": 5000,
            }
        ],
        account_groups=[
            {
                "group_key": "a",
                "kind": "coordinated",
                "size": 12,
                "phantom_accounts": 9,
                "evidence": "12 accounts reposted 7 posts within seconds",
                "largest_campaign_share": 0.081,
            }
        ],
        brand_actions=[
            {
                "brand_id": "aurora",
                "action_id": "sale",
                "kind": "promotion",
                "origin": "written down",
                "note": HOSTILE,
                "first_day": START,
                "effect_until": START,
                "finding": "No change of genuine engagements beyond chance.",
            },
            {
                "brand_id": "aurora",
                "action_id": "post:weibo:1",
                "kind": "post",
                "origin": "data",
                "finding": "Not separable from 9 other actions of these days.",
            },
        ],
        contacts=[
            {
                "brand_id": "aurora",
                "platform": "weibo",
                "why_not": why,
                "is_contactable": not why,
                "accounts": accounts,
            }
            for why, accounts in (
                ("", 2),
                ("likely phantom", 6),
                ("likely phantom; asked not to be", 5),
                (None, 7),
            )
        ],
        partner_results=[
            {
                "campaign_id": campaign,
                "partner_id": f"kol-{number}",
                "partner_name": name,
                "posts": 2,
                "fee_amount": fee,
                "fee_currency": "CNY",
                "promised_engagements": promised,
                "lifetime_engagements": 400,
                "platform_engagements": 900,
                "genuine_lifetime_engagements": 250,
                "genuine_lifetime_engagements_low": 200,
                "genuine_lifetime_engagements_high": 280,
                "genuine_rank": number,
                "genuine_rank_best": 1,
                "genuine_rank_worst": number,
                "ranked_partners": 2,
                "phantom_share": 0.4,
                "unpaid_phantom_share": 0.15,
                "phantom_excess": 0.25,
                "cost_per_estimated_genuine_engagement": 12.5,
                "platform_promise_met": "no" if promised else None,
                "promise_met": "no" if promised else None,
                "claim_grounds": grounds,
            }
            for campaign, number, name, fee, promised, grounds in (
                ("spring", 1, "茶姐", 9000.0, 1000, "shortfall, phantoms"),
                ("spring", 2, "小鹿", 500.0, None, None),
                ("evil", 3, HOSTILE, None, None, ""),
            )
        ],
        findings=[
            {
                "finding_id": "promise_missed:spring:kol-1",
                "finding_kind": "promise_missed",
                "campaign_id": "spring",
                "partner_id": "kol-1",
                "activity_day": END,
                "message": "It promised 1,000 engagements; the platform counts 900.",
                "advice": "Compare partner_results before paying.",
            },
            {
                "finding_id": "source_late:export",
                "finding_kind": "source_late",
                "source": HOSTILE,
                "activity_day": START,
                "message": "It gave nothing for nine days.",
                "advice": "Look whether the export still runs.",
            },
        ],
        share_of_voice=[
            {
                "brand_id": brand,
                "brand_name": name,
                "market": "aurora",
                "activity_day": START + timedelta(days=day),
                "mentions": mentions,
                "market_mentions": 40,
                "genuine_mentions": genuine,
                "genuine_market_mentions": None if genuine is None else 20,
                "engagements": 10 * mentions,
                "market_engagements": 400,
            }
            for day in range(2)
            for brand, name, mentions, genuine in (
                ("aurora", "Aurora Tea", 30, 16),
                ("borealis", "Borealis Tea", 10, 4),
            )
        ],
        competitors=[
            {
                "brand_id": "aurora",
                "market": "aurora",
                "activity_day": START + timedelta(days=day),
                "brand_posts": 2,
                "brand_followers": 900 + 100 * day,
                "engagements": 300,
            }
            for day in range(2)
        ],
        audience_quality=[
            {
                "brand_id": "aurora",
                "audience": "engagers",
                "day": START + timedelta(days=day),
                "accounts": accounts,
                "quality_score": score,
                "phantom_share": 0.12,
                "phantom_share_low": 0.08,
                "phantom_share_high": 0.31,
            }
            for day, accounts, score in ((0, 50, 61), (1, 45, 77), (2, 9, 12))
        ],
        contact_results=[
            {
                "brand_id": "aurora",
                "accounts": 20,
                "contactable_accounts": 2,
                "judged_people": 40,
                "answer_rate": 0.25,
                "upper_half_answer_rate": 0.4,
                "lower_half_answer_rate": 0.1,
            }
        ],
    )


class Outline(HTMLParser):
    """What a browser would see: tags with attributes, and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))
        self.text += " "

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if self.tags and self.tags[-1][0] != "style":
            self.text += data


def read(path: Path) -> Outline:
    outline = Outline()
    outline.feed(path.read_text(encoding="utf-8"))
    outline.text = " ".join(outline.text.split())
    return outline


def report(marts: Path, campaign_id: str | None = None) -> Outline:
    target = marts.parent / "report" / "index.html"
    write_report(marts, target, campaign_id)
    return read(target)


def test_invented_columns_are_those_of_the_models() -> None:
    folder = Path(__file__).parents[2] / "sql"
    for table, types in COLUMNS.items():
        layer = "publication" if table == "changes" else "marts"
        header = (folder / layer / f"{table}.sql").read_text(encoding="utf-8")
        documented = set(
            re.findall(r"^--   (\w+)(?: \[[^\]]+\])?: ", header, re.MULTILINE)
        )
        assert set(" ".join(types.values()).split()) <= documented, table


def test_raw_and_genuine_stand_side_by_side(marts: Path) -> None:
    page = report(marts)
    for text in (
        "春日新茶",
        "The platform counts 30,000 engagements on its posts: 3,000 reposts, 3,000"
        " comments and 24,000 likes, read on 15 Mar 2026 at 02:00 UTC.",
        "3,000 of them (10.0%) were seen one by one.",
        "80.0% of the collected ones (2,400) are genuine by the scores of their"
        " accounts, 300 of these from suspected accounts; with what the scores may"
        " miss, between 70.0% and 90.0%.",
        "Engagements 30,000 3,000 2,400 2,100 to 2,700",
        "likes 24,000 0 0",
        "Engaged people 2,999 2,399",
        "Exposure 54,321 43,210",
        "Potential reach 32,100 21,000",
        "Cost per engagement 1.67 CNY 16.67 CNY 20.83 CNY",
        "Engagement rate 9.8% 1.2% 0.98%",
        "10 of 14 days covered",
        "Data up to 1 Jun 2026. “another network” is late: its newest record is of"
        " 1 Mar 2026, the next was due by 8 Mar 2026.",
        "“export” does not tell likes one by one and reads: a dash stands where",
        "export weibo 1 Jun 2026 1 Mar 2026 to 1 Jun 2026 2 0 0 180 60.0% 321 likes",
        "genuine 2,400 (80.0%), of which suspected 300 (10.0%)"
        " likely phantom 600 (20.0%)",
        "the mark “likely phantom” is right for about 79.0% (62.0% to 94.0%) of those"
        " who carry it if a tenth of all accounts deserve it. If those who deserve it"
        " hide like the labelled ones, 3.0% (0% to 8.0%) of the accounts with",
        "The account … Accounts Share has hardly any followers 2 100%",
        "activity day",
        "lifetime",
        "levels deep",
        "3.1 hours",
        "genuine engagements campaigns engagements of accounts whose level is not",
    ):
        assert text in page.text, text
    assert "fake" not in page.text.lower()


def test_readme_and_page_say_the_same_words(marts: Path) -> None:
    """One module has them; the numbers that they name are columns of `campaigns`."""
    text = report(marts).text
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    readme = " ".join(readme.split())
    columns = {
        column.name: column.comment
        for column in load_models("marts")["marts.campaigns"].columns
    }
    for term in GLOSSARY:
        assert f"- **{term.name}**: {term.meaning}" in readme, term.name
        assert f"{term.name} {term.meaning[0].upper()}{term.meaning[1:]}" in text
        assert set(term.columns) <= set(columns)
    meanings = {name: term.meaning for term in GLOSSARY for name in term.columns}
    for name, words in (
        ("platform_reposts", "platform"),
        ("genuine_engagements", "without those of likely phantoms"),
        ("suspected_engagements", "uspected"),
        ("engaged_people", "those of one operator"),
        ("exposure", "followers of"),
        ("engagement_rate", "engagements / "),
    ):
        assert words in meanings[name], name
        formula = (
            columns[columns[name].removeprefix("the same as ")]
            if (columns[name].startswith("the same as "))
            else columns[name]
        )
        assert words in formula, name


def make_lead(**more: Any) -> str:
    return " ".join(lead(make_campaign("spring", 100) | more, ["weibo"]))


@pytest.mark.parametrize(
    ("more", "told", "untold"),
    [
        (
            {"platform_engagements": None, "completeness": None},
            "What the platform counts was not collected: all numbers here are of what"
            " was seen one by one. 100 engagements were collected.",
            "of them",
        ),
        (
            {"platform_likes": None, "platform_engagements": 200},
            "counts 200 engagements on its posts: 100 reposts and 100 comments, read",
            "likes",
        ),
        (
            {"platform_counted_posts": 1},
            "on 1 of its 2 posts (of the others no counter was read)",
            "on its posts",
        ),
        (
            {"platform_counted_since": None, "platform_counted_at": None},
            ", at a moment that the source does not tell.",
            "read on",
        ),
        (
            {"platform_collected": 90},
            "90 of them (9.0%) were seen one by one; collected between its first and"
            " last day: 100.",
            "100 of them",
        ),
        (
            {"platform_collected": 1001, "platform_engagements": 1000},
            "1,001 were seen one by one: some of them were deleted or hidden since",
            "%) were",
        ),
        (
            {"genuine_engagements": None, "genuine_engagements_low": None},
            "Hardly anything is known of the accounts behind them, so nothing is said"
            " about how many are genuine.",
            "%) are genuine",
        ),
        (
            {"genuine_engagements": None, "genuine_engagements_low": 20},
            "Hardly anything is known of the accounts behind them: between 20.0% and"
            " 90.0% of the collected ones are genuine, and no single number can be"
            " told.",
            "80.0%",
        ),
        (
            {"known_engagements": 40},
            "Only of the accounts behind 40 of the collected ones more than a name is"
            " known: between 70.0% and 90.0% of the collected ones",
            "80.0%",
        ),
        (
            {
                "genuine_comments": None,
                "genuine_engagements_low": None,
                "unnamed_engagements": 50,
            },
            "Who gave 50 of the collected ones is not told, so nothing is said about",
            "80.0%",
        ),
        (
            {
                "estimated_genuine_engagements": 780,
                "estimated_genuine_engagements_low": 650,
                "estimated_genuine_engagements_high": 900,
            },
            "Of all that the platform counts about 780 are genuine, what the scores are"
            " likely to miss taken off (650 to 900).",
            "not known",
        ),
        (
            {
                "estimated_genuine_engagements_low": 50,
                "estimated_genuine_engagements_high": 900,
            },
            "Of all that the platform counts, between 50 and 900 are genuine.",
            "about",
        ),
        (
            {
                "estimated_genuine_engagements_low": 0,
                "estimated_genuine_engagements_high": 1000,
            },
            "80.0% of the collected ones",
            "Of all",
        ),
        (
            {"posts": 1, "platform_counted_posts": 1, "platform_engagements": 1},
            "counts 1 engagement on its post:",
            "its posts",
        ),
        (
            {"engagements": 0, "platform_engagements": None, "posts_found": 0},
            "No post of it was found in any source",
            "engagements",
        ),
    ],
)
def test_a_campaign_is_led_by_true_sentences(
    more: dict[str, Any], told: str, untold: str
) -> None:
    text = make_lead(**more)
    assert told in text
    assert untold not in text


def test_what_is_known_of_a_part_only_is_told(tmp_path: Path) -> None:
    """Accounts known by a name alone, posts without a counter, a value that is none."""
    told = {
        "posts": 18,
        "platform_counted_posts": 16,
        "known_engaged_accounts": 60,
        "budget_amount": 5000.0,
        "budget_currency": "CNY",
        "cost_per_platform_engagement": 5.0,
        "cost_per_estimated_genuine_engagement": 9.0,
        "earned_media_value_low": 59755.6,
        "earned_media_value_high": 581943.2,
        "platform_earned_media_value_low": 723.9,
        "platform_earned_media_value_high": 979.4,
        "earned_media_currency": "CNY",
        "cpm_source": "a rate card",
        "clicks": 50,
        "orders": 5,
        "priced_orders": 4,
        "revenue": 250.5,
        "revenue_currency": "CNY",
        "cost_per_order": 1000.0,
    }
    cells = [
        {"dimension": dimension, "value": level, "accounts": accounts}
        for dimension, level, accounts in (
            ("phantom_level", "genuine", 2),
            ("unknown_level", "genuine", 1),
            ("phantom_level", "phantom", 1),
        )
    ]
    marts = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[make_campaign("part", **told), make_campaign("whole")],
        campaign_posts=[make_post("part", 1), make_post("whole", 2)],
        verdict_breakdown=cells,
        partner_results=[
            {
                "campaign_id": "part",
                "partner_id": "one",
                "partner_name": "One",
                "posts": 1,
                "missing_posts": 0,
                "ranked_partners": 0,
                "fee_amount": 300.0,
                "fee_currency": "CNY",
                "clicks": 10,
                "orders": 2,
                "priced_orders": 2,
                "revenue": 100,
                "revenue_currency": "CNY",
                "cost_per_order": 150.0,
                "cost_per_estimated_genuine_engagement": 4.0,
                "return_on_spend": 0.3333,
            }
        ],
        campaign_history=[
            {
                "campaign_id": "part",
                "metric": metric,
                "compared_with": beside,
                "currency": "CNY",
                "metric_value": value,
                "earlier_campaigns": 6,
                "earlier_median": 8.0,
                "earlier_low": 7.5,
                "earlier_high": 9.0,
                "percentile": None if beside == "similar_audience" else rank,
            }
            for metric, value, rank in (
                ("cost_per_estimated_genuine_engagement", 9.0, 0.25),
                ("phantom_share", 0.2, None),
            )
            for beside in ("earlier", "similar_audience")
        ],
        campaign_cohorts=[
            {
                "brand_id": "aurora",
                "first_campaign_id": "part",
                "first_campaign_name": "<i>first</i>",
                "campaign_id": "whole",
                "campaign_name": "later",
                "campaigns_after": 1,
                "cohort_accounts": 400,
                "returned_accounts": 100,
                "return_share": 0.25,
            }
        ],
        campaign_links=[
            {
                "campaign_id": "part",
                "link_id": name,
                "channel": channel,
                "partner_id": partner,
                "clicks": 0,
                "orders": 3,
                "priced_orders": 3,
                "revenue": 150.5,
                "revenue_currency": "CNY",
            }
            for name, channel, partner in (
                ("<b>x</b>", "poster", None),
                ("kol-link", None, "one"),
            )
        ],
    )
    text = report(marts).text
    assert (
        "All of its links 50 5 250.50 CNY of 4 of them 5,000.00 CNY 1,000.00 CNY"
        in text
    )
    assert "One 10 2 100.00 CNY 300.00 CNY 150.00 CNY 4.00 CNY 0.33" in text
    assert "<b>x</b> poster 0 3 150.50 CNY – – – –" in text
    assert "kol-link" not in text, "a partner's link is in the partner's row"
    beside = (
        "Cost per genuine engagement 9.00 CNY 8.00 CNY 7.50 CNY to 9.00 CNY 25.0% –"
    )
    assert beside in text
    assert "Compared with 6 campaigns" in text
    assert "Beside earlier campaigns: 0 of the brand’s were over" in text
    assert "<i>first</i> later 400 100 25.0% –" in text
    assert "Sales: no click or order by a tracked link is told." in text
    assert "Cost per engagement 5.00 CNY at most" in text
    assert "9.00 CNY at most" in text
    assert "the budget is that of 18 posts, the counters are those of 16" in text
    assert "Earned media value 724 to 979 CNY 59,756 to 581,943 CNY –" in text
    assert "it is no money" in text
    assert (
        "of which suspected 10 (10.0%) and known by a name only, so that nothing can be"
        " told, 40 (40.0%)"
    ) in text
    assert "genuine 2 (66.7%), of which suspected 0 (0%) and known by a name" in text
    assert "20.0% of its 100 engaged accounts, of 60 of which more than a name" in text
    assert text.count("at most") == 5, "nothing of the campaign that is counted whole"
    alone = report(marts, "part").text
    assert "(at most: its counters tell of 16 of 18 posts)" in alone


def test_boards_of_hot_searches_tell_of_the_days_of_the_campaign(
    tmp_path: Path,
) -> None:
    """Only topics with its words, on its days; where no board was read, nothing."""

    def reading(
        topic: str, day: int, hour: int, place: int, *campaigns: str
    ) -> dict[str, Any]:
        return {
            "platform": "weibo",
            "board": "main <b>",
            "topic_name": topic,
            "activity_day": START + timedelta(days=day),
            "read_hour": hour,
            "best_place": place,
            "highest_heat": 1000 * (50 - place),
            "campaign_ids": list(campaigns),
        }

    before = {"window_start": START - timedelta(days=90)}
    before |= {"window_end": START - timedelta(days=80)}
    marts = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[
            make_campaign("named", 300),
            make_campaign("other", 200),
            make_campaign("before", 100) | before,
        ],
        hot_topics=[
            reading("春茶", -1, 8, 1, "named"),
            reading("春茶", 1, 8, 7, "named", "before"),
            reading("春茶", 1, 9, 3, "named"),
            reading("春茶", 2, 0, 3, "named"),
            reading("weather", 2, 1, 2),
        ],
    )
    text = report(marts, "named").text
    first, last = (format_day(START + timedelta(days=day)) for day in (1, 2))
    row = f"春茶 main <b> weibo 3 {first} 09:00 47,000 3 {first} – {last}"
    assert row in text
    assert "weather" not in text
    assert "Boards were read in 4 hours on 2 of its days" in text
    other = report(marts, "other").text
    assert "None of its hashtags and keywords stood there. Boards were read" in other
    assert "hot searches" not in report(marts, "before").text


def test_the_genuine_part_of_a_day_may_be_unknown(tmp_path: Path) -> None:
    """Of the days whose accounts are known it is drawn; the others are no zeros."""
    days = list(make_days("spring", 10, 20))
    days[1]["genuine_engagements"] = None
    text = report(
        write_marts(
            tmp_path / "marts.duckdb",
            campaigns=[make_campaign("spring")],
            campaign_daily=days,
        )
    ).text
    assert "Where no genuine part is drawn, hardly anything is known" in text


def test_feedback_and_what_to_do_next(marts: Path) -> None:
    text = report(marts).text
    for words in (
        "More negative comments than the days before explain on 2 Mar 2026",
        "positive 40 30 3 21 70.0%, 52.0% to 83.0%",
        "neutral 20 20 – –",
        "negative 30 22 3 21 70.0%, 52.0% to 83.0%",
        "The blame is itself suspected: 70.0% of the negative comments (52.0% to 83.0%)"
        " are by likely phantoms, more than of the others.",
        "Bursts of praise, much of it by likely phantoms: 1 Mar 2026.",
        f"beyond what the days before explain: {HOSTILE} on 2 Mar 2026.",
        # The day on which it was said, what most complained about first.
        f"more negative ones {HOSTILE} (9); 包装, 漏, 盒子 (4)",
        "The balance of those collected lies between −0.10 and +0.32",
        "包装, 漏 30 20 −0.25 rising",
        "key opinion leader 6 41 9.5 8.2 5,000",
        "suspected: one order 12 9 8.1% 12 accounts reposted 7 posts within seconds",
        "No change of genuine engagements beyond chance.",
        "2 of 20 accounts that engaged",
        "likely phantom (11), asked not to be (5)",
        "confirmed by a person, too few to say how many. 4 accounts belong to 2",
        "Of 40 people whose answer is known, 25.0% answered: 40.0% of the half",
    ):
        assert words in text, words
    # Posts that can't be told apart say nothing to a manager.
    assert "9 other actions" not in text


def test_decisions_stand_on_the_first_screen(marts: Path) -> None:
    """The verdict, what deserves a look, partners and competitors."""
    text = report(marts).text
    assert "Was it worth it?" in text
    assert text.index("Was it worth it?") < text.rindex("Campaigns side by side")
    assert "How many genuine engagements it drew is not known." in text
    assert "What it cost is not written down in workspace.toml." in text
    look = text[text.index("What deserves a look") : text.index("How to read the")]
    assert "14 Mar 2026, 春日新茶: 茶姐: It promised 1,000 engagements" in look
    assert "It gave nothing for nine days." in look
    paid = text[text.index("Paid partners") : text.index("The posts that carried it")]
    assert "茶姐 2 posts; place 1 of 2 by genuine share" in paid
    assert "1,000: counted no, genuine no" in paid
    assert "fewer than promised; 25 points more likely phantoms" in paid
    assert "none is written down can’t tell" in paid
    beside = text[
        text.rindex("Beside its competitors") : text.rindex("What to do next")
    ]
    assert "Aurora Tea 1,000 4 60 75.0% 80.0% 600 – 600.00 75.0% –" in beside
    assert "Borealis Tea – – 20 25.0% 20.0% 200 – – 25.0% –" in beside
    assert (
        "engagers: 77 of 100; 12.0% likely phantoms (8.0% to 31.0%) among 45 accounts"
        " seen, on 2 Mar 2026"
    ) in beside
    alone = report(marts, "spring").text
    assert "Can’t tell. How many genuine engagements" in alone
    assert "It gave nothing for nine days." not in alone


CHEAP = {
    "campaign_id": "a",
    "brand_id": "b",
    "budget_amount": 1000.0,
    "budget_currency": "CNY",
    "platform_engagements": 900,
    "estimated_genuine_engagements": 500,
    "estimated_genuine_engagements_low": 400,
    "estimated_genuine_engagements_high": 600,
}


@pytest.mark.parametrize(
    ("changed", "others", "outcome", "said"),
    [
        ({}, [{"estimated_genuine_engagements": 250}], WORTH, "less than its brand’s"),
        (
            {},
            [{"estimated_genuine_engagements": 900}],
            NOT_WORTH,
            "all of it more than",
        ),
        ({}, [{"estimated_genuine_engagements": 480}], UNTOLD, "spans its brand’s"),
        # The median of 4, 4 and 1 (an outlier does not decide).
        (
            {},
            [{"estimated_genuine_engagements": count} for count in (250, 250, 1000)],
            WORTH,
            "the median of its brand’s 3 other campaigns: 4.00 CNY, as estimated",
        ),
        # What is not alike is not compared.
        ({}, [{"budget_currency": "USD"}], UNTOLD, "no other campaign"),
        ({}, [{"brand_id": "c"}], UNTOLD, "no other campaign"),
        ({}, [{"platform_engagements": None}], UNTOLD, "no other campaign"),
        ({"budget_amount": None}, [{}], UNTOLD, "not written down"),
        (
            {"estimated_genuine_engagements_high": None},
            [{}],
            UNTOLD,
            "is not known",
        ),
        # Perhaps none is genuine: the dear end is open.
        (
            {"estimated_genuine_engagements_low": 0},
            [{"estimated_genuine_engagements": 1}],
            UNTOLD,
            "cost 1.67 CNY or more",
        ),
        # The platform counts nothing: of what was collected.
        (
            {
                "platform_engagements": None,
                "genuine_engagements": 100,
                "genuine_engagements_low": 90,
                "genuine_engagements_high": 110,
            },
            [],
            UNTOLD,
            "(of the collected ones) cost 9.09 CNY to 11.11 CNY",
        ),
    ],
)
def test_a_price_is_judged_by_its_interval(
    changed: dict[str, Any], others: list[dict[str, Any]], outcome: str, said: str
) -> None:
    """Worth it, or not, only where the whole interval lies on one side."""
    campaign = CHEAP | changed
    beside = [
        CHEAP | {"campaign_id": str(number)} | other
        for number, other in enumerate(others)
    ]
    verdict = judge_price(campaign, [campaign, *beside])
    assert verdict.outcome == outcome, verdict.why
    assert said in verdict.why


def test_levels_read_likely_phantom_everywhere(marts: Path) -> None:
    text = report(marts).text.rsplit("What the numbers mean", 1)[0]
    assert re.findall(r"(\w+) phantoms?", text)
    assert set(re.findall(r"(\w+) phantoms?", text)) <= {"likely", "Likely", "certain"}


def test_the_posts_that_drew_most_come_first(marts: Path) -> None:
    page = report(marts, "spring")
    keys = [make_post("spring", number)["post_key"][:8] for number in range(7)]
    places = [page.text.find(key) for key in keys]
    assert places[:MOST_POSTS] == sorted(places[:MOST_POSTS])
    assert min(places[:MOST_POSTS]) > 0
    assert set(places[MOST_POSTS:]) == {-1}


def test_posts_stand_with_their_words_and_address(tmp_path: Path) -> None:
    """Where the network shows a post, if its id is told; its words are no markup."""
    marts = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[make_campaign("spring")],
        campaign_posts=[
            make_post("spring", number) | more
            for number, more in enumerate(
                (
                    {"post_id": "501", "post_class": "paid", "post_text": HOSTILE}
                    | {"media_kind": "picture", "media_count": 3},
                    {"post_id": "1/../../?x=1#", "post_class": "owned"}
                    | {"media_kind": "video", "media_count": 0},
                    {"post_class": "earned", "media_kind": "none", "media_count": 0},
                    {"post_id": "9", "platform": "renren", "media_count": 1},
                )
            )
        ],
    )
    page = report(marts)
    addresses = [
        attrs["href"] or "" for tag, attrs in page.tags if tag == "a" and "rel" in attrs
    ]
    assert len(addresses) == 2
    assert addresses[0].endswith("/501")
    assert addresses[1].endswith("1%2F..%2F..%2F%3Fx%3D1%23")
    assert f"{HOSTILE} with 3 pictures" in page.text
    assert re.findall(r"with (?:\d+|a) [a-z ]+", page.text)[:3] == [
        "with 3 pictures ",
        "with a video ",
        "with 1 picture or video ",
    ]


def test_what_people_write_is_no_markup(marts: Path) -> None:
    for page in (report(marts), report(marts, "evil")):
        assert HOSTILE in page.text
        assert not {"script", "link", "img", "iframe", "object", "base"} & {
            tag for tag, _ in page.tags
        }
        assert not [
            name for _, attrs in page.tags for name in attrs if name.startswith("on")
        ]
        labels = [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"]
        assert any(HOSTILE in (label or "") for label in labels)


def test_nothing_is_fetched(marts: Path) -> None:
    page = report(marts)
    policy = [attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    links = [
        value
        for _, attrs in page.tags
        for name, value in attrs.items()
        if name in ("href", "src", "xlink:href", "action", "srcset")
    ]
    assert links
    assert all((link or "").startswith("#") for link in links)
    text = (marts.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text


def test_the_page_is_accessible(marts: Path) -> None:
    page = report(marts)
    assert page.tags[0] == ("html", {"lang": "en"})
    assert all(attrs.get("scope") for tag, attrs in page.tags if tag == "th")
    for tag, attrs in page.tags:
        if tag == "svg":
            assert attrs["role"] == "img"
            assert attrs["aria-label"]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    steps = zip(levels, levels[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    names = [
        attrs["aria-label"] for _, attrs in page.tags if attrs.get("role") == "region"
    ]
    assert len(names) == len(set(names)), "each can be told from the others"


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb, by WCAG 2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_told_apart(marts: Path) -> None:
    """By WCAG 2 AA, light and dark: text 4.5 : 1; what a verdict alone shows 3 : 1."""
    report(marts)
    style = (marts.parent / "report" / "index.html").read_text(encoding="utf-8")
    schemes = re.findall(r":root \{ (--ink:[^}]+)\}", style)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#\w+)", scheme))
        for name, least in (
            *dict.fromkeys(("ink", "soft", "link"), 4.5).items(),
            *dict.fromkeys(("genuine", "phantom"), 3.0).items(),
        ):
            for behind in ("page", "card"):
                low, high = sorted(
                    luminance(colours[one]) + 0.05 for one in (name, behind)
                )
                assert high / low >= least, (name, behind, high / low)


def test_the_same_marts_give_the_same_bytes(marts: Path, tmp_path: Path) -> None:
    """In another process, time zone, language and hash order, too."""
    write_report(marts, tmp_path / "a.html")
    code = (
        "import sys; from pathlib import Path;"
        "from tasks.report.page import write_report;"
        "write_report(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(marts), str(tmp_path / "b.html")],
        check=True,
        cwd=Path(__file__).parents[2],
        env=os.environ
        | {"TZ": "America/Los_Angeles", "LC_ALL": "C", "PYTHONHASHSEED": "7"},
    )
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_one_campaign_alone(marts: Path) -> None:
    page = report(marts, "spring")
    assert "春日新茶" in page.text
    assert HOSTILE not in page.text.split("What to do next")[0]
    # Its people: one genuine, one suspected; who only mentioned it is no part of them.
    assert "genuine 2 (100%), of which suspected 1 (50.0%)" in page.text
    assert "has hardly any followers 1 100%" in page.text
    assert "12 accounts reposted" not in page.text
    assert "confirmed by a person. Scored" in page.text
    other = report(marts, "evil").text
    assert "suspected: one order 5 2 8.1% 12 accounts reposted" in other
    assert "another network" not in page.text
    # Its 14 days and what could not be dated, not what came in June.
    assert "1 Mar 2026 to 1 Mar 2026 1 0 0 120 60.0% 301" in page.text
    assert "Data up to 1 Jun 2026" in page.text
    assert "321" in report(marts).text


def test_an_unknown_campaign_names_the_nearest(marts: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    with pytest.raises(ConfigurationError, match="did you mean spring") as caught:
        write_report(marts, target, "sprnig")
    assert caught.value.exit_code == 2
    with pytest.raises(ConfigurationError, match="there are evil, spring"):
        write_report(marts, target, "999")
    empty = write_marts(tmp_path / "empty.duckdb")
    with pytest.raises(ConfigurationError, match="no campaigns yet"):
        write_report(empty, target, "spring")
    assert not target.exists()


def test_empty_marts_say_so(tmp_path: Path) -> None:
    page = report(write_marts(tmp_path / "marts.duckdb"))
    for text in (
        "No campaigns yet",
        "workspace.toml",
        "No accounts",
        "No data has been",
    ):
        assert text in page.text
    assert "None" not in page.text


def test_nulls_everywhere_read_as_unknown(tmp_path: Path) -> None:
    marts = write_marts(
        tmp_path / "marts.duckdb",
        campaigns=[{"campaign_id": "bare"}],
        campaign_daily=[{"campaign_id": "bare", "activity_day": START}],
        campaign_posts=[{"campaign_id": "bare"}],
        cascades=[{"campaign_id": "bare"}],
        accounts=[{"account_key": "1"}],
        verdict_breakdown=[
            {"dimension": "confirmed_level", "value": "phantom"},
            {"dimension": "phantom_level", "value": "phantom", "accounts": 1},
        ],
        amplifiers=[{"campaign_id": "bare"}],
        data_coverage=[{"source": "export"}, {"source": None}],
        metric_definitions=[{"mart": "campaigns"}, {"column_name": "posts"}],
    )
    for campaign_id in (None, "bare"):
        page = report(marts, campaign_id)
        assert "None" not in page.text
        assert "bare" in page.text
        assert "–" in page.text


def test_a_thousand_campaigns_stay_small(tmp_path: Path) -> None:
    path = write_marts(tmp_path / "marts.duckdb", campaigns=[make_campaign("c0", 9)])
    others = ", ".join(
        name
        for name in " ".join(COLUMNS["campaigns"].values()).split()
        if name not in ("campaign_id", "engagements")
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"insert into campaigns (campaign_id, engagements, {others}) "
            f"select 'c' || i, 10 + i, {others} from campaigns, range(1, 1500) t(i)"
        )
    page = report(path)
    assert f"And {1500 - MOST_LISTED:,} more" in page.text
    assert [tag for tag, _ in page.tags].count("article") == MOST_SHOWN
    assert (tmp_path / "report" / "index.html").stat().st_size < 3_000_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.99999, ">99.9%"),
        (0.000000001, "<0.001%"),
        (0.000693, "0.069%"),
        (0.0052, "0.52%"),
        (0.2127, "21.3%"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(
    value: float | None, text: str
) -> None:
    assert format_percent(value) == text


def test_durations_and_amounts_read_well() -> None:
    minutes = (None, 0.2, 1, 59.6, 120, 674.22, 1670.88, 4320, 20000)
    assert [format_minutes(value) for value in minutes] == [
        "–",
        "under 1 minute",
        "1 minute",
        "60 minutes",
        "2 hours",
        "11 hours",
        "28 hours",
        "3 days",
        "14 days",
    ]
    assert format_money(1234.5, "CNY") == "1,234.50 CNY"
    assert format_money(0.0123, None) == "0.012"


def count(day: date, raw: int) -> DayCount:
    return DayCount(day, raw, raw // 2)


def test_a_short_campaign_is_drawn_from_its_first_to_its_last_day() -> None:
    timeline = build_timeline([count(START + timedelta(days=2), 5)], (START, END))
    assert timeline is not None
    assert timeline.unit == "day"
    assert [bar.raw for bar in timeline.bars] == [0, 0, 5, *[0] * 11]


def test_a_long_tail_is_told_not_drawn() -> None:
    days = [count(START, 990), count(START + timedelta(days=300), 10)]
    timeline = build_timeline(days, None)
    assert timeline is not None
    assert (timeline.unit, len(timeline.bars), timeline.later) == ("day", 14, 10)
    assert timeline.last_day == days[1].day


@pytest.mark.parametrize(
    ("length", "unit"), [(92, "day"), (300, "week"), (900, "month")]
)
def test_bars_widen_and_lose_nothing(length: int, unit: str) -> None:
    days = [count(START + timedelta(days=number), 2) for number in range(length)]
    timeline = build_timeline(days, None)
    assert timeline is not None
    assert timeline.unit == unit
    assert len(timeline.bars) <= 93
    assert sum(bar.raw for bar in timeline.bars) + timeline.later == 2 * length
    svg = draw_timeline(timeline, json.dumps({"a": "<b>"}), 330)
    assert "<b>" not in svg


def test_days_of_zeros_draw() -> None:
    timeline = build_timeline([count(START, 0)], (START, END))
    assert timeline is not None
    assert "NaN" not in draw_timeline(timeline, "nothing", 330)
