-- Bad rows: a post whose lifetime engagements differ from its staged interactions
-- on covered days.
--
-- grain: campaign_id, platform, post_key
-- params: none

with

staged as (
    select
        interactions.platform,
        interactions.root_post_id,
        count(*) filter (where interactions.kind = 'repost') as reposts,
        count(*) filter (where interactions.kind <> 'mention') as engagements
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    group by interactions.platform, interactions.root_post_id
)

select
    marts_posts.campaign_id,
    marts_posts.post_key
from marts.campaign_posts as marts_posts
inner join intermediate.campaign_posts as posts
    on
        marts_posts.campaign_id = posts.campaign_id
        and marts_posts.platform = posts.platform
        and marts_posts.post_key = posts.post_key
left join staged
    on
        posts.platform = staged.platform
        and posts.post_id = staged.root_post_id
where
    coalesce(marts_posts.lifetime_reposts, 0) <> coalesce(staged.reposts, 0)
    or coalesce(marts_posts.lifetime_engagements, 0) <> coalesce(staged.engagements, 0)
    or marts_posts.genuine_lifetime_engagements > marts_posts.lifetime_engagements
