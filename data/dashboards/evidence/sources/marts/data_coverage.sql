select
    source, platform, activity_day, collected, completeness, quarantined, freshness_hours, is_covered,
    is_final, is_gap, data_up_to_day, expected_every_days, late_since_day
from (select 1) as always (one)
left join data_coverage on true
order by source, platform, activity_day
