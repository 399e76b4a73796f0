-- One row per campaign, post of it and kind of interaction that could have been
-- collected of it: a source that gave the post, or a row about it, can carry the kind,
-- or rows of it are there. Of other kinds nothing is known, which is not zero.
-- Cost: linear in posts and interactions.
--
-- grain: campaign_id, platform, post_id, kind
-- params: none
-- replace: all

with

covering as (
    select
        platform,
        post_id,
        source
    from staging.posts
    union
    select
        platform,
        root_post_id as post_id,
        source
    from staging.interactions
)

select
    campaign_posts.campaign_id,
    campaign_posts.platform,
    campaign_posts.post_id,
    source_gives.kind
from intermediate.campaign_posts as campaign_posts
inner join covering
    on
        campaign_posts.platform = covering.platform
        and campaign_posts.post_id = covering.post_id
inner join meta.source_gives as source_gives
    on covering.source = source_gives.source
where source_gives.gives_rows and source_gives.kind in ('repost', 'comment', 'like')
union
select
    campaign_id,
    platform,
    root_post_id as post_id,
    kind
from intermediate.campaign_interactions
where kind in ('repost', 'comment', 'like')
