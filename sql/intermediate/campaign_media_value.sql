-- One row per campaign: what its reach would have cost as advertising, as a band, and
-- what its reads would have. Each null where a network that counts has no CPM in
-- seeds/cpm.csv, or where their currencies differ.
--
-- Low: the followers of authors and reposters, each account once, less 15 %; high: an
-- account at each post and repost, more 15 % (the tolerance that keepface.com states for
-- a strict figure). Of reads, less and more 15 %. A network's CPM is the newest one dated
-- up to the campaign's last day. A network whose reach (or reads) is unknown is left
-- out; a missing price stays missing: nothing is estimated for it.
-- Cost: linear in the posts and reposts of campaigns.
--
-- grain: campaign_id
-- params: none
-- replace: once

with

reached_accounts as (
    select
        campaign_id,
        platform,
        account_id,
        is_genuine,
        max(window_followers) as followers
    from intermediate.campaign_audiences
    where is_in_window
    group by campaign_id, platform, account_id, is_genuine
),

reached as (
    select
        campaign_id,
        platform,
        cast(sum(followers) as bigint) as reach,
        cast(sum(case when is_genuine then coalesce(followers, 0) else 0 end) as bigint)
            as genuine_reach
    from reached_accounts
    group by campaign_id, platform
),

-- Followers at each post and at each repost in the campaign's days.
exposures as (
    select
        campaign_id,
        platform,
        followers_count,
        is_genuine
    from intermediate.campaign_authors
    union all
    select
        campaign_id,
        platform,
        followers_count,
        is_genuine
    from intermediate.campaign_interactions
    where is_in_window and kind = 'repost' and account_id is not null
),

exposed as (
    select
        campaign_id,
        platform,
        cast(sum(followers_count) as bigint) as exposure,
        cast(
            sum(case when is_genuine then coalesce(followers_count, 0) else 0 end)
            as bigint
        ) as genuine_exposure
    from exposures
    group by campaign_id, platform
),

read_posts as (
    select
        campaign_id,
        platform,
        cast(sum(window_count) as bigint) as reads
    from intermediate.campaign_counters
    where kind = 'read'
    group by campaign_id, platform
),

networks as (
    select
        campaign_id,
        platform
    from reached
    where reach is not null
    union
    select
        campaign_id,
        platform
    from read_posts
),

prices as (
    select
        campaigns.campaign_id,
        cpm.platform,
        cpm.cpm,
        cpm.currency,
        cpm.source || ', ' || cast(cpm.priced_on as varchar) as source,
        row_number() over (
            partition by campaigns.campaign_id, cpm.platform
            order by cpm.priced_on desc
        ) as place
    from meta.campaigns as campaigns
    inner join meta.cpm as cpm on campaigns.window_end >= cpm.priced_on
),

priced as (
    select
        networks.campaign_id,
        networks.platform,
        reached.reach,
        reached.genuine_reach,
        exposed.exposure,
        exposed.genuine_exposure,
        read_posts.reads,
        prices.cpm,
        prices.currency,
        prices.source
    from networks
    left join reached
        on
            networks.campaign_id = reached.campaign_id
            and networks.platform = reached.platform
    left join exposed
        on
            networks.campaign_id = exposed.campaign_id
            and networks.platform = exposed.platform
    left join read_posts
        on
            networks.campaign_id = read_posts.campaign_id
            and networks.platform = read_posts.platform
    left join prices
        on
            networks.campaign_id = prices.campaign_id
            and networks.platform = prices.platform
            and prices.place = 1
),

sums as (
    select
        campaign_id,
        sum(cast(reach * cpm as decimal(38, 4))) as reach_cost,
        sum(cast(exposure * cpm as decimal(38, 4))) as exposure_cost,
        sum(cast(genuine_reach * cpm as decimal(38, 4))) as genuine_reach_cost,
        sum(cast(genuine_exposure * cpm as decimal(38, 4))) as genuine_exposure_cost,
        sum(cast(reads * cpm as decimal(38, 4))) as reads_cost,
        count(reach) = count(case when cpm is not null then reach end)
            as is_reach_priced,
        count(reads) = count(case when cpm is not null then reads end)
            as are_reads_priced,
        max(currency) as currency,
        string_agg(platform || ': ' || source, '; ' order by platform) as cpm_source
    from priced
    group by campaign_id
    having count(distinct currency) = 1
)

select
    campaign_id,
    case when is_reach_priced then round(reach_cost * 0.85 / 1000, 2) end
        as earned_media_value_low,
    case when is_reach_priced then round(exposure_cost * 1.15 / 1000, 2) end
        as earned_media_value_high,
    case when is_reach_priced then round(genuine_reach_cost * 0.85 / 1000, 2) end
        as genuine_earned_media_value_low,
    case when is_reach_priced then round(genuine_exposure_cost * 1.15 / 1000, 2) end
        as genuine_earned_media_value_high,
    case when are_reads_priced then round(reads_cost * 0.85 / 1000, 2) end
        as platform_earned_media_value_low,
    case when are_reads_priced then round(reads_cost * 1.15 / 1000, 2) end
        as platform_earned_media_value_high,
    currency as earned_media_currency,
    cpm_source
from sums
where is_reach_priced or are_reads_priced
