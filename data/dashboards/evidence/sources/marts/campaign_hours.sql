with hours as (
    select campaign_id, campaign_name, platform, activity_hour, sum(engagements) as engagements
    from campaign_hourly
    where activity_hour is not null
    group by campaign_id, campaign_name, platform, activity_hour
)
select hours.*
from (select 1) as always (one)
left join hours on true
order by campaign_id, platform, activity_hour
