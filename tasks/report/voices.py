"""For the report: who says what on which day, and which tone is itself suspected."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from tasks.report.feedback import Row, fetch, group
from tasks.report.figures import format_day, format_percent
from tasks.report.languages import join_list, mark, tell

# Of a day, and of a campaign.
MOST_BLAMED = 3
MOST_WORSE = 5
MOST_BURSTS = 5
MOST_TERMS = 3

_SUSPECTED = {
    "negative": mark(
        "The blame is itself suspected: {share} of the negative comments ({low} to"
        " {high}) are by likely phantoms, more than of the others."
    ),
    "positive": mark(
        "The praise is itself suspected: {share} of the positive comments ({low} to"
        " {high}) are by likely phantoms, more than of the others."
    ),
}


def add_voices(connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]) -> None:
    """Give each campaign who speaks in which tone, and its days what they blame.

    After `add_feedback`, whose `tone_days` get `blamed`: the topics with most negative
    comments that day, words and number. A campaign gets `voices` (its rows of
    `feedback_authenticity` by sentiment) and `heard`, sentences on what stands out.
    """
    ids = {"ids": [campaign["campaign_id"] for campaign in campaigns]}
    voices = read_voices(connection, ids)
    days = read_topic_days(connection, ids)
    for campaign in campaigns:
        key = campaign["campaign_id"]
        campaign["voices"] = {row["sentiment"]: row for row in voices[key]}
        for day in campaign["tone_days"]:
            day["blamed"] = [
                row
                for row in days[key]
                if row["activity_day"] == day["activity_day"] and row["negative"]
            ][:MOST_BLAMED]
        worse = [row for row in days[key] if row["is_blamed_more"]]
        bursts = [day for day in campaign["tone_days"] if day["is_burst"]]
        campaign["heard"] = [
            *(
                tell(
                    words,
                    share=format_percent(row["phantom_share"]),
                    low=format_percent(row["phantom_share_low"]),
                    high=format_percent(row["phantom_share_high"]),
                )
                for side, words in _SUSPECTED.items()
                if (row := campaign["voices"].get(side)) and row["is_suspected"]
            ),
            *_tell_bursts(bursts),
            *_tell_worse(worse),
        ]


def read_voices(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """Of each campaign and tone: comments of suspected accounts and likely phantoms."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                sentiment,
                suspected_comments,
                phantom_comments,
                phantom_share,
                phantom_share_low,
                phantom_share_high,
                is_suspected
            from feedback_authenticity
            where list_contains($ids, campaign_id)
            order by campaign_id, sentiment
            """,
            ids,
        )
    )


def read_topic_days(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """Topics by day, those with most negative comments first."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                activity_day,
                array_to_string(string_split(terms_text, ', ')[1:$terms], ', ')
                    as words,
                negative,
                coalesce(is_blamed_more, false) as is_blamed_more
            from feedback_topics_daily
            where list_contains($ids, campaign_id) and negative > 0
            order by campaign_id, activity_day, negative desc, topic
            """,
            {**ids, "terms": MOST_TERMS},
        )
    )


def _tell_bursts(days: Sequence[Row]) -> list[str]:
    """Days on which praise came from likely phantoms, in a sentence."""
    if not days:
        return []
    return [
        tell(
            "Bursts of praise, much of it by likely phantoms: {days}.",
            days=join_list(
                format_day(day["activity_day"]) for day in days[:MOST_BURSTS]
            ),
        )
    ]


def _tell_worse(rows: Sequence[Row]) -> list[str]:
    """Topics that were blamed more than before, in a sentence, the newest first."""
    if not rows:
        return []
    newest = sorted(rows, key=lambda row: row["activity_day"], reverse=True)
    return [
        tell(
            "What got worse, beyond what the days before explain: {topics}.",
            topics=tell("; ").join(
                tell(
                    "{words} on {day}",
                    words=row["words"],
                    day=format_day(row["activity_day"]),
                )
                for row in newest[:MOST_WORSE]
            ),
        )
    ]
