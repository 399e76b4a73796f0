-- An account that was seen, under a pseudonym. "phantom" reads "likely phantom"
-- until a person confirms it; the score ranks, it proves nothing.
--
-- grain: platform, account_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   phantom_probability [probability]: the model's score, 0 to 1
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   is_known [yes or no]: more than a name is known of it, or its company speaks against it, or a person decided; else its level says only that nothing is known
--   is_confirmed [yes or no]: a person decided the level
--   account_kind [text]: what a suspected account looks like: fresh, vendor_batch (made with others), cultivated (kept for long); or inactive: old, quiet, not suspected; null where nothing tells
--   reasons [list]: why the score is what it is, heaviest first
--   reasons_text [text]: the same as one text
--   reason_classes [list]: classes of these reasons without repetition, heaviest first (reason_classes has their words): count these, not the sentences
--   reason_classes_text [text]: the same as one text
--   model_version [id]: the model that scored it
--   operator_key [id]: pseudonym of who runs it; an account on its own is its own operator
--   operator_accounts [accounts]: accounts of that operator
--   linked_account_keys [list]: pseudonyms of accounts on other networks that likely are the same one's; each counts as an account and a person of its own all the same
--   linked_account_keys_text [text]: the same as one text
--   linked_level [text]: declared (workspace.toml names all of them as of one brand or partner) or suspected (their profiles have each other's address); null without any
--   coordinated_group_key [id]: pseudonym of the coordinated group that it is in (account_groups); null for most
--   influence_level [text]: low (under 100 followers), regular (under 10,000), influential (under 500,000), key_opinion_leader; null where followers are unknown
--   first_seen_day [day]: first day it acted or posted
--   last_seen_day [day]: last day it acted or posted
--   interactions [interactions]: reposts, comments, likes and mentions seen of it
--   reposts [reposts]: reposts seen of it
--   comments [comments]: comments seen of it
--   posts [posts]: posts seen of it
-- metrics:
--   phantom_probability: this project | calibrated on the sets that the model card names; other populations differ

with

operators as (
    select
        operator_key,
        count(*) as operator_accounts
    from intermediate.accounts
    group by operator_key
),

linked as (
    select
        links.platform,
        links.account_id,
        list(others.account_key order by others.account_key) as account_keys,
        max(links.level) as level
    from intermediate.linked_profiles as links
    inner join intermediate.accounts as others
        on
            links.other_platform = others.platform
            and links.other_account_id = others.account_id
    group by links.platform, links.account_id
)

select
    accounts.platform,
    accounts.account_key,
    accounts.phantom_probability,
    accounts.phantom_level,
    accounts.shown <> 'name' or accounts.score_bin > 0 as is_known,
    accounts.is_confirmed,
    accounts.account_kind,
    accounts.reasons,
    array_to_string(accounts.reasons, '; ') as reasons_text,
    accounts.reason_classes,
    array_to_string(accounts.reason_classes, ', ') as reason_classes_text,
    accounts.model_version,
    accounts.operator_key,
    operators.operator_accounts,
    coalesce(linked.account_keys, []) as linked_account_keys,
    array_to_string(coalesce(linked.account_keys, []), ', ') as linked_account_keys_text,
    linked.level as linked_level,
    accounts.coordinated_group_key,
    accounts.influence_level,
    accounts.first_seen_day,
    accounts.last_seen_day,
    accounts.seen_interactions as interactions,
    accounts.seen_reposts as reposts,
    accounts.seen_comments as comments,
    accounts.seen_posts as posts
from intermediate.accounts as accounts
inner join operators on accounts.operator_key = operators.operator_key
left join linked
    on accounts.platform = linked.platform and accounts.account_id = linked.account_id
