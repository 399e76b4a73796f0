-- One row per brand and covered day: its course. Engagements are unknown before the
-- first and after the last day on which anything landed of the networks that it has
-- accounts on, and genuine ones on days when fewer than half are of accounts known by more
-- than a name; mentions before the first and after the last day on which anything landed
-- at all. Followers
-- are the day's last snapshot of all its accounts together, unknown on days on which one
-- that is known at all was not looked at; the tone of comments is unknown on days with
-- fewer than five that were judged.
-- Cost: linear in the brands' interactions and their accounts' snapshots.
--
-- grain: brand_id, date_day
-- params: none
-- replace: once

with

engaged as (
    select
        brand_id,
        activity_day,
        count(*) as engagements,
        count(case when is_genuine then 1 end) as genuine_engagements,
        count(case when is_known then 1 end) as known_engagements
    from intermediate.brand_interactions
    where act = 'engagement'
    group by brand_id, activity_day
),

looked_at as (
    select
        brand_accounts.brand_id,
        accounts.platform,
        accounts.account_id,
        accounts.date_day,
        accounts.followers_count as followers
    from staging.accounts as accounts
    inner join meta.brand_accounts as brand_accounts
        on
            accounts.platform = brand_accounts.platform
            and accounts.account_id = brand_accounts.account_id
    where accounts.followers_count is not null
),

known_accounts as (
    select
        brand_id,
        count(distinct platform || ':' || account_id) as accounts
    from looked_at
    group by brand_id
),

followed as (
    select
        brand_id,
        date_day,
        count(*) as accounts,
        cast(sum(followers) as bigint) as followers
    from looked_at
    group by brand_id, date_day
),

mentioned as (
    select
        brand_id,
        activity_day,
        count(*) as mentions,
        count(case when is_genuine then 1 end) as genuine_mentions,
        count(case when is_known then 1 end) as known_mentions
    from intermediate.brand_mentions
    group by brand_id, activity_day
),

landed_anywhere as (
    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from intermediate.landed_days
),

landed as (
    select
        brand_accounts.brand_id,
        min(landed_days.first_day) as first_day,
        max(landed_days.last_day) as last_day
    from meta.brand_accounts as brand_accounts
    inner join intermediate.landed_days as landed_days
        on brand_accounts.platform = landed_days.platform
    group by brand_accounts.brand_id
),

spoken as (
    select
        brand_id,
        activity_day,
        count(sentiment) as judged,
        count(case when sentiment = 'positive' then 1 end)
        - count(case when sentiment = 'negative' then 1 end) as net
    from intermediate.brand_comments
    group by brand_id, activity_day
)

select
    brands.brand_id,
    covered_days.date_day,
    case
        when covered_days.date_day between landed.first_day and landed.last_day
            then coalesce(engaged.engagements, 0)
    end as engagements,
    case
        when engaged.known_engagements * 2 < engaged.engagements then null
        when covered_days.date_day between landed.first_day and landed.last_day
            then coalesce(engaged.genuine_engagements, 0)
    end as genuine_engagements,
    case
        when
            covered_days.date_day
            between landed_anywhere.first_day and landed_anywhere.last_day
            then coalesce(mentioned.mentions, 0)
    end as mentions,
    case
        when 2 * mentioned.known_mentions < mentioned.mentions then null
        when
            covered_days.date_day
            between landed_anywhere.first_day and landed_anywhere.last_day
            then coalesce(mentioned.genuine_mentions, 0)
    end as genuine_mentions,
    case when followed.accounts = known_accounts.accounts then followed.followers end
        as followers,
    case when spoken.judged >= 5 then round(spoken.net / spoken.judged, 6) end
        as sentiment_net
from meta.brands as brands
cross join meta.covered_days as covered_days
cross join landed_anywhere
left join engaged
    on
        brands.brand_id = engaged.brand_id
        and covered_days.date_day = engaged.activity_day
left join mentioned
    on
        brands.brand_id = mentioned.brand_id
        and covered_days.date_day = mentioned.activity_day
left join followed
    on
        brands.brand_id = followed.brand_id
        and covered_days.date_day = followed.date_day
left join landed on brands.brand_id = landed.brand_id
left join known_accounts on brands.brand_id = known_accounts.brand_id
left join spoken
    on
        brands.brand_id = spoken.brand_id
        and covered_days.date_day = spoken.activity_day
