-- What happened around a campaign on one activity day; a day without a row had no
-- activity (data_coverage tells whether it was covered). What the platform counts of a
-- day is how much its counters grew, where they were read near both midnights.
--
-- grain: campaign_id, platform, activity_day
-- params: $start_date, $end_date
-- replace: window activity_day
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   posts [posts]: posts of the campaign published that day
--   reposts [reposts]: reposts, as collected
--   comments [comments]: comments and replies, as collected
--   likes [likes]: likes that are known one by one; platform_likes counts all
--   mentions [mentions]: texts of others that day that mention the campaign's brand (see share_of_voice), whatever prompted them; not part of engagements
--   engagements [interactions]: reposts + comments + likes
--   platform_reposts [reposts]: growth of the platform's own counter of reposts that day, over the posts that were read near both midnights; negative where it took some back
--   platform_comments [comments]: growth of the platform's own counter of comments that day, over the posts that were read near both midnights; negative where it took some back
--   platform_likes [likes]: growth of the platform's own counter of likes that day, over the posts that were read near both midnights; negative where it took some back
--   platform_reads [reads]: growth of the platform's own counter of reads that day, over the posts that were read near both midnights; negative where it took some back
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes, those that the platform counts
--   platform_counted_posts [posts]: posts whose growth of engagements that day is known
--   platform_counted_at [time in UTC]: moment of the newest reading that ends the day
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same posts and kinds
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the counters did not grow
--   genuine_reposts [reposts]: reposts without those of likely phantoms and hidden accounts
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_likes [likes]: likes without those of likely phantoms and hidden accounts
--   genuine_mentions [mentions]: mentions without those of likely phantoms and hidden accounts
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts
--   genuine_engagements_low [interactions]: engagements without those of likely phantoms, suspected and hidden accounts
--   genuine_engagements_high [interactions]: only confirmed or near-certain phantoms left out
--   engaged_accounts [accounts]: accounts that reposted, commented or liked
--   genuine_engaged_accounts [accounts]: engaged accounts that are no likely phantoms
--   genuine_engaged_accounts_low [accounts]: engaged accounts that are neither likely phantoms nor suspected
--   genuine_engaged_accounts_high [accounts]: only confirmed or near-certain phantoms left out
--   engaged_people [people]: engaged accounts, those of one operator once
--   genuine_engaged_people [people]: the same without likely phantoms
--   exposure [follower contacts]: followers of all reposters, an account counted at each repost
--   genuine_exposure [follower contacts]: the same without likely phantoms
--   potential_reach [followers]: followers of the reposters, each account once; an upper bound
--   genuine_potential_reach [followers]: the same without likely phantoms
--   phantom_share [share]: likely phantoms among engaged accounts
--   daily_engagement_rate [share a day]: engagements of the day / followers of the accounts that posted
--   genuine_daily_engagement_rate [share a day]: genuine engagements of the day / the same followers
--   platform_daily_engagement_rate [share a day]: platform_engagements of the day / the same followers

with

interactions as (
    select *
    from intermediate.campaign_interactions
    where is_in_window and activity_day between $start_date and $end_date
),

-- Each account once a day: the most followers it had at one of its reposts.
account_days as (
    select
        campaign_id,
        platform,
        activity_day,
        account_id,
        operator_id,
        is_genuine,
        is_surely_genuine,
        is_possibly_genuine,
        bool_or(kind <> 'mention') as is_engaged,
        max(followers_count) filter (where kind = 'repost') as reach
    from interactions
    where account_id is not null
    group by all
),

people as (
    select
        campaign_id,
        platform,
        activity_day,
        count(*) filter (where is_engaged) as engaged_accounts,
        count(*) filter (where is_engaged and is_genuine) as genuine_engaged_accounts,
        count(*) filter (where is_engaged and is_surely_genuine)
            as genuine_engaged_accounts_low,
        count(*) filter (where is_engaged and is_possibly_genuine)
            as genuine_engaged_accounts_high,
        count(distinct operator_id) filter (where is_engaged) as engaged_people,
        count(distinct operator_id) filter (where is_engaged and is_genuine)
            as genuine_engaged_people,
        cast(coalesce(sum(reach), 0) as bigint) as potential_reach,
        cast(coalesce(sum(reach) filter (where is_genuine), 0) as bigint)
            as genuine_potential_reach
    from account_days
    group by campaign_id, platform, activity_day
),

flows as (
    select
        campaign_id,
        platform,
        activity_day,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind <> 'mention' and is_surely_genuine)
            as genuine_engagements_low,
        count(*) filter (where kind <> 'mention' and is_possibly_genuine)
            as genuine_engagements_high,
        cast(coalesce(sum(followers_count) filter (where kind = 'repost'), 0) as bigint)
            as exposure,
        cast(
            coalesce(
                sum(followers_count) filter (where kind = 'repost' and is_genuine), 0
            ) as bigint
        ) as genuine_exposure
    from interactions
    group by campaign_id, platform, activity_day
),

mentioned as (
    select
        campaigns.campaign_id,
        mentions.platform,
        mentions.activity_day,
        count(*) as mentions,
        count(*) filter (where mentions.is_genuine) as genuine_mentions
    from intermediate.brand_mentions as mentions
    inner join meta.campaigns as campaigns
        on
            mentions.brand_id = campaigns.brand_id
            and mentions.activity_day
            between campaigns.window_start and campaigns.window_end
    where mentions.activity_day between $start_date and $end_date
    group by all
),

published as (
    select
        campaign_posts.campaign_id,
        campaign_posts.platform,
        campaign_posts.post_day as activity_day,
        count(*) as posts
    from intermediate.campaign_posts as campaign_posts
    inner join meta.covered_days as covered_days
        on campaign_posts.post_day = covered_days.date_day
    inner join meta.campaigns as campaigns
        on
            campaign_posts.campaign_id = campaigns.campaign_id
            and campaign_posts.post_day
            between campaigns.window_start and campaigns.window_end
    where campaign_posts.post_day between $start_date and $end_date
    group by all
),

posting_accounts as (
    select distinct
        campaign_posts.campaign_id,
        campaign_posts.platform,
        accounts.account_key,
        accounts.followers_count
    from intermediate.campaign_posts as campaign_posts
    inner join intermediate.accounts as accounts
        on
            campaign_posts.platform = accounts.platform
            and campaign_posts.account_id = accounts.account_id
),

audiences as (
    select
        campaign_id,
        platform,
        sum(followers_count) as followers
    from posting_accounts
    group by campaign_id, platform
),

-- How much the platforms' counters grew, and what was collected of it.
collected as (
    select
        campaign_id,
        platform,
        root_post_id,
        kind,
        activity_day,
        count(*) as collected
    from interactions
    group by campaign_id, platform, root_post_id, kind, activity_day
),

grown as (
    select
        counter_days.*,
        coalesce(collected.collected, 0) as collected
    from intermediate.campaign_counter_days as counter_days
    left join collected
        on
            counter_days.campaign_id = collected.campaign_id
            and counter_days.platform = collected.platform
            and counter_days.post_id = collected.root_post_id
            and counter_days.kind = collected.kind
            and counter_days.activity_day = collected.activity_day
    where counter_days.activity_day between $start_date and $end_date
),

counted as (
    select
        campaign_id,
        platform,
        activity_day,
        cast(sum(growth) filter (where kind = 'repost') as bigint) as reposts,
        cast(sum(growth) filter (where kind = 'comment') as bigint) as comments,
        cast(sum(growth) filter (where kind = 'like') as bigint) as likes,
        cast(sum(growth) filter (where kind = 'read') as bigint) as reads,
        cast(sum(growth) filter (where kind <> 'read') as bigint) as engagements,
        count(distinct post_id) filter (where kind <> 'read') as posts,
        max(counted_at) as counted_at,
        cast(sum(collected) filter (where kind <> 'read') as bigint) as collected,
        bool_or(growth <> 0) as is_changed
    from grown
    group by campaign_id, platform, activity_day
),

happened as (
    select
        campaign_id,
        platform,
        activity_day
    from flows
    union
    select
        campaign_id,
        platform,
        activity_day
    from mentioned
    union
    select
        campaign_id,
        platform,
        activity_day
    from published
    union
    select
        campaign_id,
        platform,
        activity_day
    from counted
    where is_changed
)

select
    happened.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.window_start,
    campaigns.window_end,
    happened.platform,
    happened.activity_day,
    coalesce(published.posts, 0) as posts,
    coalesce(flows.reposts, 0) as reposts,
    coalesce(flows.comments, 0) as comments,
    coalesce(flows.likes, 0) as likes,
    coalesce(mentioned.mentions, 0) as mentions,
    coalesce(flows.reposts + flows.comments + flows.likes, 0) as engagements,
    counted.reposts as platform_reposts,
    counted.comments as platform_comments,
    counted.likes as platform_likes,
    counted.reads as platform_reads,
    counted.engagements as platform_engagements,
    coalesce(counted.posts, 0) as platform_counted_posts,
    counted.counted_at as platform_counted_at,
    counted.collected as platform_collected,
    case
        when counted.engagements > 0
            then round(least(counted.collected / counted.engagements, 1), 6)
    end as completeness,
    coalesce(flows.genuine_reposts, 0) as genuine_reposts,
    coalesce(flows.genuine_comments, 0) as genuine_comments,
    coalesce(flows.genuine_likes, 0) as genuine_likes,
    coalesce(mentioned.genuine_mentions, 0) as genuine_mentions,
    coalesce(flows.genuine_reposts + flows.genuine_comments + flows.genuine_likes, 0)
        as genuine_engagements,
    coalesce(flows.genuine_engagements_low, 0) as genuine_engagements_low,
    coalesce(flows.genuine_engagements_high, 0) as genuine_engagements_high,
    coalesce(people.engaged_accounts, 0) as engaged_accounts,
    coalesce(people.genuine_engaged_accounts, 0) as genuine_engaged_accounts,
    coalesce(people.genuine_engaged_accounts_low, 0) as genuine_engaged_accounts_low,
    coalesce(people.genuine_engaged_accounts_high, 0) as genuine_engaged_accounts_high,
    coalesce(people.engaged_people, 0) as engaged_people,
    coalesce(people.genuine_engaged_people, 0) as genuine_engaged_people,
    coalesce(flows.exposure, 0) as exposure,
    coalesce(flows.genuine_exposure, 0) as genuine_exposure,
    coalesce(people.potential_reach, 0) as potential_reach,
    coalesce(people.genuine_potential_reach, 0) as genuine_potential_reach,
    round(
        (people.engaged_accounts - people.genuine_engaged_accounts)
        / nullif(people.engaged_accounts, 0), 6
    ) as phantom_share,
    round(
        coalesce(flows.reposts + flows.comments + flows.likes, 0)
        / nullif(audiences.followers, 0), 6
    ) as daily_engagement_rate,
    round(
        coalesce(
            flows.genuine_reposts + flows.genuine_comments + flows.genuine_likes, 0
        ) / nullif(audiences.followers, 0), 6
    ) as genuine_daily_engagement_rate,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_daily_engagement_rate
from happened
inner join meta.campaigns as campaigns
    on happened.campaign_id = campaigns.campaign_id
left join flows
    on
        happened.campaign_id = flows.campaign_id
        and happened.platform = flows.platform
        and happened.activity_day = flows.activity_day
left join counted
    on
        happened.campaign_id = counted.campaign_id
        and happened.platform = counted.platform
        and happened.activity_day = counted.activity_day
left join mentioned
    on
        happened.campaign_id = mentioned.campaign_id
        and happened.platform = mentioned.platform
        and happened.activity_day = mentioned.activity_day
left join people
    on
        happened.campaign_id = people.campaign_id
        and happened.platform = people.platform
        and happened.activity_day = people.activity_day
left join published
    on
        happened.campaign_id = published.campaign_id
        and happened.platform = published.platform
        and happened.activity_day = published.activity_day
left join audiences
    on
        happened.campaign_id = audiences.campaign_id
        and happened.platform = audiences.platform
