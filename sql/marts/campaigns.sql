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
--   likes [likes]: likes that are known one by one; the platform's counters stand in campaign_posts
--   mentions [mentions]: mentions; not part of engagements
--   engagements [interactions]: reposts + comments + likes
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
--   posting_followers [followers]: followers of the accounts that posted, each account once
--   reads [reads]: reads of its posts where the platform tells them (last snapshots)
--   engagement_rate [share]: the same as engagement_rate_by_followers
--   genuine_engagement_rate [share]: genuine engagements / posting_followers
--   engagement_rate_by_reach [share]: engagements / potential_reach
--   engagement_rate_by_followers [share]: engagements / posting_followers
--   engagement_rate_by_impressions [share]: engagements / reads
--   daily_engagement_rate [share a day]: engagements / (days covered x posting_followers)
--   budget_amount [currency of the budget]: what it cost
--   budget_currency [text]: in which currency
--   cost_per_engagement [currency of the budget]: budget_amount / engagements
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
--   likes: KAWO help centre | exports often lack them; the counters stand in campaign_posts
--   mentions: KAWO help centre | not part of engagements
--   engagements: KAWO help centre | one interaction may belong to several campaigns, so campaigns do not add up
--   genuine_engagements: this project | as good as the phantom score; _low leaves out suspected accounts, too, _high only confirmed phantoms and those at 0.95 or above
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

flows as (
    select
        campaign_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind = 'mention') as mentions,
        count(*) filter (where kind <> 'mention') as engagements,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind = 'mention' and is_genuine) as genuine_mentions,
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

last_reads as (
    select
        platform,
        post_id,
        arg_max(reads_count, observed_at) as reads
    from staging.post_counters
    group by platform, post_id
),

published as (
    select
        campaign_posts.campaign_id,
        count(*) as posts,
        cast(sum(last_reads.reads) as bigint) as reads
    from intermediate.campaign_posts as campaign_posts
    left join last_reads
        on
            campaign_posts.platform = last_reads.platform
            and campaign_posts.post_id = last_reads.post_id
    group by campaign_posts.campaign_id
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
    coalesce(flows.mentions, 0) as mentions,
    coalesce(flows.engagements, 0) as engagements,
    coalesce(flows.genuine_reposts, 0) as genuine_reposts,
    coalesce(flows.genuine_comments, 0) as genuine_comments,
    coalesce(flows.genuine_likes, 0) as genuine_likes,
    coalesce(flows.genuine_mentions, 0) as genuine_mentions,
    coalesce(flows.genuine_engagements, 0) as genuine_engagements,
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
    audiences.followers as posting_followers,
    published.reads,
    round(coalesce(flows.engagements, 0) / nullif(audiences.followers, 0), 6) as engagement_rate,
    round(coalesce(flows.genuine_engagements, 0) / nullif(audiences.followers, 0), 6)
        as genuine_engagement_rate,
    round(coalesce(flows.engagements, 0) / nullif(people.potential_reach, 0), 6)
        as engagement_rate_by_reach,
    round(coalesce(flows.engagements, 0) / nullif(audiences.followers, 0), 6)
        as engagement_rate_by_followers,
    round(coalesce(flows.engagements, 0) / nullif(published.reads, 0), 6)
        as engagement_rate_by_impressions,
    round(
        coalesce(flows.engagements, 0)
        / nullif(coverage.days_covered * audiences.followers, 0), 8
    ) as daily_engagement_rate,
    campaigns.budget_amount,
    campaigns.budget_currency,
    round(campaigns.budget_amount / nullif(flows.engagements, 0), 4)
        as cost_per_engagement,
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
left join people on campaigns.campaign_id = people.campaign_id
left join published on campaigns.campaign_id = published.campaign_id
left join audiences on campaigns.campaign_id = audiences.campaign_id
left join sentiment on campaigns.campaign_id = sentiment.campaign_id
left join momentum on campaigns.campaign_id = momentum.campaign_id
left join coverage on campaigns.campaign_id = coverage.campaign_id
left join intermediate.campaign_media_value as media_value
    on campaigns.campaign_id = media_value.campaign_id
