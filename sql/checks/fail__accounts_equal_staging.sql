-- Bad rows: a platform whose accounts don't carry all staged interactions, or an
-- account that acted and has no verdict.
--
-- grain: platform
-- params: none

with

stated as (
    select
        platform,
        sum(interactions) as interactions,
        count(*) as accounts
    from restricted.accounts
    group by platform
),

staged as (
    select
        platform,
        count(*) as interactions,
        count(distinct account_id) as accounts
    from staging.interactions
    where account_id is not null
    group by platform
)

select staged.platform
from staged
left join stated on staged.platform = stated.platform
where
    coalesce(stated.interactions, 0) <> staged.interactions
    or coalesce(stated.accounts, 0) < staged.accounts
