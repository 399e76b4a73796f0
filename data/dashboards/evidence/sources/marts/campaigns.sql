select
    campaign_id, campaign_name, brand_name, window_start, window_end, days_covered, posts,
    platform_engagements, engagements, genuine_engagements, genuine_engagements_low,
    genuine_engagements_high, estimated_genuine_engagements, estimated_genuine_engagements_low,
    estimated_genuine_engagements_high, completeness, engaged_accounts, genuine_engaged_accounts,
    engaged_people, exposure, genuine_exposure, potential_reach, genuine_potential_reach,
    phantom_share, phantom_share_low, phantom_share_high, sentiment_net, genuine_sentiment_net,
    budget_amount, budget_currency, cost_per_platform_engagement, cost_per_engagement,
    cost_per_genuine_engagement, cost_per_estimated_genuine_engagement,
    clicks, orders, revenue, revenue_currency, return_on_spend
from (select 1) as always (one)
left join campaigns on true
order by window_start desc, campaign_id
