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
        sum(likes) as likes,
        sum(engagements) as engagements,
        sum(genuine_engagements) as genuine_engagements,
        count(*) filter (where genuine_engagements is null) as untold_days,
        sum(exposure) as exposure,
        sum(genuine_exposure) as genuine_exposure,
        sum(author_followers) as author_followers,
        max(engaged_accounts) as most_accounts,
        max(potential_reach) as most_reach
    from marts.campaign_daily
    group by campaign_id
)

select campaigns.campaign_id
from marts.campaigns as campaigns
left join summed on campaigns.campaign_id = summed.campaign_id
where
    coalesce(campaigns.reposts, 0) <> coalesce(summed.reposts, 0)
    or coalesce(campaigns.comments, 0) <> coalesce(summed.comments, 0)
    or campaigns.mentions <> coalesce(summed.mentions, 0)
    or coalesce(campaigns.likes, 0) <> coalesce(summed.likes, 0)
    or coalesce(campaigns.engagements, 0) <> coalesce(summed.engagements, 0)
    -- Days of which hardly anything is known are left out of the sum.
    or campaigns.genuine_engagements < coalesce(summed.genuine_engagements, 0)
    or (
        coalesce(summed.untold_days, 0) = 0
        and campaigns.genuine_engagements <> coalesce(summed.genuine_engagements, 0)
    )
    or coalesce(campaigns.exposure, 0) <> coalesce(summed.exposure, 0)
    or campaigns.genuine_exposure < coalesce(summed.genuine_exposure, 0)
    or (
        coalesce(summed.untold_days, 0) = 0
        and campaigns.genuine_exposure <> coalesce(summed.genuine_exposure, 0)
    )
    or coalesce(campaigns.author_followers, 0) < coalesce(summed.author_followers, 0)
    or coalesce(campaigns.engaged_accounts, 0) < coalesce(summed.most_accounts, 0)
    or campaigns.potential_reach < coalesce(summed.most_reach, 0)
    or campaigns.potential_reach
    > coalesce(campaigns.exposure, 0) + coalesce(campaigns.author_followers, 0)
    or campaigns.genuine_potential_reach > campaigns.potential_reach
    or campaigns.genuine_engagements > campaigns.engagements
    or not coalesce(
        campaigns.genuine_engagements
        between campaigns.genuine_engagements_low
        and campaigns.genuine_engagements_high,
        true
    )
