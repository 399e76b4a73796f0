select
    brand_name, market, activity_day, mentions, genuine_mentions, mentions_share, genuine_mentions_share
from (select 1) as always (one)
left join share_of_voice on true
order by market, brand_name, activity_day
