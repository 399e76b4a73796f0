select
    campaign_id, campaign_name, platform, post_key, post_address, author_name, post_class, post_text,
    hashtags_text, post_day, platform_engagements, lifetime_engagements,
    genuine_lifetime_engagements, estimated_genuine_engagements, completeness
from (select 1) as always (one)
left join campaign_posts on true
order by lifetime_engagements desc nulls last, post_key
