select
    brand_name, campaign_id, campaign_name, audience, dimension, value, accounts, share_of_told,
    genuine_account_share
from (select 1) as always (one)
left join audience_breakdown on true
order by brand_name, campaign_id, audience, dimension, value
