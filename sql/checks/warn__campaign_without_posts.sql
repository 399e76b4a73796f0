-- Bad rows: a campaign to which no collected post belongs; its hashtags, keywords
-- or post ids may be misspelt.
--
-- grain: campaign_id
-- params: none

select campaign_id
from marts.campaigns
where posts = 0
