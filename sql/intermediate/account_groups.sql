-- One row per group and member: the accounts of one operator, and the accounts that
-- act on one order. A coordinated group whose members are all one operator's is that
-- operator's and stands once.
-- Cost: linear in accounts.
--
-- grain: group_id, kind, platform, account_id
-- params: $key_inner, $key_outer
-- replace: all

with

several as (
    select operator_id
    from intermediate.account_operators
    group by operator_id
    having count(*) > 1
),

of_one_operator as (
    select coordinated.group_id
    from intermediate.coordinated_accounts as coordinated
    inner join intermediate.account_operators as operators
        on
            coordinated.platform = operators.platform
            and coordinated.account_id = operators.account_id
    group by coordinated.group_id
    having count(distinct operators.operator_id) = 1
),

members as (
    select
        operators.operator_id as group_id,
        'multiple_accounts' as kind,
        'operator:' || operators.operator_id as keyed_name,
        operators.platform,
        operators.account_id
    from intermediate.account_operators as operators
    inner join several on operators.operator_id = several.operator_id
    union all
    select
        coordinated.group_id,
        'coordinated' as kind,
        'group:' || coordinated.group_id as keyed_name,
        coordinated.platform,
        coordinated.account_id
    from intermediate.coordinated_accounts as coordinated
    left join of_one_operator on coordinated.group_id = of_one_operator.group_id
    where of_one_operator.group_id is null
)

select
    group_id,
    kind,
    platform,
    account_id,
    left(
        sha256($key_outer || unhex(sha256($key_inner || encode(keyed_name)))),
        32
    ) as group_key
from members
