-- One row per account that wrote something in the trailing window: how many of its
-- texts begin like texts that a small set of accounts uses again and again.
--
-- A slogan of many is a fan club's, and what everybody says once is small talk:
-- neither is a template. Cost: linear in accounts' wordings.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: once

with

used as (
    select
        wordings.platform,
        wordings.account_id,
        wordings.beginning,
        sum(wordings.texts) as texts
    from intermediate.account_wordings as wordings
    cross join intermediate.last_landed as last_landed
    where
        date_diff('day', wordings.date_day, last_landed.last_act_day)
        < $behaviour_days
    group by wordings.platform, wordings.account_id, wordings.beginning
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
