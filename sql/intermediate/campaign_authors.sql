-- One row per campaign and post of it whose author is known, with the author's
-- followers: those of the profile read nearest to the post's time, earlier or later (of
-- two as near the earlier), and the day on which it was read; null where its source does
-- not say when that was.
-- Cost: linear in the readings of authors' profiles.
--
-- grain: campaign_id, platform, post_id
-- params: none
-- replace: all

with

authored as (
    select
        campaign_id,
        platform,
        post_id,
        account_id,
        posted_at,
        post_day
    from intermediate.campaign_posts
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

nearest as (
    select
        authored.campaign_id,
        authored.platform,
        authored.post_id,
        profiles.followers_count,
        profiles.date_day,
        row_number() over (
            partition by authored.campaign_id, authored.platform, authored.post_id
            order by
                abs(date_diff('second', profiles.observed_at, authored.posted_at)),
                profiles.observed_at
        ) as place
    from authored
    inner join profiles
        on
            authored.platform = profiles.platform
            and authored.account_id = profiles.account_id
)

select
    authored.campaign_id,
    authored.platform,
    authored.post_id,
    authored.account_id,
    authored.post_day,
    coalesce(accounts.is_genuine, false) as is_genuine,
    nearest.followers_count,
    nearest.date_day as followers_day
from authored
left join nearest
    on
        authored.campaign_id = nearest.campaign_id
        and authored.platform = nearest.platform
        and authored.post_id = nearest.post_id
        and nearest.place = 1
left join intermediate.accounts as accounts
    on
        authored.platform = accounts.platform
        and authored.account_id = accounts.account_id
