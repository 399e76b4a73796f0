"""What a claim says follows from the partner's row, whatever is known of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.report.claim_words import NOTHING, UNTOLD, tell_claim
from tasks.report.languages import speaking

COUNTS = st.none() | st.integers(0, 10**6)
SHARES = st.none() | st.floats(0, 1, allow_nan=False)


def _span(draw: st.DrawFn, most: int | float) -> tuple[Any, Any]:
    """An interval, or none of it."""
    if draw(st.booleans()):
        return None, None
    kind = st.floats(0, most) if isinstance(most, float) else st.integers(0, most)
    low, high = sorted((draw(kind), draw(kind)))
    return low, high


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Rows of `partner_results`, known as little as may be."""
    row: dict[str, Any] = {
        name: draw(COUNTS)
        for name in (
            "promised_engagements",
            "promised_reach",
            "platform_engagements",
            "platform_reads",
            "lifetime_engagements",
            "genuine_lifetime_engagements",
            "engaged_accounts",
            "unpaid_engaged_accounts",
            "coordinated_groups",
            "coordinated_accounts",
            "operators",
            "operated_accounts",
            "clicks",
            "orders",
        )
    }
    row["priced_orders"] = draw(st.none() | st.integers(0, row["orders"] or 0))
    row["revenue"] = draw(st.none() | st.decimals(0, 10**6, places=4))
    row["revenue_currency"] = row["fee_currency"] = "CNY"
    row["cost_per_order"] = (
        draw(st.none() | st.floats(0, 10**6)) if row["orders"] else None
    )
    for name in (
        "completeness",
        "phantom_share",
        "unpaid_phantom_share",
        "first_hour_share",
        "unpaid_first_hour_share",
        "burst_share",
        "unpaid_burst_share",
        "coordinated_share",
        "unpaid_coordinated_share",
    ):
        row[name] = draw(SHARES)
    # A share is of a known number.
    for name in ("", "unpaid_"):
        if row[f"{name}engaged_accounts"] is None:
            row[f"{name}phantom_share"] = None
    for name, most in (
        ("genuine_lifetime_engagements", 10**6),
        ("estimated_genuine_engagements", 10**6),
        ("phantom_share", 1.0),
        ("unpaid_phantom_share", 1.0),
    ):
        row[f"{name}_low"], row[f"{name}_high"] = _span(draw, most)
    if row["genuine_lifetime_engagements_low"] is None:
        row["genuine_lifetime_engagements"] = None
    row["posts"] = draw(st.integers(0, 5))
    row["missing_posts"] = draw(st.integers(0, row["posts"]))
    row["platform_counted_posts"] = draw(st.integers(0, row["posts"]))
    row["platform_counted_at"] = draw(st.sampled_from([None, datetime(2026, 3, 6)]))  # noqa: DTZ001
    row["window_end"] = date(2026, 3, 4)
    row["phantom_excess"] = draw(st.none() | st.floats(-1, 1))
    row["phantom_excess_low"] = (
        None
        if row["phantom_excess"] is None
        else row["phantom_excess"] - draw(st.floats(0.01, 1))
    )
    row["ranked_partners"] = draw(st.integers(0, 5))
    row["genuine_rank"] = 1 if row["ranked_partners"] else None
    row["genuine_rank_best"] = row["genuine_rank"]
    row["genuine_rank_worst"] = row["ranked_partners"] or None
    row["promise_met"] = draw(st.sampled_from([None, "yes", "no", "can't tell"]))
    row["reach_promise_met"] = draw(st.sampled_from([None, "can't tell"]))
    grounds = [""]
    if None not in (row["promised_engagements"], row["platform_engagements"]):
        grounds.append("shortfall")
    if row["phantom_excess"] is not None:
        grounds.append("phantoms")
    row["claim_grounds"] = draw(st.none() | st.sampled_from(grounds))
    return row


@given(rows())
def test_sentences_claim_no_more_than_the_row(row: dict[str, Any]) -> None:
    told = tell_claim(row)
    everything = (*told.verdict, *told.found, *told.against)
    for sentence in everything:
        assert sentence.endswith(".")
        for word in ("None", "nan", "–", "fake", "  "):
            assert word not in sentence
    first = told.verdict[0]
    assert (first == UNTOLD) is (row["claim_grounds"] is None)
    assert (first == NOTHING) is (row["claim_grounds"] == "")
    assert told.supported is (
        None if row["claim_grounds"] is None else row["claim_grounds"] != ""
    )
    # That something was bought is never more than suspected, and only with grounds.
    bought = [line for line in (*told.verdict, *told.found) if "were bought" in line]
    assert len(bought) == ("phantoms" in (row["claim_grounds"] or ""))
    assert all("suspected" in line for line in bought)
    # Whatever the grounds, something speaks against them.
    assert len(told.against) >= 3
    if row["phantom_share"] is None:
        assert not any("with its paid posts are likely" in line for line in told.found)
    if row["completeness"] is not None and row["completeness"] < 0.9:
        assert any("of what the platform counts was seen" in t for t in told.against)
    with speaking("zh"):
        spoken = tell_claim(row)
    # The same sentences, and no word of English in them.
    for english, chinese in (
        (told.verdict, spoken.verdict),
        (told.found, spoken.found),
        (told.against, spoken.against),
    ):
        assert len(english) == len(chinese)
        assert all(text.endswith("。") for text in chinese)
        assert not re.search("[A-Za-z.]{2}|[,;] ", "".join(chinese))
