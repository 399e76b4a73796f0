-- Bad rows: a day whose comments on networks are not its campaign's.
--
-- grain: campaign_id, activity_day
-- params: none

with

summed as (
    select
        campaign_id,
        activity_day,
        sum(comments) as comments,
        sum(positive) as positive,
        sum(neutral) as neutral,
        sum(negative) as negative
    from marts.feedback_platform_daily
    group by campaign_id, activity_day
)

select
    coalesce(daily.campaign_id, summed.campaign_id) as campaign_id,
    coalesce(daily.activity_day, summed.activity_day) as activity_day
from marts.feedback_daily as daily
full outer join summed
    on
        daily.campaign_id = summed.campaign_id
        and daily.activity_day = summed.activity_day
where
    daily.comments is distinct from summed.comments
    or daily.positive is distinct from summed.positive
    or daily.neutral is distinct from summed.neutral
    or daily.negative is distinct from summed.negative
