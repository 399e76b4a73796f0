select
    campaign_id, campaign_name, partner_name, platform, posts, missing_posts, fee_amount, fee_currency,
    promised_engagements, platform_engagements, lifetime_engagements, genuine_lifetime_engagements,
    estimated_genuine_engagements, estimated_genuine_engagements_low,
    estimated_genuine_engagements_high, genuine_share_low, genuine_share_high, phantom_share,
    phantom_share_low, phantom_share_high, unpaid_phantom_share, first_hour_share,
    unpaid_first_hour_share, coordinated_share, unpaid_coordinated_share,
    cost_per_platform_engagement, cost_per_estimated_genuine_engagement, orders, revenue,
    return_on_spend, genuine_rank_best, genuine_rank_worst, promise_met, claim_grounds
from (select 1) as always (one)
left join partner_results on true
order by campaign_id, partner_name
