select finding_kind, campaign_id, partner_id, source, platform, activity_day, message, advice
from (select 1) as always (one)
left join findings on true
order by activity_day desc nulls last, finding_id
