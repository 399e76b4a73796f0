-- Bad rows: a campaign to which no collected post belongs, nor one that a collected
-- interaction is about; its hashtags, keywords or post ids may be misspelt.
--
-- grain: campaign_id
-- params: none

with

known as (
    select
        platform,
        post_id
    from staging.posts
    union
    select
        platform,
        root_post_id as post_id
    from staging.interactions
),

found as (
    select posts.campaign_id
    from intermediate.campaign_posts as posts
    inner join known
        on posts.platform = known.platform and posts.post_id = known.post_id
)

select campaigns.campaign_id
from marts.campaigns as campaigns
anti join found on campaigns.campaign_id = found.campaign_id
