-- One row per campaign and interaction with one of its posts, on covered days.
-- Followers are those of the profile read nearest to the act, earlier or later (of two
-- as near the earlier), with the day on which it was read; null where its source does not
-- say when that was. `activity_hour` is the hour of the act in the workspace's time zone,
-- null where its time does not say it; `shown` and `score_bin` are null where nobody knows
-- whose act it is; `is_known`: more than a name is known of who acted.
-- Cost: the interactions with campaigns' posts, and of accounts that were read several
-- times each with these readings.
--
-- grain: campaign_id, platform, root_post_id, kind, interaction_id
-- params: $time_zone
-- replace: once

with

acts as (
    select
        campaign_posts.campaign_id,
        campaign_posts.posted_at,
        interactions.platform,
        interactions.kind,
        interactions.interaction_id,
        interactions.account_id,
        interactions.root_post_id,
        interactions.acted_at,
        interactions.precision_seconds,
        interactions.date_day
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    inner join intermediate.campaign_posts as campaign_posts
        on
            interactions.platform = campaign_posts.platform
            and interactions.root_post_id = campaign_posts.post_id
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

readings as (
    select
        platform,
        account_id,
        count(*) as readings,
        max(date_day) as date_day,
        max(followers_count) as followers_count
    from profiles
    group by platform, account_id
),

moments as (
    select
        acts.platform,
        acts.account_id,
        acts.acted_at
    from acts
    inner join readings
        on
            acts.platform = readings.platform
            and acts.account_id = readings.account_id
    where readings.readings > 1
    group by acts.platform, acts.account_id, acts.acted_at
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
),

-- Of most accounts one profile was read: it is the nearest to all that they did.
people as (
    select
        accounts.platform,
        accounts.account_id,
        accounts.operator_id,
        accounts.is_genuine,
        accounts.shown,
        accounts.score_bin,
        case when readings.readings = 1 then readings.followers_count end
            as followers_count,
        case when readings.readings = 1 then readings.date_day end as followers_day
    from intermediate.accounts as accounts
    left join readings
        on
            accounts.platform = readings.platform
            and accounts.account_id = readings.account_id
)

select
    acts.campaign_id,
    acts.platform,
    acts.root_post_id,
    acts.kind,
    acts.interaction_id,
    acts.account_id,
    people.operator_id,
    coalesce(people.is_genuine, false) as is_genuine,
    people.shown,
    people.score_bin,
    coalesce(people.shown <> 'name' or people.score_bin > 0, false) as is_known,
    coalesce(people.followers_count, nearest.followers_count) as followers_count,
    coalesce(people.followers_day, nearest.date_day) as followers_day,
    acts.acted_at,
    acts.date_day as activity_day,
    case
        when acts.precision_seconds <= 3600
            then
                extract(
                    hour from acts.acted_at at time zone 'UTC' at time zone $time_zone
                )
    end as activity_hour,
    acts.date_day between campaigns.window_start and campaigns.window_end
        as is_in_window,
    date_diff('second', acts.posted_at, acts.acted_at) as age_seconds
from acts
inner join meta.campaigns as campaigns on acts.campaign_id = campaigns.campaign_id
left join people
    on
        acts.platform = people.platform
        and acts.account_id = people.account_id
left join nearest
    on
        acts.platform = nearest.platform
        and acts.account_id = nearest.account_id
        and acts.acted_at = nearest.acted_at
