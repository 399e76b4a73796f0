-- One row per account that wrote something in the trailing window: how many of its
-- texts begin like texts that a small set of accounts uses again and again.
--
-- What counts of a text is its first twelve letters, without names, topics, links,
-- emoticons, digits and marks: copies differ in these. A slogan of many is a fan
-- club's, and what everybody says once is small talk: neither is a template.
-- Cost: linear in texts.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: all

with

last_landed as (
    select max(date_day) as last_day
    from staging.interactions
),

texts as (
    select
        interactions.platform,
        interactions.account_id,
        left(
            regexp_replace(
                split_part(interactions.text, '//@', 1),
                '^回复@[^:：]*[:：]|\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+|[^\p{L}]',
                '',
                'g'
            ),
            12
        ) as beginning
    from staging.interactions as interactions
    cross join last_landed
    where
        interactions.account_id is not null
        and interactions.kind in ('repost', 'comment')
        and length(interactions.text) >= 8
        and date_diff('day', interactions.date_day, last_landed.last_day)
        < $behaviour_days
),

used as (
    select
        platform,
        beginning,
        account_id,
        count(*) as texts
    from texts
    where length(beginning) >= 8
    group by platform, beginning, account_id
),

templates as (
    select
        platform,
        beginning,
        count(*) as accounts
    from used
    group by platform, beginning
    having
        count(*) between 3 and 200
        and sum(texts) >= 1.25 * count(*)
        and sum(texts) - count(*) >= 3
)

select
    used.platform,
    used.account_id,
    cast(sum(used.texts) as bigint) as long_texts,
    cast(
        coalesce(sum(case when templates.accounts is not null then used.texts end), 0)
        as bigint
    ) as template_texts,
    max(templates.accounts) - 1 as template_sharers
from used
left join templates
    on used.platform = templates.platform and used.beginning = templates.beginning
group by used.platform, used.account_id
