-- A brand on a covered day, among itself and its competitors: how often others named
-- it, and how much they engaged with its accounts' posts. Only posts, reposts and
-- comments that were collected count: shares compare what was collected alike.
--
-- grain: brand_id, activity_day
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   mentions [mentions]: posts, reposts and comments of others whose own words name one of its accounts with @
--   genuine_mentions [mentions]: the same without those of likely phantoms and hidden accounts
--   engagements [interactions]: reposts, comments and likes of others on its accounts' posts
--   genuine_engagements [interactions]: the same without those of likely phantoms and hidden accounts
--   market_mentions [mentions]: mentions of it and its competitors
--   genuine_market_mentions [mentions]: the same without those of likely phantoms
--   market_engagements [interactions]: engagements with it and its competitors
--   genuine_market_engagements [interactions]: the same without those of likely phantoms
--   mentions_share [share]: mentions / market_mentions
--   genuine_mentions_share [share]: genuine_mentions / genuine_market_mentions
--   engagements_share [share]: engagements / market_engagements
--   genuine_engagements_share [share]: genuine_engagements / genuine_market_engagements
-- metrics:
--   mentions_share: Sprout Social, share of voice | compares what was collected; collect all brands alike
--   engagements_share: Sprout Social, share of voice | compares what was collected; collect all brands alike

with

brand_days as (
    select
        brands.brand_id,
        brands.brand_name,
        covered_days.date_day as activity_day
    from meta.brands as brands
    cross join meta.covered_days as covered_days
),

counted as (
    select
        brand_id,
        activity_day,
        count(*) filter (where act = 'mention') as mentions,
        count(*) filter (where act = 'mention' and is_genuine) as genuine_mentions,
        count(*) filter (where act = 'engagement') as engagements,
        count(*) filter (where act = 'engagement' and is_genuine)
            as genuine_engagements
    from intermediate.brand_interactions
    group by brand_id, activity_day
),

complete as (
    select
        brand_days.brand_id,
        brand_days.brand_name,
        brand_days.activity_day,
        coalesce(counted.mentions, 0) as mentions,
        coalesce(counted.genuine_mentions, 0) as genuine_mentions,
        coalesce(counted.engagements, 0) as engagements,
        coalesce(counted.genuine_engagements, 0) as genuine_engagements
    from brand_days
    left join counted
        on
            brand_days.brand_id = counted.brand_id
            and brand_days.activity_day = counted.activity_day
),

markets as (
    select
        brand_id,
        brand_id as member_id
    from meta.brands
    union
    select
        brand_id,
        competitor_id as member_id
    from meta.competitors
),

market as (
    select
        markets.brand_id,
        complete.activity_day,
        cast(sum(complete.mentions) as bigint) as mentions,
        cast(sum(complete.genuine_mentions) as bigint) as genuine_mentions,
        cast(sum(complete.engagements) as bigint) as engagements,
        cast(sum(complete.genuine_engagements) as bigint) as genuine_engagements
    from markets
    inner join complete on markets.member_id = complete.brand_id
    group by markets.brand_id, complete.activity_day
)

select
    complete.brand_id,
    complete.brand_name,
    complete.activity_day,
    complete.mentions,
    complete.genuine_mentions,
    complete.engagements,
    complete.genuine_engagements,
    market.mentions as market_mentions,
    market.genuine_mentions as genuine_market_mentions,
    market.engagements as market_engagements,
    market.genuine_engagements as genuine_market_engagements,
    round(complete.mentions / nullif(market.mentions, 0), 6) as mentions_share,
    round(complete.genuine_mentions / nullif(market.genuine_mentions, 0), 6)
        as genuine_mentions_share,
    round(complete.engagements / nullif(market.engagements, 0), 6)
        as engagements_share,
    round(complete.genuine_engagements / nullif(market.genuine_engagements, 0), 6)
        as genuine_engagements_share
from complete
inner join market
    on
        complete.brand_id = market.brand_id
        and complete.activity_day = market.activity_day
