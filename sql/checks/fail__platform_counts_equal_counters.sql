-- Bad rows: a campaign, post or day whose platform's counts are not the sum of its
-- kinds, or differ from the counters that were read.
--
-- grain: mart, campaign_id
-- params: none

with

sums as (
    select
        'campaigns' as mart,
        campaign_id,
        platform_reposts,
        platform_comments,
        platform_likes,
        platform_engagements,
        platform_collected
    from marts.campaigns
    union all
    select
        'campaign_posts' as mart,
        campaign_id,
        platform_reposts,
        platform_comments,
        platform_likes,
        platform_engagements,
        platform_collected
    from marts.campaign_posts
    union all
    select
        'campaign_daily' as mart,
        campaign_id,
        platform_reposts,
        platform_comments,
        platform_likes,
        platform_engagements,
        platform_collected
    from marts.campaign_daily
),

-- Straight from staging: the last value of each post, whatever its moment.
last_known as (
    select
        platform,
        post_id,
        arg_max(reposts_count, observed_at) as reposts,
        arg_max(comments_count, observed_at) as comments,
        arg_max(likes_count, observed_at) as likes,
        arg_max(reads_count, observed_at) as reads
    from staging.post_counters
    group by platform, post_id
),

growth as (
    select
        campaign_id,
        sum(growth) as growth
    from intermediate.campaign_counter_days
    where kind <> 'read'
    group by campaign_id
),

daily as (
    select
        campaign_id,
        sum(platform_engagements) as growth
    from marts.campaign_daily
    group by campaign_id
)

select
    mart,
    campaign_id
from sums
where
    coalesce(platform_reposts, platform_comments, platform_likes)
    is null <> (platform_engagements is null)
    or platform_engagements is null <> (platform_collected is null)
    or platform_engagements
    <> coalesce(platform_reposts, 0)
    + coalesce(platform_comments, 0)
    + coalesce(platform_likes, 0)
    or platform_collected < 0
union all
select
    'campaign_posts' as mart,
    marts_posts.campaign_id
from marts.campaign_posts as marts_posts
inner join intermediate.campaign_posts as posts
    on
        marts_posts.campaign_id = posts.campaign_id
        and marts_posts.platform = posts.platform
        and marts_posts.post_key = posts.post_key
left join last_known
    on
        posts.platform = last_known.platform
        and posts.post_id = last_known.post_id
where
    marts_posts.platform_reposts is distinct from last_known.reposts
    or marts_posts.platform_comments is distinct from last_known.comments
    or marts_posts.platform_likes is distinct from last_known.likes
    or marts_posts.platform_reads is distinct from last_known.reads
    or marts_posts.platform_collected > coalesce(marts_posts.lifetime_engagements, 0)
union all
select
    'campaign_daily' as mart,
    growth.campaign_id
from growth
left join daily on growth.campaign_id = daily.campaign_id
where growth.growth <> coalesce(daily.growth, 0)
