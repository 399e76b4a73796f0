"""For the report: which boards of hot searches a campaign's words stood on."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from tasks.report.feedback import Row, fetch, group

MOST_TOPICS = 8

# A board is read at moments: what stood there between them nobody knows.
_TOPICS = """
select
    campaigns.campaign_id,
    topics.platform,
    topics.board,
    topics.topic_name,
    min(topics.activity_day) as first_day,
    max(topics.activity_day) as last_day,
    count(distinct topics.activity_day) as days,
    count(*) as hours,
    min(topics.best_place) as best_place,
    arg_min(
        topics.activity_day, (topics.best_place, topics.activity_day, topics.read_hour)
    ) as best_day,
    arg_min(
        topics.read_hour, (topics.best_place, topics.activity_day, topics.read_hour)
    ) as best_hour,
    max(topics.highest_heat) as highest_heat
from hot_topics as topics
inner join campaigns
    on
        list_contains(topics.campaign_ids, campaigns.campaign_id)
        and topics.activity_day between campaigns.window_start and campaigns.window_end
where list_contains($ids, campaigns.campaign_id)
group by
    campaigns.campaign_id, topics.platform, topics.board, topics.topic_name
order by campaigns.campaign_id, best_place, hours desc, platform, board, topic_name
"""

_READ = """
select
    campaigns.campaign_id,
    count(distinct (topics.activity_day, topics.read_hour)) as hours,
    count(distinct topics.activity_day) as days
from hot_topics as topics
inner join campaigns
    on topics.activity_day between campaigns.window_start and campaigns.window_end
where list_contains($ids, campaigns.campaign_id)
group by campaigns.campaign_id
"""


def add_boards(connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]) -> None:
    """Give each campaign the topics of boards in which its words stood on its days.

    `boards` is None where no board was read on these days, so nothing is known.
    """
    ids = [campaign["campaign_id"] for campaign in campaigns]
    topics = group(fetch(connection, _TOPICS, {"ids": ids}))
    read = group(fetch(connection, _READ, {"ids": ids}))
    for campaign in campaigns:
        found = topics[campaign["campaign_id"]]
        hours = read[campaign["campaign_id"]]
        campaign["boards"] = (
            {
                "topics": found[:MOST_TOPICS],
                "more": max(len(found) - MOST_TOPICS, 0),
                "hours": hours[0]["hours"],
                "days": hours[0]["days"],
            }
            if hours
            else None
        )
