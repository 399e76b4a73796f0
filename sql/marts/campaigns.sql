-- A campaign in one row: what happened on its posts between its first and last
-- day, over the activity days that are covered.
--
-- grain: campaign_id
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   days_covered [days]: days of the window that the marts cover
--   posts [posts]: posts that belong to it
--   reposts [reposts]: reposts, as collected
--   comments [comments]: comments and replies, as collected
--   likes [likes]: likes that are known one by one; platform_likes counts all
--   mentions [mentions]: texts of others in the window that mention the campaign's brand: the sum of its mentions in share_of_voice; not part of engagements
--   engagements [interactions]: reposts + comments + likes
--   platform_reposts [reposts]: reposts that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_comments [comments]: comments that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_likes [likes]: likes that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_reads [reads]: reads that the platform itself counts of its posts since their publication: at the first reading at or after the campaign's last day, else the newest
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes, those that the platform counts
--   platform_counted_posts [posts]: posts of which the platform counts engagements
--   platform_counted_since [time in UTC]: moment of the oldest of these readings; null where one does not tell it
--   platform_counted_at [time in UTC]: moment of the newest of these readings; null where none tells it
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same posts and kinds, up to the day of the reading
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the platform counts nothing
--   genuine_reposts [reposts]: reposts without those of likely phantoms and hidden accounts
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_likes [likes]: likes without those of likely phantoms and hidden accounts
--   genuine_mentions [mentions]: mentions without those of likely phantoms and hidden accounts
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts
--   genuine_engagements_low [interactions]: engagements without those of likely phantoms, suspected and hidden accounts
--   genuine_engagements_high [interactions]: only confirmed or near-certain phantoms left out
--   suspected_engagements [interactions]: of genuine_engagements those of suspected accounts
--   engaged_accounts [accounts]: accounts that reposted, commented or liked
--   genuine_engaged_accounts [accounts]: engaged accounts that are no likely phantoms
--   genuine_engaged_accounts_low [accounts]: engaged accounts that are neither likely phantoms nor suspected
--   genuine_engaged_accounts_high [accounts]: only confirmed or near-certain phantoms left out
--   suspected_engaged_accounts [accounts]: of genuine_engaged_accounts those that are suspected
--   engaged_people [people]: engaged accounts, those of one operator once
--   genuine_engaged_people [people]: the same without likely phantoms
--   exposure [follower contacts]: followers of all reposters, an account counted at each repost
--   genuine_exposure [follower contacts]: the same without likely phantoms
--   potential_reach [followers]: followers of the reposters, each account once; an upper bound
--   genuine_potential_reach [followers]: the same without likely phantoms
--   phantom_share [share]: likely phantoms among engaged accounts
--   posting_followers [followers]: followers of the accounts that posted, each account once
--   engagement_rate [share]: the same as engagement_rate_by_followers
--   genuine_engagement_rate [share]: genuine engagements / posting_followers
--   engagement_rate_by_reach [share]: engagements / potential_reach
--   engagement_rate_by_followers [share]: engagements / posting_followers
--   engagement_rate_by_impressions [share]: engagements / platform_reads
--   daily_engagement_rate [share a day]: engagements / (days covered x posting_followers)
--   platform_engagement_rate [share]: platform_engagements / posting_followers
--   platform_engagement_rate_by_followers [share]: platform_engagements / posting_followers
--   platform_engagement_rate_by_impressions [share]: platform_engagements of posts with reads / platform_reads
--   platform_daily_engagement_rate [share a day]: platform_engagements / (days covered x posting_followers)
--   budget_amount [currency of the budget]: what it cost
--   budget_currency [text]: in which currency
--   cost_per_engagement [currency of the budget]: budget_amount / engagements
--   cost_per_platform_engagement [currency of the budget]: budget_amount / platform_engagements
--   cost_per_genuine_engagement [currency of the budget]: budget_amount / genuine_engagements
--   earned_media_value_low [currency]: 0.85 x potential_reach x CPM / 1,000 of seeds/cpm.csv, summed over networks; null without a price for each
--   earned_media_value_high [currency]: 1.15 x exposure x CPM / 1,000
--   genuine_earned_media_value_low [currency]: the low end without likely phantoms
--   genuine_earned_media_value_high [currency]: the high end without likely phantoms
--   earned_media_currency [text]: the currency of earned media values
--   cpm_source [text]: where the prices come from, and of which day
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   genuine_sentiment_net [share, -1 to 1]: the same of genuine comments
--   fans_gained [followers]: brand followers, last less first snapshot of the window
--   posts_gained [posts]: brand posts, last less first snapshot of the window
--   social_momentum [followers per post]: fans_gained / posts_gained; read it as a trend
-- metrics:
--   posts: this project | attribution_rule says why a post counts
--   reposts: KAWO help centre | what was collected, not the platform's counter
--   comments: KAWO help centre | what was collected, not the platform's counter
--   likes: KAWO help centre | exports often lack them; platform_likes counts all
--   mentions: this project | of the brand, whatever prompted them; campaigns of one brand that overlap share them
--   engagements: KAWO help centre | one interaction may belong to several campaigns, so campaigns do not add up
--   genuine_engagements: this project | as good as the phantom score; _low leaves out suspected accounts, too, _high only confirmed phantoms and those at 0.95 or above
--   platform_engagements: KAWO help centre | counts since publication, deleted and hidden interactions included; posts without a reading are left out
--   platform_reposts: KAWO help centre | counts since publication
--   platform_comments: KAWO help centre | counts since publication
--   platform_likes: KAWO help centre | counts since publication
--   platform_reads: Weibo, C/2/media_statuses/count_sp/biz | counts since publication; only where the platform tells reads
--   completeness: this project | the platform's counter includes deleted and hidden interactions; of posts without a counter nothing is known
--   engaged_accounts: KAWO help centre | does not add up over days, platforms or campaigns
--   engaged_people: this project | an account on its own counts as one person; does not add up
--   exposure: sunbookie 曝光量 | not deduplicated; never a number of people
--   potential_reach: metrics of potential reach (Sprinklr), upper bound | audiences overlap, so true reach is smaller; does not add up
--   phantom_share: this project | as good as the phantom score; the audit corrects for its prior
--   engagement_rate: it-benchmarking-journal.com 2019 | null without known followers
--   engagement_rate_by_reach: Hootsuite, ERR | reach is an upper bound, so the rate is a lower one
--   engagement_rate_by_followers: it-benchmarking-journal.com 2019 | followers newest known
--   engagement_rate_by_impressions: it-benchmarking-journal.com 2019 | only where the platform tells reads
--   daily_engagement_rate: it-benchmarking-journal.com 2019 | followers newest known
--   platform_engagement_rate: it-benchmarking-journal.com 2019 | null without known followers
--   platform_engagement_rate_by_followers: it-benchmarking-journal.com 2019 | followers newest known
--   platform_engagement_rate_by_impressions: it-benchmarking-journal.com 2019 | only where the platform tells reads
--   platform_daily_engagement_rate: it-benchmarking-journal.com 2019 | followers newest known
--   cost_per_platform_engagement: common usage | the whole budget, against all that the platform counts, genuine or not
--   cost_per_engagement: common usage | the whole budget, whatever part of the window is covered
--   cost_per_genuine_engagement: this project | as good as the phantom score
--   earned_media_value_low: truleado.com, what is earned media value; band after keepface.com | no money: read contentgrip.com on its limits before using it
--   earned_media_value_high: truleado.com, what is earned media value; band after keepface.com | exposure counts an audience at each repost
--   sentiment_net: this project | judged by words alone; irony is not seen; wordless comments are left out
--   social_momentum: ClickZ, social momentum; direction chosen by this project | a trend, no verdict; null without two snapshots

with

interactions as (
    select *
    from intermediate.campaign_interactions
    where is_in_window
),

campaign_accounts as (
    select
        campaign_id,
        platform,
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
    from campaign_accounts
    group by campaign_id
),

doubtful as (
    select
        campaign_id,
        count(*) as accounts,
        cast(sum(engagements) as bigint) as engagements
    from marts.campaign_accounts
    where phantom_level = 'suspected' and engagements > 0
    group by campaign_id
),

flows as (
    select
        campaign_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind <> 'mention') as engagements,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind <> 'mention' and is_genuine) as genuine_engagements,
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
    group by campaign_id
),

mentioned as (
    select
        campaigns.campaign_id,
        count(*) as mentions,
        count(*) filter (where mentions.is_genuine) as genuine_mentions
    from intermediate.brand_mentions as mentions
    inner join meta.campaigns as campaigns
        on
            mentions.brand_id = campaigns.brand_id
            and mentions.activity_day
            between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id
),

sentiment as (
    select
        campaign_id,
        round(
            (sum(positive) - sum(negative))
            / nullif(sum(positive) + sum(neutral) + sum(negative), 0), 6
        ) as sentiment_net,
        round(
            (sum(genuine_positive) - sum(genuine_negative))
            / nullif(
                sum(genuine_positive) + sum(genuine_neutral) + sum(genuine_negative), 0
            ), 6
        ) as genuine_sentiment_net
    from intermediate.sentiment_days
    group by campaign_id
),

-- What the platforms count, and what was collected of it.
counted_posts as (
    select
        campaign_id,
        platform,
        post_id,
        sum(window_count) filter (where kind = 'repost') as reposts,
        sum(window_count) filter (where kind = 'comment') as comments,
        sum(window_count) filter (where kind = 'like') as likes,
        sum(window_count) filter (where kind = 'read') as reads,
        sum(window_count) filter (where kind <> 'read') as engagements,
        sum(window_collected) filter (where kind <> 'read') as collected,
        min(window_counted_at) as counted_since,
        max(window_counted_at) as counted_at,
        count(*) filter (where window_counted_at is null) as undated
    from intermediate.campaign_counters
    group by campaign_id, platform, post_id
),

counted as (
    select
        campaign_id,
        cast(sum(reposts) as bigint) as reposts,
        cast(sum(comments) as bigint) as comments,
        cast(sum(likes) as bigint) as likes,
        cast(sum(reads) as bigint) as reads,
        cast(sum(engagements) as bigint) as engagements,
        cast(sum(engagements) filter (where reads is not null) as bigint)
            as engagements_with_reads,
        count(engagements) as posts,
        case when sum(undated) = 0 then min(counted_since) end as counted_since,
        max(counted_at) as counted_at,
        cast(sum(collected) as bigint) as collected
    from counted_posts
    group by campaign_id
),

published as (
    select
        campaign_id,
        count(*) as posts
    from intermediate.campaign_posts
    group by campaign_id
),

posting_accounts as (
    select distinct
        campaign_posts.campaign_id,
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
        cast(sum(followers_count) as bigint) as followers
    from posting_accounts
    group by campaign_id
),

brand_snapshots as (
    select
        campaigns.campaign_id,
        accounts.platform,
        accounts.account_id,
        arg_max(accounts.followers_count, accounts.observed_at)
        - arg_min(accounts.followers_count, accounts.observed_at) as fans_gained,
        arg_max(accounts.posts_count, accounts.observed_at)
        - arg_min(accounts.posts_count, accounts.observed_at) as posts_gained
    from meta.campaigns as campaigns
    inner join meta.brand_accounts as brand_accounts
        on campaigns.brand_id = brand_accounts.brand_id
    inner join staging.accounts as accounts
        on
            brand_accounts.platform = accounts.platform
            and brand_accounts.account_id = accounts.account_id
            and accounts.date_day
            between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id, accounts.platform, accounts.account_id
),

momentum as (
    select
        campaign_id,
        cast(sum(fans_gained) as bigint) as fans_gained,
        cast(sum(posts_gained) as bigint) as posts_gained
    from brand_snapshots
    group by campaign_id
),

coverage as (
    select
        campaigns.campaign_id,
        count(*) as days_covered
    from meta.campaigns as campaigns
    inner join meta.covered_days as covered_days
        on covered_days.date_day between campaigns.window_start and campaigns.window_end
    group by campaigns.campaign_id
)

select
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.window_start,
    campaigns.window_end,
    coalesce(coverage.days_covered, 0) as days_covered,
    coalesce(published.posts, 0) as posts,
    coalesce(flows.reposts, 0) as reposts,
    coalesce(flows.comments, 0) as comments,
    coalesce(flows.likes, 0) as likes,
    coalesce(mentioned.mentions, 0) as mentions,
    coalesce(flows.engagements, 0) as engagements,
    counted.reposts as platform_reposts,
    counted.comments as platform_comments,
    counted.likes as platform_likes,
    counted.reads as platform_reads,
    counted.engagements as platform_engagements,
    coalesce(counted.posts, 0) as platform_counted_posts,
    counted.counted_since as platform_counted_since,
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
    coalesce(flows.genuine_engagements, 0) as genuine_engagements,
    coalesce(flows.genuine_engagements_low, 0) as genuine_engagements_low,
    coalesce(flows.genuine_engagements_high, 0) as genuine_engagements_high,
    coalesce(doubtful.engagements, 0) as suspected_engagements,
    coalesce(people.engaged_accounts, 0) as engaged_accounts,
    coalesce(people.genuine_engaged_accounts, 0) as genuine_engaged_accounts,
    coalesce(people.genuine_engaged_accounts_low, 0) as genuine_engaged_accounts_low,
    coalesce(people.genuine_engaged_accounts_high, 0) as genuine_engaged_accounts_high,
    coalesce(doubtful.accounts, 0) as suspected_engaged_accounts,
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
    audiences.followers as posting_followers,
    round(coalesce(flows.engagements, 0) / nullif(audiences.followers, 0), 6) as engagement_rate,
    round(coalesce(flows.genuine_engagements, 0) / nullif(audiences.followers, 0), 6)
        as genuine_engagement_rate,
    round(coalesce(flows.engagements, 0) / nullif(people.potential_reach, 0), 6)
        as engagement_rate_by_reach,
    round(coalesce(flows.engagements, 0) / nullif(audiences.followers, 0), 6)
        as engagement_rate_by_followers,
    round(coalesce(flows.engagements, 0) / nullif(counted.reads, 0), 6)
        as engagement_rate_by_impressions,
    round(
        coalesce(flows.engagements, 0)
        / nullif(coverage.days_covered * audiences.followers, 0), 8
    ) as daily_engagement_rate,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_engagement_rate,
    round(counted.engagements / nullif(audiences.followers, 0), 6)
        as platform_engagement_rate_by_followers,
    round(counted.engagements_with_reads / nullif(counted.reads, 0), 6)
        as platform_engagement_rate_by_impressions,
    round(
        counted.engagements
        / nullif(coverage.days_covered * audiences.followers, 0), 8
    ) as platform_daily_engagement_rate,
    campaigns.budget_amount,
    campaigns.budget_currency,
    round(campaigns.budget_amount / nullif(flows.engagements, 0), 4)
        as cost_per_engagement,
    round(campaigns.budget_amount / nullif(counted.engagements, 0), 4)
        as cost_per_platform_engagement,
    round(campaigns.budget_amount / nullif(flows.genuine_engagements, 0), 4)
        as cost_per_genuine_engagement,
    media_value.earned_media_value_low,
    media_value.earned_media_value_high,
    media_value.genuine_earned_media_value_low,
    media_value.genuine_earned_media_value_high,
    media_value.earned_media_currency,
    media_value.cpm_source,
    sentiment.sentiment_net,
    sentiment.genuine_sentiment_net,
    momentum.fans_gained,
    momentum.posts_gained,
    round(momentum.fans_gained / nullif(momentum.posts_gained, 0), 6)
        as social_momentum
from meta.campaigns as campaigns
left join flows on campaigns.campaign_id = flows.campaign_id
left join mentioned on campaigns.campaign_id = mentioned.campaign_id
left join people on campaigns.campaign_id = people.campaign_id
left join doubtful on campaigns.campaign_id = doubtful.campaign_id
left join published on campaigns.campaign_id = published.campaign_id
left join counted on campaigns.campaign_id = counted.campaign_id
left join audiences on campaigns.campaign_id = audiences.campaign_id
left join sentiment on campaigns.campaign_id = sentiment.campaign_id
left join momentum on campaigns.campaign_id = momentum.campaign_id
left join coverage on campaigns.campaign_id = coverage.campaign_id
left join intermediate.campaign_media_value as media_value
    on campaigns.campaign_id = media_value.campaign_id
