-- A group of accounts in a campaign that policies.min_cell of them or more engaged in,
-- over the covered activity days between the campaign's first and last day. It joins
-- campaigns with account_groups; smaller ones stand in restricted/.
--
-- grain: campaign_id, group_key
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   group_key [id]: pseudonym of the group; of one operator's accounts the operator_key
--   group_kind [text]: multiple_accounts (one operator runs them) or coordinated (they act on one order, whoever runs them)
--   accounts [accounts]: accounts of the group that engaged in the campaign
--   phantom_accounts [accounts]: likely phantoms among them
--   suspected_accounts [accounts]: suspected ones among them
--   campaign_share [share]: its engagements / the campaign's, as collected, in whole percent
--   kind [text]: older name of group_kind; goes with schema version 3
-- metrics:
--   campaign_share: this project | a group is a suspicion with evidence

select
    campaign_id,
    group_key,
    kind as group_kind,
    accounts,
    phantom_accounts,
    suspected_accounts,
    round(campaign_share, 2) as campaign_share,
    kind
from restricted.campaign_groups
where accounts >= $min_cell
