-- One row per account and observation day: the day's newest observation, of those that
-- tell counts where any does.
--
-- grain: platform, account_id, date_day
-- params: $time_zone
-- replace: rows platform, account_id, date_day
-- columns:
--   platform varchar: the network
--   account_id varchar: the platform's id
--   screen_name varchar: the name shown
--   display_name varchar: a second name, where the platform has one
--   description varchar: what the account says of itself
--   location varchar: as the profile states it
--   gender varchar: as the profile states it
--   avatar_url varchar: address of the picture, without its expiring signature
--   is_verified boolean: the platform vouches for it
--   verified_type varchar: the platform's kind of verification
--   followers_count bigint: followers
--   following_count bigint: accounts followed
--   mutual_count bigint: followers followed back
--   posts_count bigint: posts
--   likes_count bigint: posts liked or kept
--   level bigint: the platform's own rank
--   registered_at timestamp: UTC
--   observed_at timestamp: UTC, when this was seen; the time of the record that it stands in where nobody says when that was
--   is_moment_told boolean: whether the source says when this was seen
--   date_day date: the observation's day in the workspace's time zone

with

different as (
    -- One crawl shows the same profile in many records.
    select distinct
        platform,
        account_id,
        screen_name,
        display_name,
        description,
        location,
        gender,
        avatar_url,
        is_verified,
        verified_type,
        followers_count,
        following_count,
        mutual_count,
        posts_count,
        likes_count,
        level,
        registered_at,
        observed_at,
        coalesce(is_moment_told, false) as is_moment_told
    from staging.valid_accounts
),

observed as (
    select
        *,
        cast(observed_at at time zone 'UTC' at time zone $time_zone as date) as date_day
    from different
),

touched as (
    select distinct
        platform,
        account_id,
        date_day
    from observed
),

observations as (
    select * from observed
    union all
    select accounts.*
    from staging.accounts as accounts
    inner join touched
        on
            accounts.platform = touched.platform
            and accounts.account_id = touched.account_id
            and accounts.date_day = touched.date_day
),

ranked as (
    select
        *,
        row_number() over (
            partition by platform, account_id, date_day
            -- Who is seen by a name alone later that day is not known any less.
            order by
                followers_count is null
                and following_count is null
                and posts_count is null,
                observed_at desc,
                is_moment_told desc,
                followers_count desc nulls last,
                posts_count desc nulls last,
                following_count desc nulls last,
                screen_name desc nulls last,
                description desc nulls last,
                avatar_url desc nulls last,
                registered_at desc nulls last,
                location desc nulls last,
                level desc nulls last,
                likes_count desc nulls last,
                mutual_count desc nulls last,
                display_name desc nulls last,
                gender desc nulls last,
                is_verified desc nulls last,
                verified_type desc nulls last
        ) as place
    from observations
)

select
    platform,
    account_id,
    screen_name,
    display_name,
    description,
    location,
    gender,
    avatar_url,
    is_verified,
    verified_type,
    followers_count,
    following_count,
    mutual_count,
    posts_count,
    likes_count,
    level,
    registered_at,
    observed_at,
    is_moment_told,
    date_day
from ranked
where place = 1
