-- An account that acted on a campaign's posts between the campaign's first and last
-- day, of those of whom accounts tells it: those whose campaigns, and row, at least
-- policies.min_cell accounts share. It joins campaigns with accounts; campaigns has the
-- whole numbers, restricted/ has everybody and what each did.
--
-- grain: campaign_id, platform, account_key
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   operator_key [id]: of accounts whose operator has policies.min_cell accounts or more, its pseudonym (account_groups)
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   has_reposted [yes or no]: it reposted posts of the campaign; null where that would show who it is
--   has_commented [yes or no]: it commented on them or replied there; null as above
--   has_liked [yes or no]: it liked them, as far as likes are known one by one; null as above
--   has_mentioned [yes or no]: it mentioned somebody under them; null as above

select
    acted.campaign_id,
    accounts.platform,
    accounts.account_key,
    accounts.operator_key,
    accounts.phantom_level,
    case when accounts.detail <= 4 then acted.reposts > 0 end as has_reposted,
    case when accounts.detail <= 4 then acted.comments > 0 end as has_commented,
    case when accounts.detail <= 4 then acted.likes > 0 end as has_liked,
    case when accounts.detail <= 4 then acted.mentions > 0 end as has_mentioned
from restricted.campaign_accounts as acted
inner join marts.accounts as accounts
    on
        acted.platform = accounts.platform
        and acted.account_key = accounts.account_key
where accounts.campaigns is not null
