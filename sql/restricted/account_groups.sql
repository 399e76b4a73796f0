-- A group of accounts: those of one operator, or those that act on one order. Both
-- are suspicions with evidence; neither says that an account is a phantom.
--
-- grain: group_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   group_key [id]: pseudonym of the group; of one operator's accounts the operator_key
--   kind [text]: multiple_accounts (one operator runs them) or coordinated (they act on one order, whoever runs them)
--   size [accounts]: accounts in it
--   platforms [text]: the networks that they are on
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
--   campaigns [campaigns]: campaigns that it engaged in
--   engagements [interactions]: its engagements in campaigns, each campaign's counted
--   campaign_shares [list]: each campaign that it engaged in, with its share of that campaign's engagements
--   campaign_shares_text [text]: the same as one text
--   largest_campaign_share [share]: the largest of these shares
--   first_seen_day [day]: first day that one of them acted or posted
--   last_seen_day [day]: last day that one of them acted or posted
-- metrics:
--   largest_campaign_share: this project | a group is a suspicion with evidence

with

members as (
    select
        groups.group_key,
        groups.group_id,
        groups.kind,
        groups.platform,
        groups.account_id,
        accounts.phantom_level,
        accounts.first_seen_day,
        accounts.last_seen_day,
        operators.method,
        operators.evidence
    from intermediate.account_groups as groups
    inner join intermediate.accounts as accounts
        on
            groups.platform = accounts.platform
            and groups.account_id = accounts.account_id
    inner join intermediate.account_operators as operators
        on
            groups.platform = operators.platform
            and groups.account_id = operators.account_id
),

groups as (
    select
        group_key,
        group_id,
        kind,
        count(*) as size,
        string_agg(distinct platform, ', ' order by platform) as platforms,
        count(*) filter (where phantom_level = 'phantom') as phantom_accounts,
        count(*) filter (where phantom_level = 'suspected') as suspected_accounts,
        count(*) filter (
            where kind = 'multiple_accounts' and method <> 'override'
        ) as identity_accounts,
        count(*) filter (
            where kind = 'multiple_accounts' and method = 'override'
        ) as confirmed_accounts,
        min(first_seen_day) as first_seen_day,
        max(last_seen_day) as last_seen_day
    from members
    group by group_key, group_id, kind
),

said as (
    select
        group_key,
        replace(rtrim(evidence, '.'), 'The two accounts ', '') as evidence,
        count(*) as accounts
    from members
    where kind = 'multiple_accounts' and evidence <> ''
    group by group_key, evidence
),

ranked as (
    select
        group_key,
        evidence,
        accounts,
        row_number() over (
            partition by group_key order by accounts desc, evidence asc
        ) as place
    from said
),

-- The two most frequent sentences: what a manager can check.
identities as (
    select
        group_key,
        string_agg(accounts || ' with others ' || evidence, '. ' order by place)
            as evidence
    from ranked
    where place <= 2
    group by group_key
),

in_campaigns as (
    select
        group_key,
        count(*) as campaigns,
        cast(sum(engagements) as bigint) as engagements,
        max(campaign_share) as largest_campaign_share,
        list(
            campaign_id || ' '
            || cast(cast(100 * campaign_share as decimal(9, 2)) as varchar) || ' %'
            order by campaign_share desc, campaign_id asc
        ) as campaign_shares
    from restricted.campaign_groups
    group by group_key
)

select
    groups.group_key,
    groups.kind,
    groups.size,
    groups.platforms,
    groups.phantom_accounts,
    groups.suspected_accounts,
    coalesce(
        evidence.evidence,
        groups.size || ' accounts. ' || identities.evidence
    ) as evidence,
    evidence.linked_pairs,
    evidence.linked_share,
    coalesce(evidence.repost_pairs, 0) as repost_pairs,
    coalesce(evidence.reply_pairs, 0) as reply_pairs,
    coalesce(evidence.link_pairs, 0) as link_pairs,
    coalesce(evidence.hashtag_pairs, 0) as hashtag_pairs,
    coalesce(evidence.text_pairs, 0) as text_pairs,
    coalesce(evidence.follow_pairs, 0) as follow_pairs,
    groups.identity_accounts,
    groups.confirmed_accounts,
    coalesce(in_campaigns.campaigns, 0) as campaigns,
    coalesce(in_campaigns.engagements, 0) as engagements,
    coalesce(in_campaigns.campaign_shares, []) as campaign_shares,
    array_to_string(coalesce(in_campaigns.campaign_shares, []), '; ')
        as campaign_shares_text,
    in_campaigns.largest_campaign_share,
    groups.first_seen_day,
    groups.last_seen_day
from groups
left join intermediate.group_evidence as evidence
    on groups.group_id = evidence.group_id and groups.kind = 'coordinated'
left join identities on groups.group_key = identities.group_key
left join in_campaigns on groups.group_key = in_campaigns.group_key
