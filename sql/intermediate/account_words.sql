-- What is ever told of an account in the open marts, before it is made coarse: one row per
-- account. `number` is its place among all, by network and key. What a profile tells of
-- place and time is told in years, months and words; an account's group only where it has
-- policies.min_cell accounts.
--
-- grain: platform, account_key
-- params: $min_cell
-- replace: once

with

large_groups as (
    select
        group_key,
        kind
    from intermediate.account_groups
    group by group_key, kind
    having count(*) >= $min_cell
)

select
    row_number() over (order by accounts.platform, accounts.account_key) as number,
    accounts.platform,
    accounts.account_key,
    accounts.phantom_probability,
    nullif(split_part(trim(profiles.location), ' ', 1), '') as region,
    cast(date_trunc('month', profiles.registered_at) as date) as registered_month,
    year(profiles.registered_at) as registered_year,
    cast(date_trunc('month', accounts.first_seen_day) as date) as first_seen_month,
    cast(date_trunc('month', accounts.last_seen_day) as date) as last_seen_month,
    case
        when accounts.seen_interactions + accounts.seen_posts = 0 then 'none'
        when accounts.seen_interactions + accounts.seen_posts = 1 then 'single'
        when accounts.seen_interactions + accounts.seen_posts < 5 then 'few'
        when accounts.seen_interactions + accounts.seen_posts < 20 then 'regular'
        else 'many'
    end as activity_level,
    profiles.is_verified,
    accounts.influence_level,
    accounts.is_confirmed,
    accounts.account_kind,
    nullif(split_part(array_to_string(accounts.reason_classes, ' '), ' ', 1), '')
        as reason_class,
    operators.group_key as operator_key,
    coordinated.group_key as coordinated_group_key,
    accounts.phantom_level,
    accounts.shown <> 'name' or accounts.score_bin > 0 as is_known,
    accounts.model_version
from intermediate.accounts as accounts
inner join intermediate.account_profiles as profiles
    on
        accounts.platform = profiles.platform
        and accounts.account_id = profiles.account_id
left join large_groups as operators
    on
        accounts.operator_key = operators.group_key
        and operators.kind = 'multiple_accounts'
left join large_groups as coordinated
    on
        accounts.coordinated_group_key = coordinated.group_key
        and coordinated.kind = 'coordinated'
