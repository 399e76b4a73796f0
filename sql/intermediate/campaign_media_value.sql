-- One row per campaign whose every network with a repost has a CPM in seeds/cpm.csv,
-- all in one currency: what its exposure would have cost as advertising, as a band.
--
-- Low: each reposter's followers once, less 15 %; high: an account at each repost,
-- more 15 % (the tolerance that keepface.com states for a strict figure). A network's
-- CPM is the newest one dated up to the campaign's last day. A missing price or count
-- of followers stays missing: nothing is estimated for it.
-- Cost: linear in the reposts of campaigns.
--
-- grain: campaign_id
-- params: none
-- replace: all

with

reposters as (
    select
        campaign_id,
        platform,
        account_id,
        is_genuine,
        max(followers_count) as reach,
        sum(followers_count) as exposure
    from intermediate.campaign_interactions
    where is_in_window and kind = 'repost' and account_id is not null
    group by campaign_id, platform, account_id, is_genuine
),

audiences as (
    select
        campaign_id,
        platform,
        cast(coalesce(sum(reach), 0) as bigint) as reach,
        cast(coalesce(sum(exposure), 0) as bigint) as exposure,
        cast(coalesce(sum(case when is_genuine then reach end), 0) as bigint)
            as genuine_reach,
        cast(coalesce(sum(case when is_genuine then exposure end), 0) as bigint)
            as genuine_exposure
    from reposters
    group by campaign_id, platform
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
        audiences.*,
        prices.cpm,
        prices.currency,
        prices.source
    from audiences
    left join prices
        on
            audiences.campaign_id = prices.campaign_id
            and audiences.platform = prices.platform
            and prices.place = 1
)

select
    campaign_id,
    round(sum(cast(reach * cpm as decimal(38, 4))) * 0.85 / 1000, 2)
        as earned_media_value_low,
    round(sum(cast(exposure * cpm as decimal(38, 4))) * 1.15 / 1000, 2)
        as earned_media_value_high,
    round(sum(cast(genuine_reach * cpm as decimal(38, 4))) * 0.85 / 1000, 2)
        as genuine_earned_media_value_low,
    round(sum(cast(genuine_exposure * cpm as decimal(38, 4))) * 1.15 / 1000, 2)
        as genuine_earned_media_value_high,
    max(currency) as earned_media_currency,
    string_agg(platform || ': ' || source, '; ' order by platform) as cpm_source
from priced
group by campaign_id
having count(cpm) = count(*) and count(distinct currency) = 1
