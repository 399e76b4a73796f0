-- How the scores of a brand's audiences lie: one row per brand, audience, day, what
-- accounts show and bin of the score. Followers are those collected up to that day.
-- Cost: linear in the members of audiences.
--
-- grain: brand_id, audience, day, shown, score_bin
-- params: none
-- replace: once

with

entered as (
    select
        members.brand_id,
        members.audience,
        members.day,
        accounts.shown,
        accounts.score_bin,
        count(*) as accounts,
        count(case when accounts.is_genuine then 1 end) as genuine_accounts
    from intermediate.audience_members as members
    inner join intermediate.accounts as accounts
        on
            members.platform = accounts.platform
            and members.account_id = accounts.account_id
    group by
        members.brand_id,
        members.audience,
        members.day,
        accounts.shown,
        accounts.score_bin
),

days as (
    select distinct
        brand_id,
        audience,
        day
    from entered
)

select
    days.brand_id,
    days.audience,
    days.day,
    entered.shown,
    entered.score_bin,
    cast(sum(entered.accounts) as bigint) as accounts,
    cast(sum(entered.genuine_accounts) as bigint) as genuine_accounts
from days
inner join entered
    on
        days.brand_id = entered.brand_id
        and days.audience = entered.audience
        and (
            days.day = entered.day
            or (days.audience = 'followers' and days.day > entered.day)
        )
group by
    days.brand_id, days.audience, days.day, entered.shown, entered.score_bin
