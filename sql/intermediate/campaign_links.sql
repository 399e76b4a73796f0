-- One row per tracked link of a campaign, with the post that it stands in and the partner
-- whose it is: as workspace.toml says, else as posts of the campaign carry it. A link that
-- several posts carry has no post, and a partner only where all of these are its own.
-- Cost: linear in the links of campaigns' posts.
--
-- grain: campaign_id, link_id
-- params: none
-- replace: once

with

addresses as (
    select
        posts.campaign_id,
        posts.platform,
        posts.post_id,
        unnest(said.links) as text
    from intermediate.campaign_posts as posts
    inner join staging.posts as said
        on
            posts.platform = said.platform
            and posts.post_id = said.post_id
),

carrying as (
    select distinct
        addresses.campaign_id,
        meanings.link_id,
        addresses.platform,
        addresses.post_id,
        classes.partner_id
    from addresses
    inner join intermediate.link_meanings as meanings
        on
            addresses.text = meanings.text
            and addresses.campaign_id = meanings.campaign_id
    inner join intermediate.campaign_post_classes as classes
        on
            addresses.campaign_id = classes.campaign_id
            and addresses.platform = classes.platform
            and addresses.post_id = classes.post_id
),

carried as (
    select
        campaign_id,
        link_id,
        count(*) as posts,
        case when count(*) = 1 then min(platform) end as platform,
        case when count(*) = 1 then min(post_id) end as post_id,
        case
            when count(partner_id) = count(*) and count(distinct partner_id) = 1
                then min(partner_id)
        end as partner_id
    from carrying
    group by campaign_id, link_id
)

select
    links.campaign_id,
    links.link_id,
    links.channel,
    -- A coupon is no address: nobody can click on it.
    links.url is not null or coalesce(links.code like '%.%/%', false) as has_address,
    coalesce(
        links.partner_id,
        case
            when links.post_id is not null then classes.partner_id
            else carried.partner_id
        end
    ) as partner_id,
    coalesce(links.platform, carried.platform) as platform,
    coalesce(links.post_id, carried.post_id) as post_id,
    coalesce(carried.posts, 0) as carrying_posts
from meta.tracked_links as links
left join carried
    on
        links.campaign_id = carried.campaign_id
        and links.link_id = carried.link_id
left join intermediate.campaign_post_classes as classes
    on
        links.campaign_id = classes.campaign_id
        and links.platform = classes.platform
        and links.post_id = classes.post_id
