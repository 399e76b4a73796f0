-- One row per account that was registered in a burst of an account's listed followers:
-- the burst's size, what would be usual, and how many of it have the account's own
-- shape, where that is a shape of the burst.
--
-- A shape is the order of letters, digits and marks in the name, whether the picture is
-- the default one and whether there is a description. It is a burst's where half of the
-- burst have it, five at least, and twice the part that has it among the account's
-- other followers. Of several bursts the one with the most followers counts.
-- Cost: linear in follows.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

shapes as (
    select
        platform,
        account_id,
        cast(registered_at as date) as registered_day,
        regexp_replace(
            regexp_replace(
                regexp_replace(screen_name, '[0-9]+', '0', 'g'), '[A-Za-z]+', 'a', 'g'
            ),
            '[^0a_.-]+',
            'x',
            'g'
        )
        || case
            when
                regexp_matches(
                    avatar_url, '/default|avatar_default|default_avatar'
                )
                then ' default'
            else ''
        end
        || case when trim(description) <> '' then ' described' else '' end as shape
    from intermediate.account_profiles
    where registered_at is not null
),

bursting as (
    select distinct
        platform,
        account_id
    from intermediate.follow_bursts
),

listed as (
    select
        follows.platform,
        follows.account_id as followed_id,
        follows.follower_id as account_id,
        shapes.registered_day,
        shapes.shape,
        bursts.followers as burst_followers,
        bursts.all_followers,
        bursts.usual_followers
    from staging.follows as follows
    inner join shapes
        on
            follows.platform = shapes.platform
            and follows.follower_id = shapes.account_id
    inner join bursting
        on
            follows.platform = bursting.platform
            and follows.account_id = bursting.account_id
    left join intermediate.follow_bursts as bursts
        on
            follows.platform = bursts.platform
            and follows.account_id = bursts.account_id
            and shapes.registered_day = bursts.registered_day
),

shapes_of_followers as (
    select
        platform,
        followed_id,
        shape,
        count(*) as followers
    from listed
    group by platform, followed_id, shape
),

shapes_of_bursts as (
    select
        platform,
        followed_id,
        registered_day,
        shape,
        count(*) as followers
    from listed
    where burst_followers is not null
    group by platform, followed_id, registered_day, shape
),

members as (
    select
        listed.platform,
        listed.account_id,
        listed.followed_id,
        listed.burst_followers,
        listed.usual_followers,
        case
            when
                shapes_of_bursts.followers >= 5
                and 2 * shapes_of_bursts.followers >= listed.burst_followers
                and shapes_of_bursts.followers
                * (listed.all_followers - listed.burst_followers)
                >= 2
                * listed.burst_followers
                * (shapes_of_followers.followers - shapes_of_bursts.followers)
                then shapes_of_bursts.followers
        end as burst_alike
    from listed
    left join shapes_of_bursts
        on
            listed.platform = shapes_of_bursts.platform
            and listed.followed_id = shapes_of_bursts.followed_id
            and listed.registered_day = shapes_of_bursts.registered_day
            and listed.shape = shapes_of_bursts.shape
    left join shapes_of_followers
        on
            listed.platform = shapes_of_followers.platform
            and listed.followed_id = shapes_of_followers.followed_id
            and listed.shape = shapes_of_followers.shape
    where listed.burst_followers is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by platform, account_id
            order by burst_followers desc, followed_id asc
        ) as place
    from members
)

select
    platform,
    account_id,
    burst_followers,
    usual_followers as burst_followers_usual,
    burst_alike
from ranked
where place = 1
