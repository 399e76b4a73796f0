-- Bad rows: a day whose hours don't add up to it, or tell more genuine engagements.
--
-- grain: campaign_id, platform, activity_day
-- params: none

with

summed as (
    select
        campaign_id,
        platform,
        activity_day,
        sum(reposts) as reposts,
        sum(comments) as comments,
        sum(likes) as likes,
        sum(engagements) as engagements,
        sum(genuine_engagements) as genuine_engagements
    from marts.campaign_hourly
    group by campaign_id, platform, activity_day
)

select
    coalesce(daily.campaign_id, summed.campaign_id) as campaign_id,
    coalesce(daily.platform, summed.platform) as platform,
    coalesce(daily.activity_day, summed.activity_day) as activity_day
from marts.campaign_daily as daily
full outer join summed
    on
        daily.campaign_id = summed.campaign_id
        and daily.platform = summed.platform
        and daily.activity_day = summed.activity_day
where
    daily.campaign_id is null
    or coalesce(daily.reposts, 0) <> coalesce(summed.reposts, 0)
    or coalesce(daily.comments, 0) <> coalesce(summed.comments, 0)
    or coalesce(daily.likes, 0) <> coalesce(summed.likes, 0)
    or coalesce(daily.engagements, 0) <> coalesce(summed.engagements, 0)
    or summed.genuine_engagements > daily.genuine_engagements
