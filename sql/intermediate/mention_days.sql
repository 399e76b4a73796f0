-- Mentions of brands a day: one row per brand, network and day. What changed in it since
-- the last run is made anew, however old: a new name finds texts that landed long ago.
--
-- grain: brand_id, platform, activity_day
-- params: none
-- replace: all

select
    brand_id,
    platform,
    activity_day,
    count(*) as mentions,
    count(*) filter (where is_genuine) as genuine_mentions
from intermediate.brand_mentions
group by brand_id, platform, activity_day
