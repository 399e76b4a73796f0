"""Clicks and orders of a world with planted links, row by row."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from tests.marts.test_cases import pseudonym
from tests.workspaces import Lab
from tests.world.sales import Sales


def test_conversions_are_those_of_the_world(built: Lab, sales: Sales) -> None:
    found = {
        (
            row["campaign_id"],
            row["link_id"],
            row["activity_day"],
            row["currency"],
        ): (row["clicks"], row["orders"], row["priced_orders"], row["revenue"])
        for row in built.dicts("from marts.conversions")
    }
    # Enough of each kind that it says something.
    assert len(sales.rows) > 60
    assert found == sales.rows


def test_no_line_is_lost(built: Lab, sales: Sales) -> None:
    told = dict(
        built.rows(
            "select state, cast(sum(lines) as bigint) from intermediate.sales"
            " group by state"
        )
    )
    assert Counter(told) == sales.states
    assert len(told) == 5
    assert sum(told.values()) == len(sales.lines) - 1


def test_links_count_for_their_posts(built: Lab, sales: Sales) -> None:
    links = built.dicts("from marts.campaign_links")
    found = {(row["campaign_id"], row["link_id"]): row["post_key"] for row in links}
    assert found == {
        link: post and pseudonym(f"post:weibo:{post}")
        for link, post in sales.posts.items()
    }
    sums: dict[str, dict[str | None, Decimal]] = {}
    for (campaign, _, _, currency), (*_, revenue) in sales.rows.items():
        by_currency = sums.setdefault(campaign, {})
        by_currency[currency] = by_currency.get(currency, Decimal(0)) + revenue
    for row in built.dicts("from marts.campaigns"):
        told = sums[row["campaign_id"]]
        told.pop(None)
        # A coupon of a campaign with another currency makes two of one.
        one = next(iter(told.items())) if len(told) == 1 else (None, None)
        assert (row["revenue_currency"], row["revenue"]) == one
    assert {len(told) for told in sums.values()} == {1, 2}
