-- What came by a tracked link on an activity day: clicks, and orders with their amounts.
-- An order counts for the link that it came by last, from the first day of the link's
-- campaign to policies.order_days after its last one. Clicks and orders add up over
-- currencies, too, amounts never do. Days on which nothing came have no row.
--
-- grain: campaign_id, link_id, activity_day, currency?
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: link_id, activity_day | clicks, orders, currency
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   link_id [id]: the tracked link's id in workspace.toml
--   activity_day [day]: the day it happened, in the workspace's time zone
--   currency [text]: of the amounts; null of clicks and of orders whose amount is not told
--   channel [text]: where the link stands, as workspace.toml says
--   partner_id [id]: the partner's id in workspace.toml; no pseudonym
--   platform [text]: the network
--   post_key [id]: pseudonym of the post
--   clicks [clicks]: clicks on its tracked links; null where none were told of the campaign, and of codes without an address
--   orders [orders]: orders by its tracked links; null where none were told of the campaign
--   priced_orders [orders]: of orders those whose amount is told
--   revenue [currency]: sum of the amounts of priced_orders; null where they are in several currencies
-- metrics:
--   orders: this project, last link | what was bought without the link is not seen; who ordered is not known, so nothing is said of phantoms
--   clicks: this project | as the shop or the shortener counts them, machines included
--   revenue: this project, last link | what was taken back is in it, unless its line was left out

select
    sales.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    sales.link_id,
    sales.activity_day,
    sales.currency,
    links.channel,
    links.partner_id,
    links.platform,
    posts.post_key,
    case
        when told.clicks is not null
            then
                cast(
                    coalesce(sum(sales.conversions) filter (where sales.kind = 'click'), 0)
                    as bigint
                )
    end as clicks,
    case
        when told.orders is not null
            then
                cast(
                    coalesce(sum(sales.conversions) filter (where sales.kind = 'order'), 0)
                    as bigint
                )
    end as orders,
    case
        when told.orders is not null
            then
                cast(
                    coalesce(
                        sum(sales.conversions) filter (
                            where sales.kind = 'order' and sales.amount is not null
                        ), 0
                    ) as bigint
                )
    end as priced_orders,
    case
        when told.orders is not null
            then cast(coalesce(sum(sales.amount), 0) as decimal(18, 4))
    end as revenue
from intermediate.sales as sales
inner join meta.campaigns as campaigns on sales.campaign_id = campaigns.campaign_id
inner join intermediate.campaign_links as links
    on
        sales.campaign_id = links.campaign_id
        and sales.link_id = links.link_id
inner join intermediate.sales_sums as told
    on
        sales.campaign_id = told.campaign_id
        and sales.link_id = told.link_id
        and told.scope = 'link'
left join intermediate.campaign_posts as posts
    on
        links.campaign_id = posts.campaign_id
        and links.platform = posts.platform
        and links.post_id = posts.post_id
where sales.state = 'counted'
group by
    sales.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    sales.link_id,
    sales.activity_day,
    sales.currency,
    links.channel,
    links.partner_id,
    links.platform,
    posts.post_key,
    told.clicks,
    told.orders
