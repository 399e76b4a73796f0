select campaign_id, campaign_name, topic, terms_text, comments, genuine_comments, sentiment_net, trend
from (select 1) as always (one)
left join feedback_topics on true
order by campaign_id, topic
