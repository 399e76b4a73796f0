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
--   lifetime_mentions [mentions]: mentions so far; not part of engagements
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
--   engagement_rate_by_impressions [share]: lifetime_engagements / platform_reads_count
--   platform_reposts_count [reposts]: the platform's own counter, last snapshot
--   platform_comments_count [comments]: the platform's own counter, last snapshot
--   platform_likes_count [likes]: the platform's own counter, last snapshot
--   platform_reads_count [reads]: the platform's own counter, last snapshot
--   counters_observed_at [time in UTC]: UTC, when the last snapshot was read
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
        count(*) filter (where kind = 'mention') as mentions,
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

counters as (
    select
        platform,
        post_id,
        arg_max(reposts_count, observed_at) as reposts_count,
        arg_max(comments_count, observed_at) as comments_count,
        arg_max(likes_count, observed_at) as likes_count,
        arg_max(reads_count, observed_at) as reads_count,
        max(observed_at) as observed_at
    from staging.post_counters
    group by platform, post_id
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
    coalesce(drawn.mentions, 0) as lifetime_mentions,
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
        coalesce(drawn.engagements, 0) / nullif(counters.reads_count, 0), 6
    ) as engagement_rate_by_impressions,
    counters.reposts_count as platform_reposts_count,
    counters.comments_count as platform_comments_count,
    counters.likes_count as platform_likes_count,
    counters.reads_count as platform_reads_count,
    counters.observed_at as counters_observed_at
from intermediate.campaign_posts as posts
inner join meta.campaigns as campaigns
    on posts.campaign_id = campaigns.campaign_id
left join drawn
    on
        posts.campaign_id = drawn.campaign_id
        and posts.platform = drawn.platform
        and posts.post_id = drawn.root_post_id
left join intermediate.accounts as accounts
    on
        posts.platform = accounts.platform
        and posts.account_id = accounts.account_id
left join counters
    on
        posts.platform = counters.platform
        and posts.post_id = counters.post_id
