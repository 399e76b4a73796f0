"""Who engages with the posts of accounts, whatever campaign they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from tasks.warehouse import ledger
from tasks.warehouse.database import tune

# Candidates' posts and those of brands, and who engaged with them.
_ENGAGERS = """
create temp table engagers as
with

authors as (
    select
        'candidate' as side,
        cast(number as varchar) as name,
        platform,
        account_id
    from candidates
    union all
    select 'brand' as side, brand_id as name, platform, account_id
    from meta.brand_accounts
),

posts as (
    select distinct authors.side, authors.name, posts.platform, posts.post_id
    from authors
    inner join staging.posts as posts using (platform, account_id)
)

select
    posts.side,
    posts.name,
    posts.platform,
    interactions.account_id,
    accounts.phantom_level,
    accounts.coordinated_group_key,
    coalesce(accounts.shown, 'hidden') as shown,
    coalesce(accounts.score_bin, 0) as score_bin,
    coalesce(accounts.is_genuine, false) as is_genuine,
    count(*) as acts
from posts
inner join staging.interactions as interactions
    on
        posts.platform = interactions.platform
        and posts.post_id = interactions.root_post_id
left join intermediate.accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
where interactions.kind <> 'mention'
group by all
"""

_POSTS = """
select
    candidates.number,
    count(posts.post_id) as posts,
    min(posts.date_day) as first_post_day,
    max(posts.date_day) as last_post_day
from candidates
left join staging.posts as posts using (platform, account_id)
group by candidates.number
order by candidates.number
"""

# What the platform counts of each post at its newest reading, and what is held of that.
_COUNTED = """
with

newest as (
    select
        candidates.number,
        posts.platform,
        posts.post_id,
        arg_max(counters.reposts_count, counters.observed_at) as reposts,
        arg_max(counters.comments_count, counters.observed_at) as comments,
        arg_max(counters.likes_count, counters.observed_at) as likes
    from candidates
    inner join staging.posts as posts using (platform, account_id)
    inner join staging.post_counters as counters using (platform, post_id)
    group by all
),

counted as (
    select number, platform, post_id, 'repost' as kind, reposts as acts from newest
    union all
    select number, platform, post_id, 'comment' as kind, comments as acts from newest
    union all
    select number, platform, post_id, 'like' as kind, likes as acts from newest
),

held as (
    select platform, root_post_id as post_id, kind, count(*) as acts
    from staging.interactions
    group by all
)

select
    counted.number,
    cast(sum(counted.acts) as bigint) as platform_engagements,
    -- What was deleted since is held and not counted any more.
    cast(sum(least(coalesce(held.acts, 0), counted.acts)) as bigint) as held_engagements
from counted
left join held using (platform, post_id, kind)
where counted.acts is not null
group by counted.number
order by counted.number
"""

_AUTHORS = """
with

audiences as (
    select
        posts.platform,
        posts.account_id,
        count(distinct interactions.account_id) as engaged_accounts
    from staging.posts as posts
    inner join staging.interactions as interactions
        on
            posts.platform = interactions.platform
            and posts.post_id = interactions.root_post_id
    where
        interactions.kind <> 'mention'
        and interactions.account_id <> posts.account_id
    group by posts.platform, posts.account_id
)

select
    audiences.engaged_accounts,
    accounts.platform,
    accounts.account_id,
    profiles.screen_name,
    accounts.phantom_level
from audiences
inner join intermediate.accounts as accounts using (platform, account_id)
inner join intermediate.account_profiles as profiles using (platform, account_id)
order by audiences.engaged_accounts desc, accounts.platform, accounts.account_id
"""

_HISTOGRAMS = """
select
    cast(name as bigint) as number,
    shown,
    score_bin,
    cast(sum(acts) as bigint) as acts,
    cast(sum(case when account_id is null then acts else acts * acts end) as bigint)
        as squares,
    cast(sum(case when is_genuine then acts else 0 end) as bigint) as genuine_acts,
    count(account_id) as accounts,
    count(case when is_genuine then account_id end) as genuine_accounts
from engagers
where side = 'candidate'
group by all
order by all
"""

_TOTALS = """
select
    cast(name as bigint) as number,
    cast(sum(acts) as bigint) as engagements,
    cast(sum(acts) filter (where is_genuine) as bigint) as genuine_engagements,
    count(account_id) as engaged_accounts,
    count(account_id) filter (where phantom_level = 'phantom') as likely_phantoms,
    count(account_id) filter (where phantom_level = 'suspected') as suspected,
    count(account_id) filter (where coordinated_group_key is not null) as coordinated
from engagers
where side = 'candidate'
group by all
order by number
"""

# Genuine accounts alone: shared phantoms are no shared audience.
_OVERLAPS = """
with

genuine as (
    select side, name, platform, account_id
    from engagers
    where is_genuine and account_id is not null
    group by all
),

sizes as (
    select side, name, count(*) as accounts
    from genuine
    group by all
)

select
    cast(one.name as bigint) as number,
    other.side as other_side,
    other.name as other,
    count(*) as shared_accounts,
    round(count(*) / sizes.accounts, 6) as share
from genuine as one
inner join genuine as other using (platform, account_id)
inner join sizes on one.side = sizes.side and one.name = sizes.name
where
    one.side = 'candidate'
    and not (one.side = other.side and one.name = other.name)
group by one.name, other.side, other.name, sizes.accounts
having count(*) >= $min_cell
order by number, other_side, other
"""


@dataclass(frozen=True)
class Engagers:
    """Who engages with accounts' posts; `number` counts the accounts from 0.

    Attributes:
        posts: a row an account: number, posts, first_post_day, last_post_day.
        counted: a row an account of whose posts counters were read: number,
            platform_engagements (reposts, comments and likes at the newest reading,
            those that are counted), held_engagements (of these held one by one).
        totals: a row an account with engagers: engagements, genuine_engagements,
            engaged_accounts, likely_phantoms, suspected, coordinated.
        histograms: how the scores of engagers lie, as intervals look at them.
        overlaps: number, other_side (candidate or brand), other (its number or id),
            shared_accounts (genuine ones), share (of the account's genuine engagers);
            none of fewer than `min_cell` accounts.
        rates: error rates of labelled accounts, as the warehouse keeps them.
    """

    posts: pl.DataFrame
    counted: pl.DataFrame
    totals: pl.DataFrame
    histograms: pl.DataFrame
    overlaps: pl.DataFrame
    rates: str


def find_engagers(
    database: Path, accounts: Sequence[tuple[str, str]], min_cell: int
) -> Engagers:
    """Look at who engaged with accounts' posts.

    Args:
        database: the warehouse; it is only read. Costs one pass over interactions.
        accounts: network and id of each.
        min_cell: overlaps of fewer accounts are left out.
    """
    candidates = pl.DataFrame(
        [(number, *account) for number, account in enumerate(accounts)],
        schema={"number": pl.Int64, "platform": pl.String, "account_id": pl.String},
        orient="row",
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        tune(connection, database.with_name(".spill"))
        connection.register("candidates", candidates)
        connection.execute(_ENGAGERS)
        return Engagers(
            posts=connection.sql(_POSTS).pl(),
            counted=connection.sql(_COUNTED).pl(),
            totals=connection.sql(_TOTALS).pl(),
            histograms=connection.sql(_HISTOGRAMS).pl(),
            overlaps=connection.sql(_OVERLAPS, params={"min_cell": min_cell}).pl(),
            rates=ledger.read_state(connection, "score_rates") or "{}",
        )


def find_authors(database: Path) -> pl.DataFrame:
    """Who posted what others engaged with.

    Args:
        database: the warehouse; it is only read. Costs one pass over interactions.

    Returns:
        engaged_accounts (others that did), platform, account_id, screen_name,
        phantom_level; the largest audience first.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        tune(connection, database.with_name(".spill"))
        found: pl.DataFrame = connection.sql(_AUTHORS).pl()
        return found
