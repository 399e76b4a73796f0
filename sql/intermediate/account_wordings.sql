-- One row per account, post, day and beginning of its texts there: how many of its texts
-- begin so. Who reads it looks at the days of the trailing window; made anew of accounts
-- in `meta.touched_accounts` only.
--
-- A beginning is the first twelve letters of the own words, without names, topics,
-- links, emoticons, digits and marks: copies differ in these. Wishes for luck are what
-- people in lotteries write, day by day: left out, as are texts of less than eight
-- letters. Cost: linear in the texts of touched accounts.
--
-- grain: platform, account_id, root_post_id, date_day?, beginning
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
theirs as materialized (
    select
        interactions.platform,
        interactions.account_id,
        interactions.root_post_id,
        interactions.date_day,
        own_words(interactions.text) as words
    from staging.interactions as interactions
    semi join touched
        on
            interactions.platform = touched.platform
            and interactions.account_id = touched.account_id
    where
        interactions.kind in ('repost', 'comment')
        and length(interactions.text) >= 8
),

texts as (
    select
        platform,
        account_id,
        root_post_id,
        date_day,
        left(
            regexp_replace(
                words,
                '^回复@[^:：]*[:：]|\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+|[^\p{L}]',
                '',
                'g'
            ),
            12
        ) as beginning
    from theirs
    where not is_wish(words)
)

select
    platform,
    account_id,
    root_post_id,
    date_day,
    beginning,
    count(*) as texts
from texts
where length(beginning) >= 8
group by platform, account_id, root_post_id, date_day, beginning
