-- One row per account that wrote something in the trailing window: how many of its
-- texts begin like texts that a small set of accounts uses again and again.
--
-- A slogan of many is a fan club's, and what everybody says once is small talk:
-- neither is a template. Cost: linear in accounts' wordings.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

used as (
    select
        platform,
        account_no,
        beginning_no,
        sum(texts) as texts
    from intermediate.account_wordings
    group by platform, account_no, beginning_no
),

templates as (
    select
        platform,
        beginning_no,
        count(*) as accounts
    from used
    group by platform, beginning_no
    having
        count(*) between 3 and 200
        and sum(texts) >= 1.25 * count(*)
        and sum(texts) - count(*) >= 3
),

counted as (
    select
        used.account_no,
        cast(sum(used.texts) as bigint) as long_texts,
        cast(
            coalesce(
                sum(case when templates.accounts is not null then used.texts end), 0
            ) as bigint
        ) as template_texts,
        max(templates.accounts) - 1 as template_sharers
    from used
    left join templates
        on
            used.platform = templates.platform
            and used.beginning_no = templates.beginning_no
    group by used.account_no
)

select
    accounts.platform,
    accounts.account_id,
    counted.long_texts,
    counted.template_texts,
    counted.template_sharers
from counted
inner join intermediate.numbered_accounts as accounts
    on counted.account_no = accounts.account_no
