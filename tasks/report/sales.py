"""For the report: what campaigns sold by their tracked links."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from tasks.report.feedback import Row, fetch, group

MOST_LINKS = 12

# The campaign, its partners, then links that are no partner's.
_SALES = """
select
    campaign_id,
    1 as place,
    cast(null as varchar) as name,
    cast(null as varchar) as channel,
    clicks,
    orders,
    priced_orders,
    revenue,
    revenue_currency,
    budget_amount as cost,
    budget_currency as cost_currency,
    cost_per_order,
    cost_per_estimated_genuine_engagement as cost_per_genuine,
    return_on_spend
from campaigns
where list_contains($ids, campaign_id) and (clicks is not null or orders is not null)
union all
select
    campaign_id,
    2 as place,
    partner_name as name,
    cast(null as varchar) as channel,
    clicks,
    orders,
    priced_orders,
    revenue,
    revenue_currency,
    fee_amount as cost,
    fee_currency as cost_currency,
    cost_per_order,
    cost_per_estimated_genuine_engagement as cost_per_genuine,
    return_on_spend
from partner_results
where list_contains($ids, campaign_id) and (clicks is not null or orders is not null)
union all
select
    campaign_id,
    3 as place,
    link_id as name,
    channel,
    clicks,
    orders,
    priced_orders,
    revenue,
    revenue_currency,
    cast(null as double) as cost,
    cast(null as varchar) as cost_currency,
    cast(null as double) as cost_per_order,
    cast(null as double) as cost_per_genuine,
    cast(null as double) as return_on_spend
from campaign_links
where
    list_contains($ids, campaign_id)
    and partner_id is null
    and (clicks is not null or orders is not null)
order by campaign_id, place, orders desc nulls last, clicks desc nulls last, name
"""


def add_sales(connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]) -> None:
    """Give each campaign what came by its links; none where nothing was told.

    The first row is the campaign's, then those of partners, then of other links.
    """
    ids = [campaign["campaign_id"] for campaign in campaigns]
    sales = group(fetch(connection, _SALES, {"ids": ids}))
    for campaign in campaigns:
        found = sales[campaign["campaign_id"]]
        campaign["sales"] = found[:MOST_LINKS]
        campaign["more_sales"] = max(len(found) - MOST_LINKS, 0)
