select
    brand_name, audience, audience_day, accounts, known_accounts, phantom_share, phantom_share_low,
    phantom_share_high, suspected_share, inactive_share, quality_score, is_growth_jump
from (select 1) as always (one)
left join audience_quality on true
order by brand_name, audience, audience_day
