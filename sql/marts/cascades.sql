-- A post of a campaign that was reposted: the shape of its repost cascade over
-- the activity days that are covered. Edges drawn to the root for want of a
-- parent push depth and virality down.
--
-- grain: campaign_id, platform, post_key
-- params: none
-- replace: all
-- time axis: lifetime
-- adds over: platform, post_key
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   post_key [id]: pseudonym of the post
--   post_id [id]: the platform's id; only of listed posts and those of brand accounts
--   post_day [day]: the day it was published, in the workspace's time zone
--   cascade_size [reposts]: distinct reposts, the root not counted
--   depth [levels]: largest distance from the root, which has 0
--   max_breadth [reposts]: most reposts on one level
--   structural_virality [edges]: mean distance over all pairs of nodes, root included (Goel et al. 2015); 0 for a single node
--   level_1_share [share]: reposts directly of the root / size
--   level_2_share [share]: reposts of those / size
--   level_3_plus_share [share]: all deeper reposts / size
--   reposts_by_level [list]: reposts on level 1, 2, ...
--   reposts_by_level_text [text]: the same, separated by commas
--   half_life_minutes [minutes]: minutes from publication until half of the reposts had happened
--   platform_parents [reposts]: reposts whose parent the platform names
--   chain_parents [reposts]: reposts whose parent the text's chain names
--   root_parents [reposts]: reposts put under the root
--   missing_parents [reposts]: reposts whose named parent was not collected, drawn under the root
--   size [reposts]: older name of cascade_size; goes with schema version 3
-- metrics:
--   cascade_size: Goel et al. 2015 | what was collected
--   depth: sunbookie | reposts without a known parent hang on the root
--   max_breadth: common usage | reposts without a known parent hang on the root
--   structural_virality: Goel, Anderson, Hofman, Watts 2015, doi 10.1287/mnsc.2015.2158 | about 2 for a star; edges to the root for want of a parent push it down
--   half_life_minutes: common usage | grows while reposts arrive

with

levels as (
    select
        platform,
        root_post_id,
        level,
        count(*) as reposts
    from intermediate.cascade_nodes
    group by platform, root_post_id, level
),

breadths as (
    select
        platform,
        root_post_id,
        max(level) as depth,
        max(reposts) as max_breadth,
        sum(reposts) filter (where level = 1) as level_1,
        sum(reposts) filter (where level = 2) as level_2,
        sum(reposts) filter (where level >= 3) as level_3_plus,
        list(reposts order by level) as reposts_by_level
    from levels
    group by platform, root_post_id
),

-- The sum of all distances is the sum over edges of the pairs they part: a
-- subtree of s nodes hangs on an edge that s * (n - s) pairs cross.
shapes as (
    select
        platform,
        root_post_id,
        count(*) as size,
        sum(cast(subtree_size as hugeint) * (tree_size - subtree_size)) as pair_distances,
        count(*) filter (where parent_method = 'platform') as platform_parents,
        count(*) filter (where parent_method = 'chain') as chain_parents,
        count(*) filter (where parent_method = 'root') as root_parents,
        count(*) filter (where is_parent_missing) as missing_parents
    from intermediate.cascade_nodes
    group by platform, root_post_id
),

in_time as (
    select
        platform,
        root_post_id,
        acted_at,
        row_number() over (
            partition by platform, root_post_id
            order by acted_at, interaction_id
        ) as place
    from intermediate.cascade_nodes
),

halves as (
    select
        in_time.platform,
        in_time.root_post_id,
        in_time.acted_at as half_at
    from in_time
    inner join shapes
        on
            in_time.platform = shapes.platform
            and in_time.root_post_id = shapes.root_post_id
            and in_time.place = (shapes.size + 1) // 2
)

select
    posts.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    posts.platform,
    posts.post_key,
    case when posts.is_named then posts.post_id end as post_id,
    posts.post_day,
    shapes.size as cascade_size,
    breadths.depth,
    breadths.max_breadth,
    round(
        cast(2 * shapes.pair_distances as double)
        / (cast(shapes.size + 1 as hugeint) * shapes.size), 6
    ) as structural_virality,
    round(coalesce(breadths.level_1, 0) / shapes.size, 6) as level_1_share,
    round(coalesce(breadths.level_2, 0) / shapes.size, 6) as level_2_share,
    round(coalesce(breadths.level_3_plus, 0) / shapes.size, 6) as level_3_plus_share,
    breadths.reposts_by_level,
    array_to_string(breadths.reposts_by_level, ', ') as reposts_by_level_text,
    round(date_diff('second', posts.posted_at, halves.half_at) / 60, 2)
        as half_life_minutes,
    shapes.platform_parents,
    shapes.chain_parents,
    shapes.root_parents,
    shapes.missing_parents,
    shapes.size
from intermediate.campaign_posts as posts
inner join meta.campaigns as campaigns
    on posts.campaign_id = campaigns.campaign_id
inner join shapes
    on
        posts.platform = shapes.platform
        and posts.post_id = shapes.root_post_id
inner join breadths
    on
        posts.platform = breadths.platform
        and posts.post_id = breadths.root_post_id
inner join halves
    on
        posts.platform = halves.platform
        and posts.post_id = halves.root_post_id
