"""How the page words what the queries of `data/QUESTIONS.md` find in the sample.

For each question a function from the rows of its query to lines of the page: texts that
follow one another within a line or a row of a table. So a query and the page can't
differ in a number without a test that says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tasks.report.figures import (
    UNKNOWN,
    format_day,
    format_minutes,
    format_money,
    format_number,
    format_percent,
)

Row = Mapping[str, Any]
# Texts of one line of the page, in their order.
Line = tuple[str, ...]

_GROUNDS = {"": "nothing", "shortfall": "fewer than promised"}
# What may stand between two texts of one line.
_WITHIN = 170


def lacking(page: str, question: str, rows: list[Row]) -> list[Line]:
    """Lines of an answer that the page's text lacks; its words are single-spaced."""
    lines = list(_LINES[question](rows))
    assert lines, f"nothing to look for: {question}"
    return [line for line in lines if not _stands(page, line)]


def _stands(page: str, line: Line) -> bool:
    between = f".{{0,{_WITHIN}}}?"
    # A number is whole: neither digits nor their separators go on beside it.
    parts = (rf"(?<![\w,.]){re.escape(part)}(?!\w|[,.]\d)" for part in line)
    return re.search(between.join(parts), page) is not None


def _cheapest(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        cost = row["cost_per_estimated_genuine_engagement"]
        yield row["campaign_name"], format_money(cost, row["budget_currency"])


def _amplifiers(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        below = format_number(row["genuine_downstream_reposts"])
        share = format_percent(row["downstream_share"])
        yield f"{row['rank']}.", "genuine", f"{below} {share}"


def _phantoms_of_partners(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        yield (
            row["partner_name"],
            format_percent(row["phantom_share"]),
            format_percent(row["unpaid_phantom_share"]),
            _GROUNDS[row["claim_grounds"]],
        )


def _promotion(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        first, last = format_day(row["first_day"]), format_day(row["effect_until"])
        yield row["note"], f"{first} to {last}", row["finding"]


def _complaints(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        yield (
            f"{format_day(row['activity_day'])} day 3",
            f"{row['terms_text']} ({row['negative']})",
        )


def _overnight(rows: list[Row]) -> Iterator[Line]:
    # Of a first publication nothing is news.
    assert not rows
    yield ("No number of a campaign differs, or there is none to compare with",)


def _followers(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        share, low, high = (
            format_percent(row[f"phantom_share{end}"]) for end in ("", "_low", "_high")
        )
        yield (
            row["brand_name"],
            f"followers: {row['quality_score']} of 100; {share} likely phantoms"
            f" ({low} to {high}) among {row['accounts']} accounts seen,"
            f" on {format_day(row['audience_day'])}",
        )


def _contacts(rows: list[Row]) -> Iterator[Line]:
    # The page tells of brands with campaigns, the first one here; not of competitors.
    told = f"{rows[0]['contactable_accounts']} of {rows[0]['of_accounts']} accounts"
    yield told, "can be contacted"


def _overlap(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        shares = (row["share_of_smaller"], row["genuine_share_of_smaller"])
        told = " ".join(map(format_percent, shares))
        yield row["one_name"], row["other_name"], f"{row['shared_accounts']} {told}"


def _against(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        low, high = (
            format_number(row[f"estimated_genuine_engagements_{end}"])
            for end in ("low", "high")
        )
        yield row["campaign_name"], f"{low} to {high}"
        yield (f"({format_percent(row['completeness'])}) were seen one by one",)
        if row["platform_counted_posts"] < row["posts"]:
            counted = f"{row['platform_counted_posts']} of its {row['posts']} posts"
            yield "The platform counts", counted


def _first_day(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        post = row["author_name"] or f"{row['post_key'][:8]}…"
        yield post, f"{row['engagements_24h']} {row['genuine_engagements_24h']}"


def _spread(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        virality = f"{row['structural_virality']:.1f}"
        half = format_minutes(row["half_life_minutes"])
        yield (f"{row['cascade_size']} {row['depth']} {virality} {half}",)


def _cheapest_partner(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        cost = row["cost_per_estimated_genuine_engagement"]
        best, worst = row["genuine_rank_best"], row["genuine_rank_worst"]
        yield (
            row["partner_name"],
            f"place {best} to {worst} of {len(rows)}",
            format_money(cost, row["fee_currency"]),
        )


def _promises(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        yield (
            row["partner_name"],
            format_number(row["platform_engagements"]),
            f"{row['promised_engagements']}: counted {row['platform_promise_met']},"
            f" genuine {row['promise_met']}",
        )


def _groups(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        if row["largest_campaign_share"] is not None:
            assert row["group_kind"] == "coordinated"
            share = format_percent(row["largest_campaign_share"])
            yield (
                f"one order {row['group_size']} {row['phantom_accounts']} {share}"
                f" {row['evidence']}",
            )


def _bursts(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        yield f"{format_day(row['activity_day'])},", row["message"]


def _voice(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        shares = map(format_percent, (row["share"], row["genuine_share"]))
        yield row["brand_name"], " ".join(shares)


def _people(rows: list[Row]) -> Iterator[Line]:
    # The page words codes; of the values that are words it shows the largest.
    for dimension in ("client", "region"):
        values = [
            row
            for row in rows
            if row["dimension"] == dimension and row["share_of_told"] is not None
        ]
        for row in values[:3]:
            share = format_percent(row["share_of_told"])
            yield (f"{row['value']} {row['accounts']} {share}",)


def _sales(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        revenue = format_money(row["revenue"], row["revenue_currency"])
        yield (
            f"All of its links {row['clicks']} {row['orders']} {revenue}",
            format_money(row["cost_per_order"], row["revenue_currency"]),
        )


def _coverage(rows: list[Row]) -> Iterator[Line]:
    for row in rows:
        yield (
            f"{row['source']} {row['platform']} {format_day(row['up_to'])}",
            str(row["missing_days"]),
            format_percent(row["seen"]),
            row["lacks"] or UNKNOWN,
        )


_LINES: Mapping[str, Callable[[list[Row]], Iterable[Line]]] = {
    "Which campaign got the cheapest genuine engagement?": _cheapest,
    "Who are the ten largest genuine amplifiers, with names?": _amplifiers,
    "Which partner brought phantoms, and what can be claimed?": _phantoms_of_partners,
    "Did the price promotion change anything?": _promotion,
    "What did people complain about on day 3?": _complaints,
    "What happened overnight?": _overnight,
    "How many followers are real, and the competitor's?": _followers,
    "Whom should we invite?": _contacts,
    "How far do two campaigns' audiences overlap?": _overlap,
    "What speaks against the verdict?": _against,
    "Which post drew most in its first 24 hours, and how much of that is genuine?": (
        _first_day
    ),
    "How deep and how fast did it spread?": _spread,
    "Which partner is the cheapest per genuine engagement, and for certain?": (
        _cheapest_partner
    ),
    "Did we deliver what was promised?": _promises,
    "Do accounts act on one order, and how much of a campaign is theirs?": _groups,
    "On which days did likely phantoms come in numbers?": _bursts,
    "What is our share of voice, and of the genuine voice?": _voice,
    "What kind of people engage?": _people,
    "What did tracked links sell?": _sales,
    "How much of it can we rely on?": _coverage,
}
