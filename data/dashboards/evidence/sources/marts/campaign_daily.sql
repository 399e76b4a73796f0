select
    campaign_id, campaign_name, brand_name, platform, activity_day, posts, engagements,
    genuine_engagements, genuine_engagements_low, genuine_engagements_high, known_engagements,
    engaged_accounts, genuine_engaged_accounts, mentions, genuine_mentions, phantom_share
from (select 1) as always (one)
left join campaign_daily on true
order by campaign_id, activity_day, platform
