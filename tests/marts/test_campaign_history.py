"""A campaign beside earlier ones of its brand: which of them count, and the ranks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from tasks.warehouse.models import load_models

START = date(2026, 1, 1)
_TABLE = """
create schema marts;
create table marts.campaigns (
    campaign_id text, campaign_name text, brand_id text, brand_name text,
    window_start date,
    window_end date, days_covered bigint, posting_followers bigint,
    budget_currency text,
    estimated_genuine_engagements bigint, genuine_engagements bigint,
    platform_engagements bigint, genuine_engagement_rate double,
    platform_engagement_rate double, phantom_share double, genuine_sentiment_net double,
    cost_per_platform_engagement double, cost_per_estimated_genuine_engagement double,
    orders bigint, cost_per_order double
)
"""


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """Campaigns of ten days each, one after the other; none yet."""
    with duckdb.connect() as connection:
        connection.execute(_TABLE)
        yield connection


def put(connection: duckdb.DuckDBPyConnection, number: int, **more: Any) -> None:
    """The campaign of that number, the first one is 0."""
    first = START + timedelta(days=10 * number)
    row = {
        "campaign_id": f"c{number}",
        "brand_id": "aurora",
        "window_start": first,
        "window_end": first + timedelta(days=9),
        "days_covered": 10,
        "posting_followers": 1000,
        "budget_currency": "CNY",
        **more,
    }
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    connection.execute(
        f"insert into marts.campaigns ({names}) values ({marks})", list(row.values())
    )


def found(
    connection: duckdb.DuckDBPyConnection, campaign: str, metric: str
) -> dict[str, dict[str, Any]]:
    """What a campaign's number is compared with."""
    model = load_models("marts")["marts.campaign_history"]
    cursor = connection.execute(model.sql)
    names = [column[0] for column in cursor.description or []]
    assert names == [column.name for column in model.columns]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {
        row["compared_with"]: row
        for row in rows
        if (row["campaign_id"], row["metric"]) == (campaign, metric)
    }


def test_ranks_are_told_of_five_campaigns_or_more(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    for number, share in enumerate((0.1, 0.2, 0.3, 0.4, 0.2)):
        put(marts, number, phantom_share=share, platform_engagements=10)
    put(marts, 5, phantom_share=0.2, platform_engagements=11)
    beside = found(marts, "c5", "phantom_share")["earlier"]
    # Two are worse, two alike, one better: less is better.
    assert beside["percentile"] == 0.6
    assert (beside["earlier_campaigns"], beside["earlier_median"]) == (5, 0.2)
    assert (beside["earlier_low"], beside["earlier_high"]) == (0.2, 0.3)
    assert found(marts, "c5", "platform_engagements")["earlier"]["percentile"] == 1
    beside = found(marts, "c4", "phantom_share")["earlier"]
    assert (beside["earlier_campaigns"], beside["percentile"]) == (4, None)
    assert found(marts, "c0", "phantom_share")["earlier"]["earlier_campaigns"] == 0
    assert found(marts, "c5", "orders") == {}, "what is not known is not compared"


def test_only_what_can_be_compared_counts(marts: duckdb.DuckDBPyConnection) -> None:
    for number in range(5):
        put(marts, number, cost_per_order=10.0 + number)
    put(marts, 5, cost_per_order=1.0, budget_currency="USD")
    put(marts, 6, cost_per_order=1.0, brand_id="borealis")
    put(marts, 7, cost_per_order=1.0, days_covered=9)  # some of it is to come
    # It began before the next one's first day, and was not over by then.
    put(marts, 8, cost_per_order=1.0, window_end=START + timedelta(days=99))
    put(marts, 9, cost_per_order=12.0, posting_followers=2900)
    beside = found(marts, "c9", "cost_per_order")
    assert beside["earlier"]["earlier_campaigns"] == 5
    assert beside["earlier"]["percentile"] == 0.5
    assert beside["earlier"]["currency"] == "CNY"
    # All have a third of its followers, or more; of a larger audience none counts.
    assert beside["similar_audience"]["percentile"] == 0.5
    put(marts, 10, cost_per_order=12.0, posting_followers=3100)
    beside = found(marts, "c10", "cost_per_order")
    assert beside["earlier"]["earlier_campaigns"] == 6
    assert beside["similar_audience"]["earlier_campaigns"] == 1
    assert found(marts, "c7", "cost_per_order") == {}
