-- A brand on a covered day, in its market: how often others mentioned it, and how much
-- they engaged with its accounts' posts. A text of somebody else (a post, repost,
-- comment, or link from another site) mentions a brand, once, when its author's own
-- words call one of its accounts with @, hold one of its keywords or carry one of its
-- hashtags, or when the network lists it so. A market is all brands that `competitors`
-- in workspace.toml joins, whoever lists whom; their shares sum to 1 on each day. Only
-- what was collected counts: shares compare what was collected alike.
--
-- grain: brand_id, activity_day
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: activity_day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   market [id]: the market: the id of its first brand in the order of letters
--   mentions [mentions]: texts of others that mention it: with @, a keyword or a hashtag, in their own words
--   genuine_mentions [mentions]: the same without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   engagements [interactions]: reposts, comments and likes of others on its accounts' posts
--   genuine_engagements [interactions]: the same without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   market_mentions [mentions]: mentions of all brands of its market
--   genuine_market_mentions [mentions]: genuine_mentions of all brands of its market; null where one is
--   market_engagements [interactions]: engagements with all brands of its market
--   genuine_market_engagements [interactions]: genuine_engagements with all brands of its market; null where one is
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
        markets.market,
        covered_days.date_day as activity_day
    from meta.brands as brands
    inner join meta.markets as markets on brands.brand_id = markets.brand_id
    cross join meta.covered_days as covered_days
),

counted as (
    select
        brand_id,
        activity_day,
        count(*) filter (where act = 'mention') as mentions,
        count(*) filter (where act = 'mention' and is_known) as known_mentions,
        count(*) filter (where act = 'mention' and is_genuine) as genuine_mentions,
        count(*) filter (where act = 'engagement') as engagements,
        count(*) filter (where act = 'engagement' and is_known) as known_engagements,
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
        brand_days.market,
        coalesce(counted.mentions, 0) as mentions,
        case
            when counted.brand_id is null then 0
            when counted.known_mentions * 2 >= counted.mentions
                then counted.genuine_mentions
        end as genuine_mentions,
        coalesce(counted.engagements, 0) as engagements,
        case
            when counted.brand_id is null then 0
            when counted.known_engagements * 2 >= counted.engagements
                then counted.genuine_engagements
        end as genuine_engagements
    from brand_days
    left join counted
        on
            brand_days.brand_id = counted.brand_id
            and brand_days.activity_day = counted.activity_day
),

market as (
    select
        market,
        activity_day,
        cast(sum(mentions) as bigint) as mentions,
        -- Of a market that is known of each brand alone.
        case
            when count(genuine_mentions) = count(*)
                then cast(sum(genuine_mentions) as bigint)
        end as genuine_mentions,
        cast(sum(engagements) as bigint) as engagements,
        case
            when count(genuine_engagements) = count(*)
                then cast(sum(genuine_engagements) as bigint)
        end as genuine_engagements
    from complete
    group by market, activity_day
)

select
    complete.brand_id,
    complete.brand_name,
    complete.activity_day,
    complete.market,
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
        complete.market = market.market
        and complete.activity_day = market.activity_day
