"""For the report: what people said, who carried a campaign, what to do next."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import duckdb

from tasks.report.figures import format_day, format_number
from tasks.report.languages import join_list, tell, tell_said

MOST_TOPICS = 5
MOST_GROUPS = 5
MOST_ACTIONS = 8
MOST_TERMS = 6
MOST_REASONS = 6
MOST_RISES = 5
MOST_DAYS = 31
# Answers of fewer people say nothing about a ranking.
FEWEST_JUDGED = 10

Row = dict[str, Any]


# What was asked of the marts that are shown, with the names and rows that came.
_kept: ContextVar[dict[str, tuple[list[str], list[tuple[Any, ...]]]] | None] = (
    ContextVar("kept", default=None)
)


@contextmanager
def reading_once() -> Iterator[None]:
    """Have every query within asked once: pages in other languages show the same.

    All connections within must be to the same marts.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def fetch(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, Any] | None = None,
) -> list[Row]:
    """All rows as dictionaries, which the caller may change."""
    kept, asked = _kept.get(), f"{query} {parameters}"
    if kept is not None and asked in kept:
        names, rows = kept[asked]
    else:
        cursor = connection.execute(query, dict(parameters or {}))
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall()
        if kept is not None:
            kept[asked] = names, rows
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if kept is not None:
        for row in found:
            for name, value in row.items():
                # All other values can't be changed: to copy them would take long.
                if isinstance(value, list | dict):
                    row[name] = copy.deepcopy(value)
    return found


def group(rows: Iterable[Row], key: str = "campaign_id") -> dict[str, list[Row]]:
    """The rows of each campaign, or of each value of another column."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def add_feedback(
    connection: duckdb.DuckDBPyConnection, campaigns: Sequence[Row]
) -> None:
    """Give each campaign its tone, topics and amplifiers; one query for each mart."""
    ids = {"ids": [campaign["campaign_id"] for campaign in campaigns]}
    tones = read_tones(connection, ids)
    days = read_tone_days(connection, ids)
    topics = read_topics(connection, ids)
    amplifiers = read_amplifiers(connection, ids)
    for campaign in campaigns:
        key = campaign["campaign_id"]
        campaign["tone"] = tone = tones[key][0] if tones[key] else None
        if tone and not is_sum_known(tone, campaign):
            for name in tone:
                if name.startswith("genuine_"):
                    tone[name] = None
        campaign["rises"] = join_list(
            format_day(day) for day in ((tone or {}).get("rises") or [])[:MOST_RISES]
        )
        campaign["tone_days"] = days[key]
        campaign["topics"] = topics[key]
        campaign["amplifiers"] = amplifiers[key]


def read_tones(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """How comments sound, a row a campaign, and on which days negative voice rose."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                cast(sum(comments) as bigint) as comments,
                count(*) - count(genuine_comments) as unknown_days,
                cast(sum(positive) as bigint) as positive,
                cast(sum(neutral) as bigint) as neutral,
                cast(sum(negative) as bigint) as negative,
                cast(sum(genuine_comments) as bigint) as genuine_comments,
                cast(sum(genuine_positive) as bigint) as genuine_positive,
                cast(sum(genuine_neutral) as bigint) as genuine_neutral,
                cast(sum(genuine_negative) as bigint) as genuine_negative,
                list(activity_day order by activity_day)
                    filter (is_negative_rise) as rises
            from feedback_daily
            where list_contains($ids, campaign_id)
            group by campaign_id
            """,
            ids,
        )
    )


def read_tone_days(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """How comments sound day by day: the first days that have some."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                activity_day,
                comments,
                positive,
                negative,
                genuine_negative,
                coalesce(is_negative_rise, false) as is_rise,
                coalesce(is_praise_burst, false) as is_burst
            from feedback_daily
            where list_contains($ids, campaign_id) and comments > 0
            qualify row_number() over (
                partition by campaign_id order by activity_day
            ) <= $most
            order by campaign_id, activity_day
            """,
            {**ids, "most": MOST_DAYS},
        )
    )


def read_topics(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """The largest topics of each campaign."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                array_to_string(terms[1:$terms], ', ') as words,
                comments,
                genuine_comments,
                sentiment_net,
                trend
            from feedback_topics
            where list_contains($ids, campaign_id)
            qualify row_number() over (
                partition by campaign_id order by comments desc, topic
            ) <= $most
            order by campaign_id, comments desc, topic
            """,
            {**ids, "most": MOST_TOPICS, "terms": MOST_TERMS},
        )
    )


def read_amplifiers(
    connection: duckdb.DuckDBPyConnection, ids: dict[str, list[str]]
) -> dict[str, list[Row]]:
    """What kind of accounts carried each campaign on."""
    return group(
        fetch(
            connection,
            """
            select
                campaign_id,
                platform,
                influence_level,
                amplifiers,
                direct_reposts,
                downstream_reposts_per_amplifier,
                genuine_downstream_reposts_per_amplifier,
                exposure
            from amplifiers
            where list_contains($ids, campaign_id)
            order by
                campaign_id,
                direct_reposts desc,
                amplifiers desc,
                platform,
                influence_level
            """,
            ids,
        )
    )


def is_sum_known(tone: Row, campaign: Row) -> bool:
    """Whether what its days tell of genuine comments is that of the whole campaign."""
    total = campaign["genuine_comments"]
    if total is None:
        return False
    # A day of hidden people alone takes nothing from the sum.
    return not tone["unknown_days"] or bool(tone["genuine_comments"] == total)


def read_groups(
    connection: duckdb.DuckDBPyConnection, campaign_id: str | None
) -> list[Row]:
    """Groups of accounts, those with the largest share of a campaign first.

    With a campaign those that engaged in it, with what they did there.
    """
    if campaign_id is not None:
        return fetch(
            connection,
            """
            select
                groups.kind,
                here.accounts as size,
                here.phantom_accounts,
                groups.evidence,
                here.campaign_share as share
            from campaign_groups as here
            inner join account_groups as groups using (group_key)
            where here.campaign_id = $campaign_id
            order by here.campaign_share desc, here.accounts desc, here.group_key
            limit $most
            """,
            {"campaign_id": campaign_id, "most": MOST_GROUPS},
        )
    return fetch(
        connection,
        """
        select kind, size, phantom_accounts, evidence, largest_campaign_share as share
        from account_groups
        where largest_campaign_share is not null
        order by largest_campaign_share desc, size desc, group_key
        limit $most
        """,
        {"most": MOST_GROUPS},
    )


def read_brands(
    connection: duckdb.DuckDBPyConnection,
    brand_ids: Sequence[str],
    campaign_id: str | None,
) -> list[Row]:
    """Of brands that run campaigns: what their actions changed, whom to talk to.

    With a campaign the actions that work within its days.
    """
    brands = sorted(set(brand_ids))
    actions = read_actions(connection, brands, campaign_id)
    contacts = read_contacts(connection, brands)
    reasons = read_reasons_against(connection, brands)
    results = {} if campaign_id else read_results(connection, brands)
    return [
        {
            "brand_id": brand,
            "actions": actions[brand],
            "contacts": contacts[brand][0] if contacts[brand] else None,
            "against": join_list(
                tell(
                    "{reason} ({accounts})",
                    reason=tell_said(one["reason"]) or one["reason"],
                    accounts=format_number(one["accounts"]),
                )
                for one in reasons[brand][:MOST_REASONS]
            ),
            "result": results[brand][0] if results.get(brand) else None,
        }
        for brand in brands
        if actions[brand] or contacts[brand]
    ]


def read_actions(
    connection: duckdb.DuckDBPyConnection, brands: list[str], campaign_id: str | None
) -> dict[str, list[Row]]:
    """What people wrote down first, then posts that stand out; the newest first."""
    return group(
        fetch(
            connection,
            """
            select
                brand_id, action_id, kind, post_id, note, first_day, effect_until,
                finding
            from brand_actions
            where
                list_contains($ids, brand_id)
                and (origin = 'written down' or expected_engagements is not null)
                and (
                    $campaign_id is null
                    or exists (
                        from campaigns
                        where
                            campaigns.campaign_id = $campaign_id
                            and first_day <= window_end
                            and effect_until >= window_start
                    )
                )
            qualify row_number() over (
                partition by brand_id
                order by
                    origin = 'data',
                    coalesce(outcome in ('rose', 'fell'), false) desc,
                    first_day desc,
                    action_id
            ) <= $most
            order by
                brand_id,
                origin = 'data',
                coalesce(outcome in ('rose', 'fell'), false) desc,
                first_day desc,
                action_id
            """,
            {"ids": brands, "campaign_id": campaign_id, "most": MOST_ACTIONS},
        ),
        "brand_id",
    )


def read_contacts(
    connection: duckdb.DuckDBPyConnection, brands: list[str]
) -> dict[str, list[Row]]:
    """How many there are to talk to, and how many of them may be contacted."""
    return group(
        fetch(
            connection,
            """
            select brand_id, accounts, contactable_accounts as contactable
            from contact_results
            where list_contains($ids, brand_id) and accounts > 0
            """,
            {"ids": brands},
        ),
        "brand_id",
    )


def read_reasons_against(
    connection: duckdb.DuckDBPyConnection, brands: list[str]
) -> dict[str, list[Row]]:
    """Why the others are not to be contacted."""
    return group(
        fetch(
            connection,
            """
            select brand_id, reason, cast(sum(accounts) as bigint) as accounts
            from (
                select brand_id, unnest(string_split(why_not, '; ')) as reason, accounts
                from contacts
                where list_contains($ids, brand_id) and why_not <> ''
            )
            group by brand_id, reason
            order by brand_id, accounts desc, reason
            """,
            {"ids": brands},
        ),
        "brand_id",
    )


def read_results(
    connection: duckdb.DuckDBPyConnection, brands: list[str]
) -> dict[str, list[Row]]:
    """How well the ranking of contacts did, where enough answers are known."""
    return group(
        fetch(
            connection,
            """
            from contact_results
            where list_contains($ids, brand_id) and judged_people >= $fewest
            """,
            {"ids": brands, "fewest": FEWEST_JUDGED},
        ),
        "brand_id",
    )
