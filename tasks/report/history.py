"""For the report: campaigns beside the brand's earlier ones, and who comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from tasks.report.feedback import Row, fetch, group
from tasks.report.figures import (
    format_money,
    format_net,
    format_number,
    format_percent,
)
from tasks.report.languages import mark, tell

# What campaign_history has percentiles of at least.
FEWEST_EARLIER = 5
MOST_COHORTS = 12

# By metric: its words, and how its values are written. In this order.
_METRICS: dict[str, tuple[str, Callable[[float, str | None], str]]] = {
    "estimated_genuine_engagements": (
        mark("Genuine of all, estimated"),
        lambda value, _: format_number(value),
    ),
    "phantom_share": (
        mark("Likely phantoms"),
        lambda value, _: format_percent(value),
    ),
    "genuine_engagement_rate": (
        mark("Genuine engagement rate"),
        lambda value, _: format_percent(value),
    ),
    "cost_per_estimated_genuine_engagement": (
        mark("Cost per genuine engagement"),
        format_money,
    ),
    "cost_per_order": (mark("Cost per order"), format_money),
    "genuine_sentiment_net": (
        mark("Balance of genuine comments"),
        lambda value, _: format_net(value),
    ),
}

_HISTORY = """
select
    own.*,
    alike.percentile as similar_percentile,
    alike.earlier_campaigns as similar_campaigns
from campaign_history as own
left join campaign_history as alike
    on
        own.campaign_id = alike.campaign_id
        and own.metric = alike.metric
        and alike.compared_with = 'similar_audience'
where list_contains($ids, own.campaign_id) and own.compared_with = 'earlier'
order by own.campaign_id, own.metric
"""


def add_history(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> None:
    """Give each campaign its numbers beside those of earlier ones, where these do.

    `earlier_campaigns` is how many there are at most; `history` is empty of too few.
    """
    ids = [campaign["campaign_id"] for campaign in campaigns]
    told = group(fetch(connection, _HISTORY, {"ids": ids}))
    for campaign in campaigns:
        by_metric = {row["metric"]: row for row in told[campaign["campaign_id"]]}
        campaign["earlier_campaigns"] = max(
            (row["earlier_campaigns"] for row in by_metric.values()), default=0
        )
        campaign["history"] = [
            {
                "words": tell(words),
                "value": write(row["metric_value"], row["currency"]),
                "median": write(row["earlier_median"], row["currency"]),
                "low": write(row["earlier_low"], row["currency"]),
                "high": write(row["earlier_high"], row["currency"]),
                "percentile": row["percentile"],
                "similar": row["similar_percentile"],
                "earlier": row["earlier_campaigns"],
            }
            for metric, (words, write) in _METRICS.items()
            if (row := by_metric.get(metric)) and row["percentile"] is not None
        ]


def read_cohorts(connection: duckdb.DuckDBPyConnection, campaign_id: str | None) -> Row:
    """Who came back from one campaign to a later one, the newest campaign first.

    Args:
        connection: the published marts.
        campaign_id: only who came back to this campaign, or from it.
    """
    found = fetch(
        connection,
        """
        select cohorts.*, campaigns.window_start
        from campaign_cohorts as cohorts
        left join campaigns using (campaign_id)
        where
            $campaign_id is null
            or cohorts.campaign_id = $campaign_id
            or cohorts.first_campaign_id = $campaign_id
        order by
            campaigns.window_start desc,
            cohorts.campaign_id,
            cohorts.campaigns_after,
            cohorts.first_campaign_id
        """,
        {"campaign_id": campaign_id},
    )
    return {"shown": found[:MOST_COHORTS], "more": len(found) - MOST_COHORTS}
