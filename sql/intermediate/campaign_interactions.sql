-- One row per campaign and interaction with one of its posts, on covered days.
-- Followers are those of the activity day where a profile of that day is known,
-- else the newest known.
--
-- grain: campaign_id, platform, root_post_id, kind, interaction_id
-- params: none
-- replace: all

with

day_profiles as (
    select
        platform,
        account_id,
        date_day,
        followers_count
    from staging.accounts
    where followers_count is not null
),

interactions as (
    select
        platform,
        kind,
        interaction_id,
        account_id,
        root_post_id,
        parent_method,
        acted_at,
        date_day
    from staging.interactions
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
    coalesce(accounts.is_surely_genuine, false) as is_surely_genuine,
    coalesce(accounts.is_possibly_genuine, false) as is_possibly_genuine,
    coalesce(day_profiles.followers_count, accounts.followers_count)
        as followers_count,
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
inner join meta.covered_days as covered_days
    on interactions.date_day = covered_days.date_day
left join intermediate.accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
left join day_profiles
    on
        interactions.platform = day_profiles.platform
        and interactions.account_id = day_profiles.account_id
        and interactions.date_day = day_profiles.date_day
