-- A group of accounts in a campaign that it engaged in, over the covered activity days
-- between the campaign's first and last day. It joins campaigns with account_groups.
--
-- grain: campaign_id, group_key
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   group_key [id]: pseudonym of the group; of one operator's accounts the operator_key
--   kind [text]: multiple_accounts (one operator runs them) or coordinated (they act on one order, whoever runs them)
--   accounts [accounts]: accounts of the group that engaged in the campaign
--   phantom_accounts [accounts]: likely phantoms among them
--   suspected_accounts [accounts]: suspected ones among them
--   engagements [interactions]: reposts, comments and likes of its accounts in the campaign
--   campaign_share [share]: its engagements / the campaign's, as collected
-- metrics:
--   campaign_share: this project | a group is a suspicion with evidence

with

members as (
    select
        groups.group_key,
        groups.kind,
        groups.platform,
        accounts.account_key
    from intermediate.account_groups as groups
    inner join intermediate.accounts as accounts
        on
            groups.platform = accounts.platform
            and groups.account_id = accounts.account_id
),

engaged as (
    select
        acted.campaign_id,
        members.group_key,
        members.kind,
        count(*) as accounts,
        count(*) filter (where acted.phantom_level = 'phantom') as phantom_accounts,
        count(*) filter (where acted.phantom_level = 'suspected') as suspected_accounts,
        cast(sum(acted.engagements) as bigint) as engagements
    from restricted.campaign_accounts as acted
    inner join members
        on
            acted.platform = members.platform
            and acted.account_key = members.account_key
    where acted.engagements > 0
    group by acted.campaign_id, members.group_key, members.kind
),

totals as (
    select
        campaign_id,
        count(*) as engagements
    from intermediate.campaign_interactions
    where is_in_window and kind <> 'mention'
    group by campaign_id
)

select
    engaged.campaign_id,
    engaged.group_key,
    engaged.kind,
    engaged.accounts,
    engaged.phantom_accounts,
    engaged.suspected_accounts,
    engaged.engagements,
    round(engaged.engagements / totals.engagements, 6) as campaign_share
from engaged
inner join totals on engaged.campaign_id = totals.campaign_id
