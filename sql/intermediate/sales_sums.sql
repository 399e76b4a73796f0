-- What came by tracked links: one row per campaign with links, per partner and post of it
-- that has one, and per link. Clicks and orders are null where none came to the campaign
-- by any of its links: nobody knows whether there were any; else 0 is known. Clicks on codes
-- alone, that have no address, are null as well. A revenue is
-- null where orders of several currencies, or none with an amount, would make it up.
-- Cost: linear in the lines of seeds/conversions.csv.
--
-- grain: scope, campaign_id, partner_id, platform, post_id, link_id
-- params: none
-- replace: once

with

counted as (
    select *
    from intermediate.sales
    where state = 'counted'
),

sums as (
    select
        campaign_id,
        link_id,
        coalesce(sum(conversions) filter (where kind = 'click'), 0) as clicks,
        coalesce(sum(conversions) filter (where kind = 'order'), 0) as orders,
        coalesce(
            sum(conversions) filter (where kind = 'order' and amount is not null), 0
        ) as priced_orders,
        coalesce(sum(amount), 0) as revenue,
        min(currency) as first_currency,
        max(currency) as last_currency,
        max(activity_day) filter (where kind = 'order') as last_order_day
    from counted
    group by campaign_id, link_id
),

known as (
    select
        campaign_id,
        sum(clicks) > 0 as knows_clicks,
        sum(orders) > 0 as knows_orders,
        case when min(first_currency) = max(last_currency) then min(first_currency) end
            as currency
    from sums
    group by campaign_id
),

links as (
    select
        links.campaign_id,
        links.link_id,
        links.partner_id,
        links.platform,
        links.post_id,
        case when links.has_address or sums.clicks > 0 then coalesce(sums.clicks, 0) end
            as clicks,
        coalesce(sums.orders, 0) as orders,
        coalesce(sums.priced_orders, 0) as priced_orders,
        coalesce(sums.revenue, 0) as revenue,
        sums.first_currency,
        sums.last_currency,
        sums.last_order_day
    from intermediate.campaign_links as links
    left join sums
        on
            links.campaign_id = sums.campaign_id
            and links.link_id = sums.link_id
),

scopes as (
    select
        'campaign' as scope,
        campaign_id,
        cast(null as varchar) as partner_id,
        cast(null as varchar) as platform,
        cast(null as varchar) as post_id,
        cast(null as varchar) as link_id,
        clicks,
        orders,
        priced_orders,
        revenue,
        first_currency,
        last_currency,
        last_order_day
    from links
    union all
    select
        'partner' as scope,
        campaign_id,
        partner_id,
        cast(null as varchar) as platform,
        cast(null as varchar) as post_id,
        cast(null as varchar) as link_id,
        clicks,
        orders,
        priced_orders,
        revenue,
        first_currency,
        last_currency,
        last_order_day
    from links
    where partner_id is not null
    union all
    select
        'post' as scope,
        campaign_id,
        cast(null as varchar) as partner_id,
        platform,
        post_id,
        cast(null as varchar) as link_id,
        clicks,
        orders,
        priced_orders,
        revenue,
        first_currency,
        last_currency,
        last_order_day
    from links
    where post_id is not null
    union all
    select
        'link' as scope,
        campaign_id,
        cast(null as varchar) as partner_id,
        cast(null as varchar) as platform,
        cast(null as varchar) as post_id,
        link_id,
        clicks,
        orders,
        priced_orders,
        revenue,
        first_currency,
        last_currency,
        last_order_day
    from links
),

summed as (
    select
        scope,
        campaign_id,
        partner_id,
        platform,
        post_id,
        link_id,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(orders) as bigint) as orders,
        cast(sum(priced_orders) as bigint) as priced_orders,
        cast(sum(revenue) as decimal(18, 4)) as revenue,
        min(first_currency) as first_currency,
        max(last_currency) as last_currency,
        max(last_order_day) as last_order_day
    from scopes
    group by scope, campaign_id, partner_id, platform, post_id, link_id
)

select
    summed.scope,
    summed.campaign_id,
    summed.partner_id,
    summed.platform,
    summed.post_id,
    summed.link_id,
    case when known.knows_clicks then summed.clicks end as clicks,
    case when known.knows_orders then summed.orders end as orders,
    case when known.knows_orders then summed.priced_orders end as priced_orders,
    case
        when
            known.knows_orders
            and (summed.orders = 0 or summed.first_currency = summed.last_currency)
            then summed.revenue
    end as revenue,
    case
        when summed.orders = 0 then known.currency
        when summed.first_currency = summed.last_currency then summed.first_currency
    end as revenue_currency,
    summed.last_order_day
from summed
left join known on summed.campaign_id = known.campaign_id
