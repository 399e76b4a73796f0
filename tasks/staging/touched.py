"""Which days and accounts new rows change; what else they tell of days."""

from __future__ import annotations

import duckdb

from tasks.staging.observe import EARLIEST
from tasks.warehouse import ledger

# The day that a row counts for; null where the record tells none.
DAY_SQL = {
    "accounts": "observed_at",
    "posts": "posted_at",
    "post_counters": "observed_at",
    "interactions": "acted_at",
    "follows": "observed_at",
    "hot_topics": "observed_at",
}


def touch_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Note whose own acts, or what is counted of their posts, the new rows change."""
    connection.execute(
        """
        insert into meta.touched_accounts
        select interactions.platform, interactions.account_id
        from staging.interactions as interactions
        semi join staging.valid_interactions as observed
            on interactions.platform = observed.platform
            and interactions.interaction_id = observed.interaction_id
        where interactions.account_id is not null
        union
        select posts.platform, posts.account_id
        from staging.posts as posts
        semi join (
            select platform, post_id from staging.valid_posts
            union all
            select platform, post_id from staging.valid_post_counters
        ) as observed
            on posts.platform = observed.platform
            and posts.post_id = observed.post_id
        where posts.account_id is not null
        """
    )


def touch_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Note the days whose marts the new rows change.

    Besides their own days these are the days on which a newly observed account
    acted: its followers there may be known better now.
    """
    connection.execute(
        """
        insert into meta.touched_days
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, root_post_id from staging.valid_interactions
        ) as roots
            on interactions.platform = roots.platform
            and interactions.root_post_id = roots.root_post_id
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, account_id from staging.valid_accounts
        ) as observed
            on interactions.platform = observed.platform
            and interactions.account_id = observed.account_id
        union
        select distinct interactions.date_day
        from staging.interactions as interactions
        semi join (
            select distinct platform, post_id from staging.valid_posts
        ) as observed
            on interactions.platform = observed.platform
            and interactions.root_post_id = observed.post_id
        union
        select distinct posts.date_day
        from staging.posts as posts
        semi join (
            select distinct platform, post_id from staging.valid_posts
        ) as observed
            on posts.platform = observed.platform and posts.post_id = observed.post_id
        union
        select distinct hot_topics.date_day
        from staging.hot_topics as hot_topics
        semi join staging.valid_hot_topics as observed
            on hot_topics.platform = observed.platform
            and hot_topics.board = observed.board
            and hot_topics.observed_at = observed.observed_at
        """
    )


def note_source_days(
    connection: duckdb.DuckDBPyConnection, params: dict[str, str]
) -> None:
    """Note of which days each source gave something.

    None lies before there were networks: so moments are written that nobody knows, and
    wrong dates, of which the longest gap that was ever seen would become.

    Of observations, not of what staging keeps of them: two sources that give the same
    comment are both alive.
    """
    given = " union all ".join(
        f"select source, platform, {moment} as happened_at,"
        f" {str(table in ('posts', 'interactions')).lower()} as is_activity"
        f" from staging.valid_{table}"
        for table, moment in DAY_SQL.items()
    )
    connection.execute(
        f"""
        insert into meta.source_days
        select distinct
            source,
            platform,
            cast(happened_at at time zone 'UTC' at time zone $time_zone as date),
            is_activity
        from (
            -- A minute is of one day on all clocks, and few are different.
            select distinct
                source,
                platform,
                date_trunc('minute', happened_at) as happened_at,
                is_activity
            from ({given})
            where happened_at >= timestamp '{EARLIEST}'
        )
        except
        from meta.source_days
        """,
        params,
    )


def mark_days(
    connection: duckdb.DuckDBPyConnection, run_id: str, params: dict[str, str]
) -> None:
    """Write what was landed and staged per platform and day."""
    days = " union all ".join(
        f"select platform, {DAY_SQL[table]} as happened_at from staging.valid_{table}"
        for table in ("posts", "interactions")
    )
    connection.execute(
        f"""
        create or replace temp table staged_days as
        select
            staged.platform,
            staged.date_day,
            staged.rows_out + coalesce(rejected.rows, 0) as rows_in,
            staged.rows_out,
            coalesce(rejected.rows, 0) as rows_quarantined
        from (
            select
                platform,
                cast(happened_at at time zone 'UTC' at time zone $time_zone as date)
                    as date_day,
                cast(sum(rows_out) as bigint) as rows_out
            from (
                select
                    platform,
                    date_trunc('minute', happened_at) as happened_at,
                    count(*) as rows_out
                from ({days})
                group by all
            )
            group by all
        ) as staged
        left join (
            select platform, date_day, cast(sum(rows) as bigint) as rows
            from meta.quarantine
            where stage = 'validate' and kind in ('posts', 'interactions')
            group by all
        ) as rejected using (platform, date_day)
        """,
        params,
    )
    for name in ("extract", "validate"):
        ledger.mark(connection, name, run_id, "from staged_days")
    connection.execute("drop table staged_days")


def touch_all_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Note every day that staging tells of."""
    connection.execute(
        "insert into meta.touched_days"
        " select distinct date_day from staging.interactions"
        " union select distinct date_day from staging.posts"
        " union select distinct date_day from staging.hot_topics"
    )


def touch_all_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Note every account that acted or posted as one whose acts are new."""
    connection.execute(
        "insert into meta.touched_accounts"
        " select platform, account_id from staging.interactions"
        " where account_id is not null"
        " union select platform, account_id from staging.posts"
        " where account_id is not null"
    )
