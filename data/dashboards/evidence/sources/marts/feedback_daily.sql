select
    campaign_id, campaign_name, activity_day, comments, positive, neutral, negative, wordless,
    genuine_comments, genuine_positive, genuine_neutral, genuine_negative, sentiment_net,
    sentiment_net_low, sentiment_net_high, is_negative_rise
from (select 1) as always (one)
left join feedback_daily on true
order by campaign_id, activity_day
