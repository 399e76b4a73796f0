-- One row per campaign and interaction with one of its posts, on covered days.
-- Followers are those of the profile read nearest to the act, earlier or later (of two
-- as near the earlier), with the day on which it was read; null where its source does not
-- say when that was.
-- Cost: the interactions with campaigns' posts, each with the readings of its account.
--
-- grain: campaign_id, platform, root_post_id, kind, interaction_id
-- params: none
-- replace: all

with

roots as (
    select distinct
        platform,
        post_id
    from intermediate.campaign_posts
),

interactions as (
    select
        interactions.platform,
        interactions.kind,
        interactions.interaction_id,
        interactions.account_id,
        interactions.root_post_id,
        interactions.parent_method,
        interactions.acted_at,
        interactions.date_day
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    inner join roots
        on
            interactions.platform = roots.platform
            and interactions.root_post_id = roots.post_id
),

moments as (
    select distinct
        platform,
        account_id,
        acted_at
    from interactions
    where account_id is not null
),

profiles as (
    select
        platform,
        account_id,
        observed_at,
        case when is_moment_told then date_day end as date_day,
        followers_count
    from staging.accounts
    where followers_count is not null
),

-- An account has one reading a day, so no two in one second.
around as (
    select
        moments.platform,
        moments.account_id,
        moments.acted_at,
        max(case when profiles.observed_at <= moments.acted_at then profiles.observed_at end)
            as read_before,
        min(case when profiles.observed_at > moments.acted_at then profiles.observed_at end)
            as read_after
    from moments
    inner join profiles
        on
            moments.platform = profiles.platform
            and moments.account_id = profiles.account_id
    group by moments.platform, moments.account_id, moments.acted_at
),

nearest as (
    select
        around.platform,
        around.account_id,
        around.acted_at,
        profiles.followers_count,
        profiles.date_day
    from around
    inner join profiles
        on
            around.platform = profiles.platform
            and around.account_id = profiles.account_id
            and case
                when around.read_after is null then around.read_before
                when around.read_before is null then around.read_after
                when
                    date_diff('second', around.read_before, around.acted_at)
                    <= date_diff('second', around.acted_at, around.read_after)
                    then around.read_before
                else around.read_after
            end = profiles.observed_at
)

select
    campaign_posts.campaign_id,
    interactions.platform,
    interactions.root_post_id,
    interactions.kind,
    interactions.interaction_id,
    interactions.account_id,
    accounts.operator_id,
    coalesce(accounts.is_genuine, false) as is_genuine,
    nearest.followers_count,
    nearest.date_day as followers_day,
    interactions.acted_at,
    interactions.date_day as activity_day,
    interactions.date_day between campaigns.window_start and campaigns.window_end
        as is_in_window,
    date_diff('second', campaign_posts.posted_at, interactions.acted_at)
        as age_seconds
from intermediate.campaign_posts as campaign_posts
inner join meta.campaigns as campaigns
    on campaign_posts.campaign_id = campaigns.campaign_id
inner join interactions
    on
        campaign_posts.platform = interactions.platform
        and campaign_posts.post_id = interactions.root_post_id
left join intermediate.accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
left join nearest
    on
        interactions.platform = nearest.platform
        and interactions.account_id = nearest.account_id
        and interactions.acted_at = nearest.acted_at
