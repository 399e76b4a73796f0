-- A tracked link or code of a campaign: where it stands, and what came by it from the
-- campaign's first day to policies.order_days after its last one, over the activity days
-- that are covered.
--
-- grain: campaign_id, link_id
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: link_id | clicks, orders
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   link_id [id]: the tracked link's id in workspace.toml
--   channel [text]: where the link stands, as workspace.toml says
--   partner_id [id]: the partner's id in workspace.toml; no pseudonym
--   partner_name [text]: its name there, else its id; no pseudonym
--   platform [text]: the network
--   post_key [id]: pseudonym of the post
--   carrying_posts [posts]: posts of the campaign in which the link was found; the link counts for a post where it is one, or where workspace.toml names it
--   clicks [clicks]: clicks on its tracked links; null where none were told of the campaign, and of codes without an address
--   orders [orders]: orders by its tracked links; null where none were told of the campaign
--   priced_orders [orders]: of orders those whose amount is told
--   revenue [currency]: sum of the amounts of priced_orders; null where they are in several currencies
--   revenue_currency [text]: in which currency
--   order_rate [orders per click]: orders / clicks; null without clicks
--   last_order_day [day]: the last day with an order

select
    links.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    links.link_id,
    links.channel,
    links.partner_id,
    partners.partner_name,
    links.platform,
    posts.post_key,
    links.carrying_posts,
    sums.clicks,
    sums.orders,
    sums.priced_orders,
    sums.revenue,
    sums.revenue_currency,
    round(sums.orders / nullif(sums.clicks, 0), 6) as order_rate,
    sums.last_order_day
from intermediate.campaign_links as links
inner join meta.campaigns as campaigns on links.campaign_id = campaigns.campaign_id
inner join intermediate.sales_sums as sums
    on
        links.campaign_id = sums.campaign_id
        and links.link_id = sums.link_id
        and sums.scope = 'link'
left join meta.partners as partners
    on
        links.campaign_id = partners.campaign_id
        and links.partner_id = partners.partner_id
left join intermediate.campaign_posts as posts
    on
        links.campaign_id = posts.campaign_id
        and links.platform = posts.platform
        and links.post_id = posts.post_id
