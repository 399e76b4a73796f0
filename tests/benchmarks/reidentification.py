"""Who the published marts show to somebody who sees the platform.

`python -m tests.benchmarks.reidentification [--workspace DIR] [--accounts 20000]
[--seed 7]` attacks the marts of a workspace that has run (default: none), or of a
planted world. The attacker knows of each account what the platform shows to anybody:
profile, and every act with its moment. He joins all published tables, row order
included, by their keys, and keeps of each row the accounts that it can be. A second
one, the insider, has run this program on the same records, so that he also knows each
verdict and group; a third one knows who acted on which campaign's day or post and reads
what the sums of these say. Accounts of brands, which the marts name, are left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tasks.warehouse.models import load_models
from tests.workspaces import FIRST, LAST, Lab, lab_of
from tests.world import WorldSpec, generate

# What the attacker computes of each account from the platform alone, as the
# columns of the marts would say it, and finer.
_FACTS = """
with profiles as (
    select
        platform, account_id,
        arg_max(location, observed_at) as location,
        arg_max(is_verified, observed_at) as is_verified,
        arg_max(followers_count, observed_at) as followers,
        min(registered_at) as registered_at
    from staging.accounts
    group by all
),
acts as (
    select
        platform, account_id, min(date_day) as first_day, max(date_day) as last_day,
        count(*) filter (kind in ('repost', 'comment', 'like', 'mention')) as acts,
        count(*) filter (kind = 'repost') as reposts,
        count(*) filter (kind = 'comment') as comments,
        count(*) filter (kind = 'post') as posts
    from (
        select platform, account_id, date_day, kind from staging.interactions
        union all
        select platform, account_id, date_day, 'post' from staging.posts
    )
    where account_id is not null
    group by all
),
in_campaigns as (
    select
        platform, account_id, count(*) as campaigns,
        list(struct_pack(
            campaign_id := campaign_id, has_reposted := has_reposted,
            has_commented := has_commented, has_liked := has_liked,
            has_mentioned := has_mentioned
        ) order by campaign_id) as acted
    from (
        select
            platform, account_id, campaign_id,
            bool_or(kind = 'repost') as has_reposted,
            bool_or(kind = 'comment') as has_commented,
            bool_or(kind = 'like') as has_liked,
            bool_or(kind = 'mention') as has_mentioned
        from acts_on_posts
        where is_in_window and account_id is not null
        group by all
    )
    group by all
)
select
    accounts.platform,
    accounts.account_id,
    accounts.account_key,
    case
        when followers < 100 then 'low' when followers < 10000 then 'regular'
        when followers < 500000 then 'influential'
        when followers is not null then 'key_opinion_leader'
    end as influence_level,
    profiles.is_verified,
    year(registered_at) as registered_year,
    date_trunc('month', registered_at)::date as registered_month,
    split_part(trim(location), ' ', 1) as region,
    date_trunc('month', first_day)::date as first_seen_month,
    date_trunc('month', last_day)::date as last_seen_month,
    case
        when coalesce(acts + posts, 0) = 0 then 'none'
        when acts + posts = 1 then 'single'
        when acts + posts < 5 then 'few'
        when acts + posts < 20 then 'regular' else 'many'
    end as activity_level,
    coalesce(campaigns, 0) as campaigns,
    acted,
    first_day, last_day, coalesce(acts, 0) as acts, coalesce(reposts, 0) as reposts,
    coalesce(comments, 0) as comments, coalesce(posts, 0) as posts,
    accounts.phantom_level <> 'genuine' as is_doubtful  -- what he wants to know
from intermediate.accounts as accounts
left join profiles using (platform, account_id)
left join acts using (platform, account_id)
left join in_campaigns using (platform, account_id)
where (platform, account_id) not in (
    select platform, account_id from meta.brand_accounts
)
"""
# Every published row of a person: all tables that have an account's key, joined.
_ROWS = """
select accounts.*, bridges.acted
from marts.accounts as accounts
left join (
    select
        platform, account_key,
        list(struct_pack(
            campaign_id := campaign_id, has_reposted := has_reposted,
            has_commented := has_commented, has_liked := has_liked,
            has_mentioned := has_mentioned
        ) order by campaign_id) as acted
    from marts.campaign_accounts
    group by all
) as bridges using (platform, account_key)
where account_key not in (select unnest(account_keys) from marts.brands)
"""
_VISIBLE = (
    "influence_level",
    "is_verified",
    "registered_year",
    "registered_month",
    "region",
    "first_seen_month",
    "last_seen_month",
    "activity_level",
    "campaigns",
)
# Sums over those who acted together somewhere: all of one level, or none of it.
_CELLS = """
select 'campaign_daily' as mart, acted.accounts, genuine_engaged_accounts as genuine
from marts.campaign_daily as cells
inner join (
    select
        campaign_id, platform, activity_day,
        list(distinct account_id) as accounts
    from acts_on_posts
    where is_in_window and kind <> 'mention' and account_id is not null
    group by all
) as acted using (campaign_id, platform, activity_day)
union all
select 'campaign_posts', acted.accounts, genuine_lifetime_engagements
from marts.campaign_posts as cells
inner join (
    select
        posts.campaign_id, posts.platform, posts.post_key,
        list(distinct interactions.account_id) as accounts
    from intermediate.campaign_posts as posts
    inner join staging.interactions as interactions
        on
            posts.platform = interactions.platform
            and posts.post_id = interactions.root_post_id
    where interactions.kind <> 'mention' and interactions.account_id is not null
    group by all
) as acted using (campaign_id, platform, post_key)
union all
select 'audience_quality', members.accounts, cells.accounts * (1 - phantom_share)
from marts.audience_quality as cells
inner join (
    select brand_id, audience, day, list(distinct account_id) as accounts
    from intermediate.audience_members
    group by all
) as members using (brand_id, audience, day)
"""


@dataclass(frozen=True)
class Attack:
    """What an attacker found.

    Attributes:
        rows: rows of persons that he looked at.
        pinned: rows that fewer accounts than `min_cell` can be.
        fewest: of how many accounts he can't tell the one behind any row.
        unsure: of how many rows he can't tell which one any account has.
        guessed: rows that he gets right on average if he guesses.
    """

    rows: int
    pinned: int
    fewest: int
    unsure: int
    guessed: float


def open_lab(lab: Lab, marts: str = "open.main") -> duckdb.DuckDBPyConnection:
    """The attacker's desk: what the platform shows, and what is published.

    Args:
        lab: whose publication.
        marts: the schema that is attacked; `marts` is the warehouse's own.
    """
    desk = duckdb.connect()
    desk.execute(f"attach '{lab.root}/warehouse.duckdb' as truth (read_only)")
    if marts == "open.main":
        file = lab.root / "published" / "marts.duckdb"
        desk.execute(f"attach '{file}' as open (read_only)")
    desk.execute("use truth")
    acts = load_models("intermediate")["intermediate.campaign_interactions"]
    # The attack looks at no hour.
    desk.execute(f"create temp table acts_on_posts as {acts.sql}", {"time_zone": "UTC"})
    for table, select in (("facts", _FACTS), ("told", _ROWS), ("cells", _CELLS)):
        desk.execute(
            f"create temp table {table} as {select.replace('marts.', f'{marts}.')}"
        )
    return desk


def by_days_and_counts(desk: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Acting accounts that first and last day and counts would show, of how many."""
    ((alone, acting),) = desk.execute(
        """
        select count(*) filter (alike = 1), count(*)
        from (
            select count(*) over (
                partition by platform, first_day, last_day, acts, reposts, comments
            ) as alike
            from facts
            where acts > 0
        )
        """
    ).fetchall()
    return alone, acting


def as_outsider(desk: duckdb.DuckDBPyConnection, min_cell: int) -> Attack:
    """By all that the platform shows; null says nothing."""
    matches = " and ".join(
        f"(told.{name} is null or told.{name} is not distinct from facts.{name})"
        for name in _VISIBLE
    )
    acted = " and ".join(
        f"(pair[1].{name} is null or pair[1].{name} = pair[2].{name})"
        for name in ("has_reposted", "has_commented", "has_liked", "has_mentioned")
    )
    visible = ", ".join(_VISIBLE)
    desk.execute(
        f"""
        create or replace temp table pairs as
        with told as (
            select
                platform, {visible}, acted, count(*) as alike,
                coalesce(bool_or(phantom_level <> 'genuine' and (
                    influence_level is not null or is_verified is not null
                    or registered_year is not null or activity_level is not null
                )), false) as tells_on_profile
            from told group by all
        ),
        facts as (
            select
                platform, {visible}, acted, count(*) as accounts,
                count(*) filter (is_doubtful) as doubtful
            from facts group by all
        )
        select
            dense_rank() over (order by told) as row_of,
            dense_rank() over (order by facts) as facts_of,
            told.alike,
            told.tells_on_profile,
            facts.accounts,
            facts.doubtful
        from told
        inner join facts on told.platform = facts.platform and {matches}
            and (told.acted is null or (
                list_transform(told.acted, lambda one: one.campaign_id)
                = list_transform(facts.acted, lambda one: one.campaign_id)
                and list_bool_and(list_transform(
                    list_zip(told.acted, facts.acted), lambda pair: {acted}
                ))
            ))
        """
    )
    return _judged(desk, min_cell)


def surest_guess(desk: duckdb.DuckDBPyConnection) -> float:
    """The largest share of suspected accounts and likely phantoms of any profile.

    Of the accounts that a row can be for the outsider, where rows of that profile say
    so of somebody.
    """
    ((share,),) = desk.execute(
        """
        select max(share) from (
            select sum(doubtful) / sum(accounts) as share
            from pairs
            where tells_on_profile
            group by row_of
        )
        """
    ).fetchall()
    return float(share)


def as_insider(desk: duckdb.DuckDBPyConnection, min_cell: int) -> Attack:
    """By all that a row says, verdict and group included: as if he had run this."""
    desk.execute(
        """
        create or replace temp table pairs as
        select
            row_number() over (order by said) as row_of,
            row_of as facts_of,
            count(*) as alike,
            count(*) as accounts
        from (
            select cast(shown as varchar) as said
            from (select * exclude (account_key) from told) as shown
        )
        group by said
        """
    )
    return _judged(desk, min_cell)


def _judged(desk: duckdb.DuckDBPyConnection, min_cell: int) -> Attack:
    (found,) = desk.execute(
        """
        select
            sum(alike)::bigint,
            coalesce(sum(alike) filter (accounts < $min_cell), 0)::bigint,
            min(accounts)::bigint,
            (
                select min(alike) from (
                    select sum(alike) as alike from pairs group by facts_of
                )
            )::bigint,
            sum(alike / accounts)
        from (
            select row_of, any_value(alike) as alike, sum(accounts) as accounts
            from pairs group by row_of
        )
        """,
        {"min_cell": min_cell},
    ).fetchall()
    return Attack(*found)


def told_by_sums(desk: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Accounts that a sum shows to be likely phantoms, as nobody in it is genuine.

    Returns:
        Of each mart with such sums the number of cells and of accounts.
    """
    return {
        mart: (cells, accounts)
        for mart, cells, accounts in desk.execute(
            """
            select mart, count(*), count(distinct account) from (
                select mart, genuine, unnest(accounts) as account,
                    row_number() over () as cell
                from cells
            )
            where genuine = 0
            group by mart
            order by mart
            """
        ).fetchall()
    }


def attack(lab: Lab) -> list[Attack]:
    """Print and return what each attacker finds in a workspace's publication."""
    min_cell = lab.workspace.policies.min_cell
    with open_lab(lab) as desk:
        alone, acting = by_days_and_counts(desk)
        print(f"  days and counts of restricted/ would show {alone} of {acting}")
        found = []
        for name, by in (("outsider", as_outsider), ("insider", as_insider)):
            result = by(desk, min_cell)
            found.append(result)
            print(
                f"  {name}: {result.pinned} of {result.rows} rows pinned to fewer than"
                f" {min_cell}; fewest accounts a row can be {result.fewest}, fewest"
                f" rows an account can have {result.unsure}; guesses right"
                f" {result.guessed:.0f} ({result.guessed / result.rows:.1%})"
            )
            if name == "outsider":
                print(f"  the surest guess at a level: {surest_guess(desk):.2f}")
        for mart, (cells, accounts) in told_by_sums(desk).items():
            print(f"  {mart}: {cells} x nobody genuine, {accounts} accounts")
        ((steps, campaigns),) = desk.execute(
            "select string_agg(detail || ': ' || n, ', ' order by detail),"
            " sum(in_campaigns) from (select detail, count(*) as n,"
            " count(campaigns) as in_campaigns from told group by detail)"
        ).fetchall()
        print(f"  {campaigns} rows tell their campaigns; rows by detail {steps}")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Attack and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--interactions", type=int, default=40_000)
    parser.add_argument("--campaigns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args(arguments)
    if chosen.workspace:
        print(f"{chosen.workspace}:")
        attack(Lab(chosen.workspace))
        return
    warnings.simplefilter("ignore")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        spec = WorldSpec(
            seed=chosen.seed,
            accounts=chosen.accounts,
            interactions=chosen.interactions,
            campaigns=chosen.campaigns,
        )
        lab = lab_of(generate(spec), Path(folder), "canonical")
        lab.run(FIRST, LAST)
        print(
            f"world of {chosen.accounts:,} accounts, seed {chosen.seed},"
            f" {time.perf_counter() - began:.0f} s:"
        )
        attack(lab)


if __name__ == "__main__":
    main()
