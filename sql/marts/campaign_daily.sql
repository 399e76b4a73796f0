-- What happened around a campaign on one activity day; a day without a row had no
-- activity (data_coverage tells whether it was covered). What the platform counts of a
-- day is how much its counters grew, where they were read near both midnights.
--
-- grain: campaign_id, platform, activity_day
-- params: $start_date, $end_date
-- replace: window activity_day
-- time axis: activity day
-- adds over: platform, activity_day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   platform [text]: the network
--   posts [posts]: posts of the campaign published that day
--   reposts [reposts]: reposts, as collected; null where no source can give them
--   comments [comments]: comments and replies, as collected; null where no source can give them
--   likes [likes]: likes that are known one by one; null where no source can give them; platform_likes counts all
--   mentions [mentions]: texts of others that day that mention the campaign's brand (see share_of_voice), whatever prompted them; not part of engagements
--   engagements [interactions]: reposts + comments + likes, those that a source can give
--   platform_reposts [reposts]: growth of the platform's own counter of reposts that day, over the posts that were read near both midnights; negative where it took some back
--   platform_comments [comments]: growth of the platform's own counter of comments that day, over the posts that were read near both midnights; negative where it took some back
--   platform_likes [likes]: growth of the platform's own counter of likes that day, over the posts that were read near both midnights; negative where it took some back
--   platform_reads [reads]: growth of the platform's own counter of reads that day, over the posts that were read near both midnights; negative where it took some back
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes of the day, those that the platform counts
--   platform_counted_posts [posts]: posts whose growth of engagements that day is known
--   platform_counted_at [time in UTC]: moment of the newest reading that ends the day
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same posts and kinds
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the counters did not grow
--   genuine_reposts [reposts]: reposts without those of likely phantoms and hidden accounts
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_likes [likes]: likes without those of likely phantoms and hidden accounts
--   genuine_mentions [mentions]: mentions without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   genuine_engagements_low [interactions]: low end of the 95 % interval of what is genuine of engagements, for errors of the score and for unknown accounts; null where no account is known
--   genuine_engagements_high [interactions]: high end of that interval
--   known_engagements [interactions]: engagements of accounts known by more than a name; below half of engagements, genuine numbers are null and their intervals stand alone
--   engaged_accounts [accounts]: accounts that reposted, commented or liked
--   genuine_engaged_accounts [accounts]: engaged accounts that are no likely phantoms
--   genuine_engaged_accounts_low [accounts]: low end of the 95 % interval of what is genuine of engaged_accounts; null where no account is known
--   genuine_engaged_accounts_high [accounts]: high end of that interval
--   known_engaged_accounts [accounts]: engaged accounts of which more than a name is known
--   engaged_people [people]: engaged accounts, those of one operator once
--   genuine_engaged_people [people]: the same without likely phantoms
--   exposure [follower contacts]: followers of all reposters, an account counted at each repost
--   genuine_exposure [follower contacts]: the same without likely phantoms
--   author_followers [follower contacts]: followers of the authors of posts published that day, an account counted at each of its posts
--   genuine_author_followers [follower contacts]: the same without likely phantoms
--   potential_reach [followers]: followers of the authors of the day's posts and of the day's reposters, each account once; an upper bound
--   genuine_potential_reach [followers]: the same without likely phantoms
--   phantom_share [share]: likely phantoms among engaged accounts
--   phantom_share_low [share]: low end of its 95 % interval: 1 - genuine_engaged_accounts_high / engaged_accounts
--   phantom_share_high [share]: high end of that interval
--   daily_engagement_rate [share a day]: engagements of the day / followers of the accounts that posted
--   genuine_daily_engagement_rate [share a day]: genuine engagements of the day / the same followers
--   platform_daily_engagement_rate [share a day]: platform_engagements of the day / the same followers
-- metrics:
--   platform_engagements: KAWO help centre | growth of counters: negative where a platform took some back; posts that were not read near both midnights are left out

with

interactions as (
    select *
    from intermediate.campaign_interactions
    where is_in_window and activity_day between $start_date and $end_date
),

account_days as (
    select
        campaign_id,
        platform,
        activity_day,
        account_id,
        operator_id,
        is_genuine
    from interactions
    where account_id is not null and kind <> 'mention'
    group by all
),

people as (
    select
        campaign_id,
        platform,
        activity_day,
        count(*) as engaged_accounts,
        count(*) filter (where is_genuine) as genuine_engaged_accounts,
        count(distinct operator_id) as engaged_people,
        count(distinct operator_id) filter (where is_genuine) as genuine_engaged_people
    from account_days
    group by campaign_id, platform, activity_day
),

authors as (
    select authors.*
    from intermediate.campaign_authors as authors
    inner join meta.campaigns as campaigns
        on
            authors.campaign_id = campaigns.campaign_id
            and authors.post_day
            between campaigns.window_start and campaigns.window_end
    inner join meta.covered_days as covered_days
        on authors.post_day = covered_days.date_day
    where authors.post_day between $start_date and $end_date
),

-- Each account once a day: the most followers it had at one of its posts and reposts.
audience_acts as (
    select
        campaign_id,
        platform,
        post_day as activity_day,
        account_id,
        is_genuine,
        followers_count
    from authors
    union all
    select
        campaign_id,
        platform,
        activity_day,
        account_id,
        is_genuine,
        followers_count
    from interactions
    where kind = 'repost' and account_id is not null
),

audience_days as (
    select
        campaign_id,
        platform,
        activity_day,
        account_id,
        is_genuine,
        max(followers_count) as followers
    from audience_acts
    group by campaign_id, platform, activity_day, account_id, is_genuine
),

reached as (
    select
        campaign_id,
        platform,
        activity_day,
        cast(sum(followers) as bigint) as potential_reach,
        cast(
            sum(case when is_genuine then coalesce(followers, 0) else 0 end) as bigint
        ) as genuine_potential_reach
    from audience_days
    group by campaign_id, platform, activity_day
),

authored as (
    select
        campaign_id,
        platform,
        post_day as activity_day,
        cast(sum(followers_count) as bigint) as author_followers,
        cast(
            sum(case when is_genuine then coalesce(followers_count, 0) else 0 end)
            as bigint
        ) as genuine_author_followers
    from authors
    group by campaign_id, platform, post_day
),

flows as (
    select
        campaign_id,
        platform,
        activity_day,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind <> 'mention') as engagements,
        -- Of how many it is known who acted.
        count(account_id) filter (where kind = 'repost') as known_reposts,
        count(account_id) filter (where kind = 'comment') as known_comments,
        count(account_id) filter (where kind = 'like') as known_likes,
        count(account_id) filter (where kind <> 'mention') as known_engagements,
        count(followers_count) filter (where kind = 'repost') as known_followers,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
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
        count(*) filter (where mentions.is_known) as known_mentions,
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
    select
        campaign_id,
        platform,
        account_id,
        max(followers_count) as followers
    from intermediate.campaign_authors
    group by campaign_id, platform, account_id
),

audiences as (
    select
        campaign_id,
        platform,
        cast(sum(followers) as bigint) as followers
    from posting_accounts
    group by campaign_id, platform
),

-- What could have been collected: of other kinds nothing is known.
kinds as (
    select
        campaign_id,
        platform,
        bool_or(kind = 'repost') as reposts,
        bool_or(kind = 'comment') as comments,
        bool_or(kind = 'like') as likes
    from intermediate.campaign_kinds
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
),

-- A network on which the campaign has no post: nothing can have happened to one.
placed as (
    select
        happened.campaign_id,
        happened.platform,
        count(posts.post_id) > 0 as is_there
    from happened
    left join intermediate.campaign_posts as posts
        on
            happened.campaign_id = posts.campaign_id
            and happened.platform = posts.platform
    group by happened.campaign_id, happened.platform
),

-- Null where nothing is known, 0 where it is known that nothing happened.
bounds as (
    select *
    from intermediate.campaign_bounds
    where scope = 'day'
),

totals as (
    select
        happened.campaign_id,
        happened.platform,
        happened.activity_day,
        case when not placed.is_there or kinds.reposts then coalesce(flows.reposts, 0) end as reposts,
        case when not placed.is_there or kinds.comments then coalesce(flows.comments, 0) end as comments,
        case when not placed.is_there or kinds.likes then coalesce(flows.likes, 0) end as likes,
        case
            when not placed.is_there or kinds.campaign_id is not null
                then coalesce(flows.engagements, 0)
        end as engagements,
        coalesce(flows.reposts, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_reposts, 0) > 0)
            as knows_reposters,
        coalesce(flows.comments, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_comments, 0) > 0)
            as knows_commenters,
        coalesce(flows.likes, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(flows.known_likes, 0) > 0)
            as knows_likers,
        (not placed.is_there or kinds.campaign_id is not null)
        and (
            coalesce(flows.known_engagements, 0) > 0
            or coalesce(flows.engagements, 0) = 0
        ) as knows_accounts,
        coalesce(bounds.is_told, true) as tells_genuine,
        (not placed.is_there or coalesce(kinds.reposts, false))
        and (coalesce(flows.known_followers, 0) > 0 or coalesce(flows.reposts, 0) = 0)
            as knows_followers
    from happened
    left join flows
        on
            happened.campaign_id = flows.campaign_id
            and happened.platform = flows.platform
            and happened.activity_day = flows.activity_day
    inner join placed
        on
            happened.campaign_id = placed.campaign_id
            and happened.platform = placed.platform
    left join kinds
        on
            happened.campaign_id = kinds.campaign_id
            and happened.platform = kinds.platform
    left join bounds
        on
            happened.campaign_id = bounds.campaign_id
            and happened.platform = bounds.platform
            and happened.activity_day = bounds.activity_day
)

select
    totals.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    totals.activity_day,
    campaigns.window_start,
    campaigns.window_end,
    totals.platform,
    coalesce(published.posts, 0) as posts,
    totals.reposts,
    totals.comments,
    totals.likes,
    coalesce(mentioned.mentions, 0) as mentions,
    totals.engagements,
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
    case
        when totals.reposts is not null and totals.knows_reposters
            then coalesce(flows.genuine_reposts, 0)
    end as genuine_reposts,
    case
        when totals.comments is not null and totals.knows_commenters
            then coalesce(flows.genuine_comments, 0)
    end as genuine_comments,
    case
        when totals.likes is not null and totals.knows_likers
            then coalesce(flows.genuine_likes, 0)
    end as genuine_likes,
    case
        when mentioned.campaign_id is null then 0
        when mentioned.known_mentions * 2 >= mentioned.mentions
            then mentioned.genuine_mentions
    end as genuine_mentions,
    case
        when totals.knows_accounts and totals.tells_genuine
            then
                coalesce(
                    flows.genuine_reposts + flows.genuine_comments + flows.genuine_likes,
                    0
                )
    end as genuine_engagements,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.acts_low
    end as genuine_engagements_low,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.acts_high
    end as genuine_engagements_high,
    coalesce(bounds.known_acts, 0) as known_engagements,
    case when totals.knows_accounts then coalesce(people.engaged_accounts, 0) end
        as engaged_accounts,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(people.genuine_engaged_accounts, 0)
    end as genuine_engaged_accounts,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.accounts_low
    end as genuine_engaged_accounts_low,
    case
        when totals.knows_accounts and bounds.campaign_id is null then 0
        when totals.knows_accounts then bounds.accounts_high
    end as genuine_engaged_accounts_high,
    coalesce(bounds.known_accounts, 0) as known_engaged_accounts,
    case when totals.knows_accounts then coalesce(people.engaged_people, 0) end
        as engaged_people,
    case
        when totals.knows_accounts and totals.tells_genuine
            then coalesce(people.genuine_engaged_people, 0)
    end as genuine_engaged_people,
    case when totals.knows_followers then coalesce(flows.exposure, 0) end as exposure,
    case
        when totals.knows_followers and totals.tells_genuine
            then coalesce(flows.genuine_exposure, 0)
    end as genuine_exposure,
    case
        when coalesce(published.posts, 0) = 0 then 0 else authored.author_followers
    end as author_followers,
    case
        when coalesce(published.posts, 0) = 0 then 0
        when authored.author_followers is not null
            then authored.genuine_author_followers
    end as genuine_author_followers,
    case
        when coalesce(published.posts, 0) = 0 and totals.reposts = 0 then 0
        else reached.potential_reach
    end as potential_reach,
    case
        when coalesce(published.posts, 0) = 0 and totals.reposts = 0 then 0
        when reached.potential_reach is not null and totals.tells_genuine
            then reached.genuine_potential_reach
    end as genuine_potential_reach,
    case
        when totals.tells_genuine
            then
                round(
                    (people.engaged_accounts - people.genuine_engaged_accounts)
                    / nullif(people.engaged_accounts, 0), 6
                )
    end as phantom_share,
    round(
        (bounds.accounts - bounds.accounts_high) / nullif(bounds.accounts, 0), 6
    ) as phantom_share_low,
    round((bounds.accounts - bounds.accounts_low) / nullif(bounds.accounts, 0), 6)
        as phantom_share_high,
    round(totals.engagements / nullif(audiences.followers, 0), 6)
        as daily_engagement_rate,
    case
        when totals.knows_accounts and totals.tells_genuine
            then
                round(
                    coalesce(
                        flows.genuine_reposts
                        + flows.genuine_comments
                        + flows.genuine_likes, 0
                    ) / nullif(audiences.followers, 0), 6
                )
    end as genuine_daily_engagement_rate,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_daily_engagement_rate
from totals
inner join meta.campaigns as campaigns
    on totals.campaign_id = campaigns.campaign_id
left join flows
    on
        totals.campaign_id = flows.campaign_id
        and totals.platform = flows.platform
        and totals.activity_day = flows.activity_day
left join counted
    on
        totals.campaign_id = counted.campaign_id
        and totals.platform = counted.platform
        and totals.activity_day = counted.activity_day
left join mentioned
    on
        totals.campaign_id = mentioned.campaign_id
        and totals.platform = mentioned.platform
        and totals.activity_day = mentioned.activity_day
left join bounds
    on
        totals.campaign_id = bounds.campaign_id
        and totals.platform = bounds.platform
        and totals.activity_day = bounds.activity_day
left join people
    on
        totals.campaign_id = people.campaign_id
        and totals.platform = people.platform
        and totals.activity_day = people.activity_day
left join published
    on
        totals.campaign_id = published.campaign_id
        and totals.platform = published.platform
        and totals.activity_day = published.activity_day
left join reached
    on
        totals.campaign_id = reached.campaign_id
        and totals.platform = reached.platform
        and totals.activity_day = reached.activity_day
left join authored
    on
        totals.campaign_id = authored.campaign_id
        and totals.platform = authored.platform
        and totals.activity_day = authored.activity_day
left join audiences
    on
        totals.campaign_id = audiences.campaign_id
        and totals.platform = audiences.platform
