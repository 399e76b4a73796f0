-- Bad rows: a partner whose numbers differ from the sum over its posts, or whose genuine
-- number does not lie in its interval; a post that two partners of a campaign share.
--
-- grain: campaign_id, partner_id
-- params: none

with

summed as (
    select
        classes.campaign_id,
        classes.partner_id,
        count(*) as posts,
        count(distinct posts.platform || ':' || posts.post_id) as distinct_posts,
        sum(told.lifetime_engagements) as lifetime_engagements,
        sum(told.platform_engagements) as platform_engagements,
        sum(told.platform_collected) as platform_collected
    from intermediate.campaign_post_classes as classes
    inner join intermediate.campaign_posts as posts
        on
            classes.campaign_id = posts.campaign_id
            and classes.platform = posts.platform
            and classes.post_id = posts.post_id
    inner join marts.campaign_posts as told
        on
            posts.campaign_id = told.campaign_id
            and posts.platform = told.platform
            and posts.post_key = told.post_key
    where classes.post_class = 'paid'
    group by classes.campaign_id, classes.partner_id
),

shared as (
    select
        campaign_id,
        platform,
        post_id
    from intermediate.campaign_post_classes
    group by campaign_id, platform, post_id
    having count(*) > 1
)

select
    partners.campaign_id,
    partners.partner_id
from marts.partner_results as partners
left join summed
    on
        partners.campaign_id = summed.campaign_id
        and partners.partner_id = summed.partner_id
where
    partners.posts <> coalesce(summed.posts, 0)
    or coalesce(summed.posts, 0) <> coalesce(summed.distinct_posts, 0)
    or coalesce(partners.lifetime_engagements, 0)
    <> coalesce(summed.lifetime_engagements, 0)
    or coalesce(partners.platform_engagements, 0)
    <> coalesce(summed.platform_engagements, 0)
    or coalesce(partners.platform_collected, 0) <> coalesce(summed.platform_collected, 0)
    or partners.genuine_lifetime_engagements > partners.lifetime_engagements
    or not coalesce(
        partners.genuine_lifetime_engagements
        between partners.genuine_lifetime_engagements_low
        and partners.genuine_lifetime_engagements_high,
        true
    )
    or not coalesce(
        partners.genuine_rank
        between partners.genuine_rank_best and partners.genuine_rank_worst,
        true
    )
union all
select
    campaign_id,
    post_id as partner_id
from shared
