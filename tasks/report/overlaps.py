"""For the report: how far audiences overlap."""

from __future__ import annotations

import duckdb

from tasks.report.feedback import Row, fetch

MOST_PAIRS = 10


def read_overlaps(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> Row:
    """Pairs of audiences, those that share most of the smaller one first.

    Args:
        connection: the published marts.
        campaign_id: only pairs with this campaign or one of its partners.
    """
    found = fetch(
        connection,
        """
        from audience_overlap
        where
            $campaign_id is null
            or (one_kind = 'campaign' and one_id = $campaign_id)
            or (other_kind = 'campaign' and other_id = $campaign_id)
            or (one_kind = 'partner' and starts_with(one_id, $campaign_id || ':'))
            or (other_kind = 'partner' and starts_with(other_id, $campaign_id || ':'))
        order by share_of_smaller desc, shared_accounts desc, one_kind, one_id,
            other_kind, other_id
        """,
        {"campaign_id": campaign_id},
    )
    return {"shown": found[:MOST_PAIRS], "more": len(found) - MOST_PAIRS}
