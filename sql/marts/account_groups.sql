-- A group of policies.min_cell accounts or more: those of one operator, or those that
-- act on one order. Both are suspicions with evidence; neither says that an account is
-- a phantom. Smaller ones, with days and counts, stand in restricted/.
--
-- grain: group_key
-- params: $min_cell
-- replace: all
-- time axis: lifetime
-- columns:
--   group_key [id]: pseudonym of the group; of one operator's accounts the operator_key
--   group_kind [text]: multiple_accounts (one operator runs them) or coordinated (they act on one order, whoever runs them)
--   group_size [accounts]: accounts in it
--   phantom_accounts [accounts]: likely phantoms among them
--   suspected_accounts [accounts]: suspected ones among them
--   evidence [text]: why they are a group, in a sentence
--   linked_pairs [pairs of accounts]: pairs of its accounts with evidence against chance; of one operator's accounts null
--   linked_share [share]: linked_pairs among all pairs of its accounts
--   repost_pairs [pairs of accounts]: pairs that reposted the same posts within seconds of each other
--   reply_pairs [pairs of accounts]: pairs that answered the same comments within seconds of each other
--   link_pairs [pairs of accounts]: pairs that spread the same links within seconds of each other
--   hashtag_pairs [pairs of accounts]: pairs that used the same hashtags within seconds of each other
--   text_pairs [pairs of accounts]: pairs that wrote the same sentences or nearly, whenever
--   follow_pairs [pairs of accounts]: pairs that began to follow the same accounts between the same two readings of the followers
--   identity_accounts [accounts]: accounts linked by what their profiles say
--   confirmed_accounts [accounts]: accounts that a person merged
--   campaigns [campaigns]: campaigns in campaign_groups: those that policies.min_cell of its accounts engaged in
--   campaign_shares [list]: each of these with its share of that campaign's engagements
--   campaign_shares_text [text]: the same as one text
--   largest_campaign_share [share]: the largest of these shares
--   kind [text]: older name of group_kind; goes with schema version 3
--   size [accounts]: older name of group_size; goes with schema version 3
-- metrics:
--   largest_campaign_share: this project | a group is a suspicion with evidence

with

in_campaigns as (
    select
        group_key,
        count(*) as campaigns,
        max(campaign_share) as largest_campaign_share,
        list(
            campaign_id || ' '
            || cast(cast(100 * campaign_share as integer) as varchar) || ' %'
            order by campaign_share desc, campaign_id asc
        ) as campaign_shares
    from marts.campaign_groups
    group by group_key
)

select
    groups.group_key,
    groups.kind as group_kind,
    groups.size as group_size,
    groups.phantom_accounts,
    groups.suspected_accounts,
    groups.evidence,
    groups.linked_pairs,
    groups.linked_share,
    groups.repost_pairs,
    groups.reply_pairs,
    groups.link_pairs,
    groups.hashtag_pairs,
    groups.text_pairs,
    groups.follow_pairs,
    groups.identity_accounts,
    groups.confirmed_accounts,
    coalesce(in_campaigns.campaigns, 0) as campaigns,
    coalesce(in_campaigns.campaign_shares, []) as campaign_shares,
    array_to_string(coalesce(in_campaigns.campaign_shares, []), '; ')
        as campaign_shares_text,
    in_campaigns.largest_campaign_share,
    groups.kind,
    groups.size
from restricted.account_groups as groups
left join in_campaigns on groups.group_key = in_campaigns.group_key
where groups.size >= $min_cell
