-- A campaign's number beside those of the same brand's earlier campaigns: all that were
-- over before it began, and those among them of a similar audience. Only campaigns all of
-- whose days are covered stand here, and count; a number that is not known has no row.
--
-- grain: campaign_id, metric, compared_with
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   window_start [day]: first day of the campaign
--   metric [text]: the column of campaigns that the number stands in
--   compared_with [text]: earlier (all campaigns of the brand that were over before), similar_audience (those whose posting_followers are a third to three times its own)
--   currency [text]: of costs: in which currency; campaigns in other ones are left out
--   metric_value [see metric]: the campaign's number
--   earlier_campaigns [campaigns]: campaigns that it is compared with, of which the number is known
--   earlier_median [see metric]: their median; null for fewer than 5 of them
--   earlier_low [see metric]: their lower quartile; null for fewer than 5 of them
--   earlier_high [see metric]: their upper quartile; null for fewer than 5 of them
--   percentile [share]: the share of them that it did better than, those alike counted half; 1 is the best there was; null for fewer than 5 of them
-- metrics:
--   percentile: common usage, mid-rank percentile | of few campaigns it moves in large steps; it says nothing of why

with

-- What is better: more, or (direction -1) less.
told as (
    select
        campaign_id,
        campaign_name,
        brand_id,
        brand_name,
        window_start,
        window_end,
        posting_followers,
        budget_currency,
        unnest([
            { 'metric': 'estimated_genuine_engagements', 'direction': 1, 'value': cast(estimated_genuine_engagements as double) },
            { 'metric': 'genuine_engagements', 'direction': 1, 'value': cast(genuine_engagements as double) },
            { 'metric': 'platform_engagements', 'direction': 1, 'value': cast(platform_engagements as double) },
            { 'metric': 'genuine_engagement_rate', 'direction': 1, 'value': cast(genuine_engagement_rate as double) },
            { 'metric': 'platform_engagement_rate', 'direction': 1, 'value': cast(platform_engagement_rate as double) },
            { 'metric': 'phantom_share', 'direction': -1, 'value': cast(phantom_share as double) },
            { 'metric': 'genuine_sentiment_net', 'direction': 1, 'value': cast(genuine_sentiment_net as double) },
            { 'metric': 'cost_per_platform_engagement', 'direction': -1, 'value': cast(cost_per_platform_engagement as double) },
            { 'metric': 'cost_per_estimated_genuine_engagement', 'direction': -1, 'value': cast(cost_per_estimated_genuine_engagement as double) },
            { 'metric': 'orders', 'direction': 1, 'value': cast(orders as double) },
            { 'metric': 'cost_per_order', 'direction': -1, 'value': cast(cost_per_order as double) }
        ]) as number
    from marts.campaigns
    where days_covered = date_diff('day', window_start, window_end) + 1
),

numbers as (
    select
        campaign_id,
        campaign_name,
        brand_id,
        brand_name,
        window_start,
        window_end,
        posting_followers,
        number.metric as metric,
        number.direction as direction,
        number.value as value,
        case when number.metric like 'cost_per_%' then budget_currency end as currency
    from told
),

known as (
    select *
    from numbers
    where value is not null
),

pairs as (
    select
        own.campaign_id,
        own.metric,
        kinds.compared_with,
        own.direction * (own.value - earlier.value) as lead,
        earlier.value
    from known as own
    cross join (values ('earlier'), ('similar_audience')) as kinds (compared_with)
    inner join known as earlier
        on
            own.brand_id = earlier.brand_id
            and own.metric = earlier.metric
            and own.currency is not distinct from earlier.currency
            and own.window_start > earlier.window_end
            and (
                kinds.compared_with = 'earlier'
                or (
                    earlier.posting_followers >= own.posting_followers / 3
                    and own.posting_followers * 3 >= earlier.posting_followers
                )
            )
),

compared as (
    select
        campaign_id,
        metric,
        compared_with,
        count(*) as campaigns,
        case when count(*) >= 5 then round(median(value), 6) end as middle,
        case when count(*) >= 5 then round(quantile_cont(value, 0.25), 6) end as low,
        case when count(*) >= 5 then round(quantile_cont(value, 0.75), 6) end as high,
        case
            when count(*) >= 5
                then
                    round(
                        (
                            2 * count(*) filter (where lead > 0)
                            + count(*) filter (where lead = 0)
                        ) / (2 * count(*)),
                        6
                    )
        end as percentile
    from pairs
    group by campaign_id, metric, compared_with
)

select
    known.campaign_id,
    known.campaign_name,
    known.brand_id,
    known.brand_name,
    known.window_start,
    known.metric,
    kinds.compared_with,
    known.currency,
    known.value as metric_value,
    coalesce(compared.campaigns, 0) as earlier_campaigns,
    compared.middle as earlier_median,
    compared.low as earlier_low,
    compared.high as earlier_high,
    compared.percentile
from known
cross join (values ('earlier'), ('similar_audience')) as kinds (compared_with)
left join compared
    on
        known.campaign_id = compared.campaign_id
        and known.metric = compared.metric
        and kinds.compared_with = compared.compared_with
