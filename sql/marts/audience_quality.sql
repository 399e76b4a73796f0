-- The audience of a brand on a day: who engaged with its accounts' posts on that
-- activity day, and the followers that were collected up to that day (the networks
-- list few of them, the newest first: no random sample).
--
-- grain: brand_id, audience, audience_day
-- params: $time_zone
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   audience [text]: engagers or followers
--   audience_day [day]: engagers: the activity day; followers: the day on which the list was read
--   accounts [accounts]: accounts in it
--   people [people]: accounts, those of one operator once
--   phantom_share [share]: likely phantoms among them; null where fewer than half of accounts are known by more than a name
--   suspected_share [share]: suspected ones among them, likely phantoms not counted; null where phantom_share is
--   phantom_share_low [share]: low end of the 95 % interval of the share of phantoms; null where no account is known
--   phantom_share_high [share]: high end of that interval
--   known_accounts [accounts]: accounts of which more than a name is known
--   inactive_share [share]: old and quiet accounts among them that nothing else speaks against
--   registration_burst_share [share]: most accounts registered on one day, among those whose registration is known; a bought batch shows here
--   followers_growth [followers]: followers that the brand's accounts gained since they were seen before, on this day; of engagers null
--   usual_followers_growth [followers]: followers_growth that their other days let expect
--   is_growth_jump [yes or no]: one of its accounts gained or lost a hundred followers or more, five times the usual; null with fewer than eight days seen
--   quality_score [points, 0 to 100]: 0 to 100: unsuspected_points + suspected_points, to whole points; null where phantom_share is
--   unsuspected_points [points, 0 to 100]: 100 x share of accounts that are neither phantoms nor suspected; null where phantom_share is
--   suspected_points [points, 0 to 100]: 50 x share of suspected accounts: doubt counts half; null where phantom_share is
--   day [day]: older name of audience_day; goes with schema version 3
-- metrics:
--   people: this project | who acts on several networks counts on each: an upper bound
--   registration_burst_share: this project | m.weibo.cn tells no registration
--   quality_score: after Modash, audience credibility | follower lists show the newest followers only

with

reading_days as (
    select distinct
        brand_id,
        day
    from intermediate.audience_members
    where audience = 'followers'
),

members as (
    select *
    from intermediate.audience_members
    where audience = 'engagers'
    union all
    select
        listed.brand_id,
        listed.audience,
        reading_days.day,
        listed.platform,
        listed.account_id
    from intermediate.audience_members as listed
    inner join reading_days
        on listed.brand_id = reading_days.brand_id and listed.day <= reading_days.day
    where listed.audience = 'followers'
),

judged as (
    select
        members.brand_id,
        members.audience,
        members.day,
        accounts.operator_id,
        accounts.phantom_level,
        accounts.account_kind,
        cast(profiles.registered_at at time zone 'UTC' at time zone $time_zone as date)
            as registered_day
    from members
    inner join intermediate.accounts as accounts
        on
            members.platform = accounts.platform
            and members.account_id = accounts.account_id
    inner join intermediate.account_profiles as profiles
        on
            members.platform = profiles.platform
            and members.account_id = profiles.account_id
),

counted as (
    select
        brand_id,
        audience,
        day,
        count(*) as accounts,
        count(distinct operator_id) as people,
        count(*) filter (where phantom_level = 'phantom') as phantoms,
        count(*) filter (where phantom_level = 'suspected') as suspected,
        count(*) filter (where account_kind = 'inactive') as inactive
    from judged
    group by brand_id, audience, day
),

registrations as (
    select
        brand_id,
        audience,
        day,
        registered_day,
        count(*) as accounts
    from judged
    where registered_day is not null
    group by brand_id, audience, day, registered_day
),

growth as (
    select
        brand_accounts.brand_id,
        'followers' as audience,
        growth.day,
        cast(sum(growth.growth) as bigint) as followers_growth,
        round(sum(cast(growth.usual_growth as decimal(18, 6))), 1)
            as usual_followers_growth,
        bool_or(growth.is_jump) as is_growth_jump
    from intermediate.follower_growth as growth
    inner join meta.brand_accounts as brand_accounts
        on
            growth.platform = brand_accounts.platform
            and growth.account_id = brand_accounts.account_id
    group by brand_accounts.brand_id, growth.day
),

bursts as (
    select
        brand_id,
        audience,
        day,
        round(max(accounts) / sum(accounts), 6) as registration_burst_share
    from registrations
    group by brand_id, audience, day
)

select
    counted.brand_id,
    brands.brand_name,
    counted.audience,
    counted.day as audience_day,
    counted.accounts,
    counted.people,
    case
        when bounds.is_told then round(counted.phantoms / counted.accounts, 6)
    end as phantom_share,
    case
        when bounds.is_told then round(counted.suspected / counted.accounts, 6)
    end as suspected_share,
    round((bounds.acts - bounds.acts_high) / nullif(bounds.acts, 0), 6)
        as phantom_share_low,
    round((bounds.acts - bounds.acts_low) / nullif(bounds.acts, 0), 6)
        as phantom_share_high,
    bounds.known_acts as known_accounts,
    round(counted.inactive / counted.accounts, 6) as inactive_share,
    bursts.registration_burst_share,
    growth.followers_growth,
    growth.usual_followers_growth,
    growth.is_growth_jump,
    case
        when bounds.is_told
            then
                cast(
                    round(
                        100
                        * (counted.accounts - counted.phantoms - counted.suspected / 2)
                        / counted.accounts
                    ) as integer
                )
    end as quality_score,
    case
        when bounds.is_told
            then
                round(
                    100 * (counted.accounts - counted.phantoms - counted.suspected)
                    / counted.accounts, 4
                )
    end as unsuspected_points,
    case
        when bounds.is_told then round(50 * counted.suspected / counted.accounts, 4)
    end as suspected_points,
    counted.day
from counted
inner join meta.brands as brands on counted.brand_id = brands.brand_id
inner join intermediate.audience_bounds as bounds
    on
        counted.brand_id = bounds.brand_id
        and counted.audience = bounds.audience
        and counted.day = bounds.day
left join bursts
    on
        counted.brand_id = bursts.brand_id
        and counted.audience = bursts.audience
        and counted.day = bursts.day
left join growth
    on
        counted.brand_id = growth.brand_id
        and counted.audience = growth.audience
        and counted.day = growth.day
