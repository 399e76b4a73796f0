-- Bad rows: a campaign whose total differs from the sum of its days.
--
-- grain: campaign_id
-- params: none

with

summed as (
    select
        campaign_id,
        sum(reposts) as reposts,
        sum(comments) as comments,
        sum(mentions) as mentions,
        sum(engagements) as engagements,
        sum(genuine_engagements) as genuine_engagements,
        sum(genuine_engagements_low) as genuine_engagements_low,
        sum(exposure) as exposure,
        sum(genuine_exposure) as genuine_exposure,
        max(engaged_accounts) as most_accounts
    from marts.campaign_daily
    group by campaign_id
)

select campaigns.campaign_id
from marts.campaigns as campaigns
left join summed on campaigns.campaign_id = summed.campaign_id
where
    campaigns.reposts <> coalesce(summed.reposts, 0)
    or campaigns.comments <> coalesce(summed.comments, 0)
    or campaigns.mentions <> coalesce(summed.mentions, 0)
    or campaigns.engagements <> coalesce(summed.engagements, 0)
    or campaigns.genuine_engagements <> coalesce(summed.genuine_engagements, 0)
    or campaigns.genuine_engagements_low
    <> coalesce(summed.genuine_engagements_low, 0)
    or campaigns.exposure <> coalesce(summed.exposure, 0)
    or campaigns.genuine_exposure <> coalesce(summed.genuine_exposure, 0)
    or campaigns.engaged_accounts < coalesce(summed.most_accounts, 0)
    or campaigns.potential_reach > campaigns.exposure
