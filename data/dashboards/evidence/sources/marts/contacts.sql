select brand_name, platform, is_contactable, why_not, score_band, best_channel, accounts
from (select 1) as always (one)
left join contacts on true
order by brand_name, platform, score_band, why_not
