-- Bad rows: a cascade whose size differs from its post's reposts, or whose parts
-- don't add up to its size.
--
-- grain: campaign_id, platform, post_key
-- params: none

select
    posts.campaign_id,
    posts.post_key
from marts.campaign_posts as posts
left join marts.cascades as cascades
    on
        posts.campaign_id = cascades.campaign_id
        and posts.platform = cascades.platform
        and posts.post_key = cascades.post_key
where
    posts.lifetime_reposts <> coalesce(cascades.size, 0)
    or cascades.size
    <> cascades.platform_parents + cascades.chain_parents + cascades.root_parents
    or cascades.size <> list_sum(cascades.reposts_by_level)
    or cascades.depth <> len(cascades.reposts_by_level)
