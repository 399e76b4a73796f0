-- One row per account whose registration is known: how many accounts that were
-- registered on the same day share its name's stem or its description, and how many
-- would by chance. Cost: linear in accounts.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

registered as (
    select
        platform,
        account_id,
        cast(registered_at as date) as registered_day,
        -- The name without its number: makers of accounts number them.
        case
            when
                regexp_matches(screen_name, '[0-9]')
                and length(regexp_replace(screen_name, '[0-9]', '', 'g')) >= 3
                then regexp_replace(screen_name, '[0-9]', '', 'g')
        end as stem,
        case when length(trim(description)) >= 6 then trim(description) end
            as description
    from intermediate.account_profiles
    where registered_at is not null
),

days as (
    select
        platform,
        registered_day,
        count(*) as accounts
    from registered
    group by platform, registered_day
),

totals as (
    select
        platform,
        count(*) as accounts
    from registered
    group by platform
),

stems as (
    select
        platform,
        stem,
        count(*) as accounts
    from registered
    where stem is not null
    group by platform, stem
    having count(*) > 1
),

descriptions as (
    select
        platform,
        description,
        count(*) as accounts
    from registered
    where description is not null
    group by platform, description
    having count(*) > 1
),

stems_of_days as (
    select
        platform,
        registered_day,
        stem,
        count(*) as accounts
    from registered
    where stem is not null
    group by platform, registered_day, stem
    having count(*) > 1
),

descriptions_of_days as (
    select
        platform,
        registered_day,
        description,
        count(*) as accounts
    from registered
    where description is not null
    group by platform, registered_day, description
    having count(*) > 1
)

select
    registered.platform,
    registered.account_id,
    coalesce(stems_of_days.accounts, 1) as same_stem,
    coalesce(stems.accounts, 1) * days.accounts / totals.accounts
        as same_stem_expected,
    coalesce(descriptions_of_days.accounts, 1) as same_description,
    coalesce(descriptions.accounts, 1) * days.accounts / totals.accounts
        as same_description_expected
from registered
inner join days
    on
        registered.platform = days.platform
        and registered.registered_day = days.registered_day
inner join totals
    on registered.platform = totals.platform
left join stems
    on registered.platform = stems.platform and registered.stem = stems.stem
left join descriptions
    on
        registered.platform = descriptions.platform
        and registered.description = descriptions.description
left join stems_of_days
    on
        registered.platform = stems_of_days.platform
        and registered.registered_day = stems_of_days.registered_day
        and registered.stem = stems_of_days.stem
left join descriptions_of_days
    on
        registered.platform = descriptions_of_days.platform
        and registered.registered_day = descriptions_of_days.registered_day
        and registered.description = descriptions_of_days.description
