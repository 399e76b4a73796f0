-- A post of a campaign: what it drew in its life so far and at given ages, over
-- the activity days that are covered, whether or not the campaign has ended.
--
-- grain: campaign_id, platform, post_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   platform [text]: the network
--   post_key [id]: pseudonym of the post
--   post_id [id]: the platform's id; only of listed posts and those of brand accounts
--   account_key [id]: keyed pseudonym of who posted
--   attribution_rule [text]: why it belongs to the campaign (post_id, hashtag, link, keyword, brand_account)
--   post_day [day]: the day it was published, in the workspace's time zone
--   posted_at [time in UTC]: UTC
--   lifetime_reposts [reposts]: reposts so far
--   lifetime_comments [comments]: comments and replies so far
--   lifetime_likes [likes]: likes known one by one so far
--   lifetime_mentions [mentions]: reposts, comments and links under it so far that mention the campaign's brand (see share_of_voice); not part of engagements
--   lifetime_engagements [interactions]: reposts + comments + likes so far
--   genuine_lifetime_reposts [reposts]: reposts so far without those of likely phantoms
--   genuine_lifetime_comments [comments]: comments so far without those of likely phantoms
--   genuine_lifetime_likes [likes]: likes so far without those of likely phantoms
--   genuine_lifetime_engagements [interactions]: engagements so far without those of likely phantoms
--   engagements_1h [interactions; post day]: engagements in the first hour after publication
--   engagements_24h [interactions; post day]: engagements in the first 24 hours
--   engagements_7d [interactions; post day]: engagements in the first 7 days
--   genuine_engagements_1h [interactions; post day]: the same without likely phantoms
--   genuine_engagements_24h [interactions; post day]: the same without likely phantoms
--   genuine_engagements_7d [interactions; post day]: the same without likely phantoms
--   account_followers [followers]: followers of who posted, newest known
--   engagement_rate_by_followers [share]: lifetime_engagements / account_followers
--   genuine_engagement_rate_by_followers [share]: genuine_lifetime_engagements / account_followers
--   engagement_rate_by_impressions [share]: lifetime_engagements / platform_reads
--   platform_engagement_rate_by_followers [share]: platform_engagements / account_followers
--   platform_engagement_rate_by_impressions [share]: platform_engagements / platform_reads
--   platform_reposts [reposts]: reposts that the platform itself counts since publication, newest reading that tells them
--   platform_comments [comments]: comments that the platform itself counts since publication, newest reading that tells them
--   platform_likes [likes]: likes that the platform itself counts since publication, newest reading that tells them
--   platform_reads [reads]: reads that the platform itself counts since publication, newest reading that tells them
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes, those that the platform counts
--   platform_counted_at [time in UTC]: moment of the newest of these readings; null where none tells it
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same kinds, up to the day of the reading
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the platform counts nothing
-- metrics:
--   lifetime_engagements: KAWO post metrics | grows as long as days are added
--   engagements_24h: common usage | the same for 1 hour and 7 days

with

drawn as (
    select
        campaign_id,
        platform,
        root_post_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind <> 'mention') as engagements,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind <> 'mention' and is_genuine) as genuine_engagements,
        count(*) filter (where kind <> 'mention' and age_seconds <= 3600)
            as engagements_1h,
        count(*) filter (where kind <> 'mention' and age_seconds <= 86400)
            as engagements_24h,
        count(*) filter (where kind <> 'mention' and age_seconds <= 604800)
            as engagements_7d,
        count(*) filter (where kind <> 'mention' and is_genuine and age_seconds <= 3600)
            as genuine_engagements_1h,
        count(*) filter (
            where kind <> 'mention' and is_genuine and age_seconds <= 86400
        ) as genuine_engagements_24h,
        count(*) filter (
            where kind <> 'mention' and is_genuine and age_seconds <= 604800
        ) as genuine_engagements_7d
    from intermediate.campaign_interactions
    group by campaign_id, platform, root_post_id
),

mentioned as (
    select
        interactions.campaign_id,
        interactions.platform,
        interactions.root_post_id,
        count(*) as mentions
    from intermediate.campaign_interactions as interactions
    inner join meta.campaigns as campaigns
        on interactions.campaign_id = campaigns.campaign_id
    inner join intermediate.brand_mentions as mentions
        on
            campaigns.brand_id = mentions.brand_id
            and interactions.platform = mentions.platform
            and mentions.text_key
            = case
                when
                    interactions.kind = 'comment'
                    or interactions.platform = 'wordpress'
                    then 'comment:'
                else 'post:'
            end || interactions.interaction_id
    where interactions.kind <> 'like'
    group by
        interactions.campaign_id, interactions.platform, interactions.root_post_id
),

counted as (
    select
        campaign_id,
        platform,
        post_id,
        max(lifetime_count) filter (where kind = 'repost') as reposts,
        max(lifetime_count) filter (where kind = 'comment') as comments,
        max(lifetime_count) filter (where kind = 'like') as likes,
        max(lifetime_count) filter (where kind = 'read') as reads,
        cast(sum(lifetime_count) filter (where kind <> 'read') as bigint)
            as engagements,
        max(lifetime_counted_at) as counted_at,
        cast(sum(lifetime_collected) filter (where kind <> 'read') as bigint)
            as collected
    from intermediate.campaign_counters
    group by campaign_id, platform, post_id
)

select
    posts.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.window_start,
    campaigns.window_end,
    posts.platform,
    posts.post_key,
    case when posts.is_named then posts.post_id end as post_id,
    accounts.account_key,
    posts.rule as attribution_rule,
    posts.post_day,
    posts.posted_at,
    coalesce(drawn.reposts, 0) as lifetime_reposts,
    coalesce(drawn.comments, 0) as lifetime_comments,
    coalesce(drawn.likes, 0) as lifetime_likes,
    coalesce(mentioned.mentions, 0) as lifetime_mentions,
    coalesce(drawn.engagements, 0) as lifetime_engagements,
    coalesce(drawn.genuine_reposts, 0) as genuine_lifetime_reposts,
    coalesce(drawn.genuine_comments, 0) as genuine_lifetime_comments,
    coalesce(drawn.genuine_likes, 0) as genuine_lifetime_likes,
    coalesce(drawn.genuine_engagements, 0) as genuine_lifetime_engagements,
    case when posts.posted_at is not null then coalesce(drawn.engagements_1h, 0) end
        as engagements_1h,
    case when posts.posted_at is not null then coalesce(drawn.engagements_24h, 0) end
        as engagements_24h,
    case when posts.posted_at is not null then coalesce(drawn.engagements_7d, 0) end
        as engagements_7d,
    case
        when posts.posted_at is not null then coalesce(drawn.genuine_engagements_1h, 0)
    end as genuine_engagements_1h,
    case
        when posts.posted_at is not null then coalesce(drawn.genuine_engagements_24h, 0)
    end as genuine_engagements_24h,
    case
        when posts.posted_at is not null then coalesce(drawn.genuine_engagements_7d, 0)
    end as genuine_engagements_7d,
    accounts.followers_count as account_followers,
    round(
        coalesce(drawn.engagements, 0) / nullif(accounts.followers_count, 0), 6
    ) as engagement_rate_by_followers,
    round(
        coalesce(drawn.genuine_engagements, 0) / nullif(accounts.followers_count, 0), 6
    ) as genuine_engagement_rate_by_followers,
    round(
        coalesce(drawn.engagements, 0) / nullif(counted.reads, 0), 6
    ) as engagement_rate_by_impressions,
    round(counted.engagements / nullif(accounts.followers_count, 0), 6)
        as platform_engagement_rate_by_followers,
    round(counted.engagements / nullif(counted.reads, 0), 6)
        as platform_engagement_rate_by_impressions,
    counted.reposts as platform_reposts,
    counted.comments as platform_comments,
    counted.likes as platform_likes,
    counted.reads as platform_reads,
    counted.engagements as platform_engagements,
    counted.counted_at as platform_counted_at,
    counted.collected as platform_collected,
    case
        when counted.engagements > 0
            then round(least(counted.collected / counted.engagements, 1), 6)
    end as completeness
from intermediate.campaign_posts as posts
inner join meta.campaigns as campaigns
    on posts.campaign_id = campaigns.campaign_id
left join drawn
    on
        posts.campaign_id = drawn.campaign_id
        and posts.platform = drawn.platform
        and posts.post_id = drawn.root_post_id
left join mentioned
    on
        posts.campaign_id = mentioned.campaign_id
        and posts.platform = mentioned.platform
        and posts.post_id = mentioned.root_post_id
left join intermediate.accounts as accounts
    on
        posts.platform = accounts.platform
        and posts.account_id = accounts.account_id
left join counted
    on
        posts.campaign_id = counted.campaign_id
        and posts.platform = counted.platform
        and posts.post_id = counted.post_id
