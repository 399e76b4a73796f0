-- One row per sentence of the own words of a repost or comment of an account; none of
-- lotteries, where everybody writes the same wishes. Who reads it looks at the days of
-- the trailing window; made anew of accounts in `meta.touched_accounts` only.
--
-- A sentence is eight letters at least (three of an alphabet are one), up to a mark or
-- a gap that is not between words; shorter clauses go with what follows them. It stands
-- without names, topics, links, emoticons, digits, marks and the platform's own phrases
-- (`sentences_in`).
-- Cost: linear in the texts of touched accounts.
--
-- grain: platform, account_id, content_id, date_day?, sentence
-- params: none
-- replace: rows platform, account_id

with

touched as (
    select distinct
        platform,
        account_id
    from meta.touched_accounts
),

-- First whose texts, then what they say: else the texts of all would be looked at.
texts as materialized (
    select
        interactions.platform,
        interactions.account_id,
        interactions.kind || ':' || interactions.platform || ':'
        || interactions.interaction_id as content_id,
        interactions.date_day,
        -- The own words only: what follows was written by others.
        own_words(interactions.text) as words
    from staging.interactions as interactions
    semi join touched
        on
            interactions.platform = touched.platform
            and interactions.account_id = touched.account_id
    where
        interactions.kind in ('repost', 'comment') and length(interactions.text) >= 8
)

select distinct
    platform,
    account_id,
    content_id,
    date_day,
    unnest(sentences_in(words)) as sentence
from texts
where not is_wish(words)
