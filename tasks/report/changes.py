"""For the report: what differs from the publication before, campaign by campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from tasks.report.feedback import Row, fetch, group
from tasks.report.figures import (
    format_money,
    format_net,
    format_number,
    format_percent,
)
from tasks.report.languages import join_list, mark, tell, tell_said

MOST_CAMPAIGNS = 8
# What a reader acts on first, by the page's words; the table has more.
NAMES = {
    "platform_engagements": mark("counted by the platform"),
    "engagements": mark("collected"),
    "completeness": mark("completeness"),
    "estimated_genuine_engagements": mark("genuine of all, estimated"),
    "phantom_share": mark("likely phantoms"),
    "cost_per_estimated_genuine_engagement": mark("cost of a genuine one"),
    "sentiment_net": mark("balance of comments"),
}


def read_changes(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> Row | None:
    """Campaigns of which a number differs; None where the marts can't tell.

    Args:
        connection: the published marts; those of an older version lack the table.
        campaign_id: only this campaign; all of them if None.
    """
    tables = fetch(connection, "select table_name as name from duckdb_tables()")
    if "changes" not in {table["name"] for table in tables}:
        return None
    rows = fetch(
        connection,
        """
        select changes.*, campaigns.campaign_name
        from changes
        left join campaigns using (campaign_id)
        where
            changes.mart = 'campaigns'
            and ($campaign_id is null or changes.campaign_id = $campaign_id)
        order by
            coalesce(campaigns.platform_engagements, campaigns.engagements)
            desc nulls last,
            changes.campaign_id,
            list_position($names, changes.metric) nulls last,
            changes.metric
        """,
        {"campaign_id": campaign_id, "names": list(NAMES)},
    )
    campaigns = [
        {
            "campaign_id": key,
            "campaign_name": found[0]["campaign_name"],
            "numbers": [tell_change(row) for row in found if is_told(row)],
            "why": join_causes(found),
        }
        for key, found in group(rows).items()
    ]
    return {
        "shown": campaigns[:MOST_CAMPAIGNS],
        "more": len(campaigns) - MOST_CAMPAIGNS,
    }


def is_told(row: Mapping[str, Any]) -> bool:
    """Whether the page names the number: one that moved as far as can be read."""
    return row["metric"] in NAMES and _format(row, "before") != _format(row, "after")


def tell_change(row: Mapping[str, Any]) -> str:
    """A number before and after, with the interval that it has now."""
    name = tell(NAMES[row["metric"]])
    text = f"{name} {_format(row, 'before')} → {_format(row, 'after')}"
    low, high = row["after_low"], row["after_high"]
    if low is None or high is None or low == high:
        return text
    return tell(
        "{text} ({low} to {high})",
        text=text,
        low=_format(row, "after_low"),
        high=_format(row, "after_high"),
    )


def join_causes(rows: list[Row]) -> str:
    """What is known to have changed between, each cause once; else unknown."""
    causes = list(
        dict.fromkeys(cause for row in rows for cause in row["why"].split("; "))
    )
    known = [cause for cause in causes if cause != "unknown"]
    return join_list(tell_said(cause) or cause for cause in known or causes)


def _format(row: Mapping[str, Any], side: str) -> str:
    value = row[side]
    if row["metric"] == "sentiment_net":
        return format_net(value)
    if row["unit"] == "currency":
        return format_money(value, row["currency"])
    return format_percent(value) if row["unit"] == "share" else format_number(value)
