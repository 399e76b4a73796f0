-- Bad rows: a campaign whose clicks, orders or revenue differ from the sum over its days, or
-- over its links; a partner that sold more than its campaign; a line of
-- seeds/conversions.csv that stands twice, or nowhere.
--
-- grain: campaign_id
-- params: none

with

by_day as (
    select
        campaign_id,
        sum(clicks) as clicks,
        sum(orders) as orders,
        sum(priced_orders) as priced_orders,
        sum(revenue) as revenue
    from marts.conversions
    group by campaign_id
),

by_link as (
    select
        campaign_id,
        sum(clicks) as clicks,
        sum(orders) as orders,
        sum(priced_orders) as priced_orders,
        sum(revenue) as revenue
    from marts.campaign_links
    group by campaign_id
),

by_partner as (
    select
        campaign_id,
        sum(clicks) as clicks,
        sum(orders) as orders
    from marts.partner_results
    group by campaign_id
)

select campaigns.campaign_id
from marts.campaigns as campaigns
left join by_day on campaigns.campaign_id = by_day.campaign_id
left join by_link on campaigns.campaign_id = by_link.campaign_id
left join by_partner on campaigns.campaign_id = by_partner.campaign_id
where
    campaigns.clicks is distinct from by_day.clicks
    or campaigns.orders is distinct from by_day.orders
    or campaigns.clicks is distinct from by_link.clicks
    or campaigns.orders is distinct from by_link.orders
    or campaigns.priced_orders is distinct from by_day.priced_orders
    or campaigns.priced_orders is distinct from by_link.priced_orders
    -- Null where it would add up several currencies.
    or campaigns.revenue <> by_day.revenue
    or campaigns.revenue <> by_link.revenue
    or by_partner.clicks > campaigns.clicks
    or by_partner.orders > campaigns.orders
union all
select cast(told.line as varchar) as campaign_id
from meta.conversions as told
left join intermediate.sales as sales on told.line = sales.line
group by told.line
having count(sales.line) <> 1
