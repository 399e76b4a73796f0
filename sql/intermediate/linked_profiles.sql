-- One row per account and account on another network that likely is the same one's:
-- `declared`, where workspace.toml names both as of one brand or one partner; `suspected`,
-- where each profile has the other one's address, which nobody can bring about who
-- imitates one of them. Nothing is merged for either.
-- Cost: linear in the profiles; those with an address are few.
--
-- grain: platform, account_id, other_platform, other_account_id
-- params: none
-- replace: once

with

referring as (
    select
        platform,
        account_id,
        unnest(profiles_named(description)) as address
    from intermediate.account_profiles
    where contains(description, '.')
),

addresses as (
    select distinct address
    from referring
),

named as (
    select
        platform,
        account_id,
        platform || ':' || lower(account_id) as address
    from intermediate.account_profiles
    union
    select
        platform,
        account_id,
        platform || ':' || lower(screen_name) as address
    from intermediate.account_profiles
    where screen_name is not null
    union
    select
        platform,
        account_id,
        platform || ':' || lower(display_name) as address
    from intermediate.account_profiles
    where display_name is not null
),

-- What two accounts are called tells neither of them.
meant as (
    select
        named.address,
        min(named.platform) as platform,
        min(named.account_id) as account_id
    from named
    inner join addresses on named.address = addresses.address
    group by named.address
    having count(*) = 1
),

referred as (
    select distinct
        referring.platform,
        referring.account_id,
        meant.platform as other_platform,
        meant.account_id as other_account_id
    from referring
    inner join meant on referring.address = meant.address
    where referring.platform <> meant.platform
),

declared as (
    select
        'brand:' || brand_id as owner,
        platform,
        account_id
    from meta.brand_accounts
    union
    select
        'partner:' || campaign_id || ':' || partner_id as owner,
        platform,
        account_id
    from meta.partner_accounts
),

linked as (
    select
        one.platform,
        one.account_id,
        other.platform as other_platform,
        other.account_id as other_account_id,
        'declared' as level
    from declared as one
    inner join declared as other on one.owner = other.owner
    where one.platform <> other.platform
    union all
    select
        one.platform,
        one.account_id,
        one.other_platform,
        one.other_account_id,
        'suspected' as level
    from referred as one
    inner join referred as other
        on
            one.platform = other.other_platform
            and one.account_id = other.other_account_id
            and one.other_platform = other.platform
            and one.other_account_id = other.account_id
)

select
    platform,
    account_id,
    other_platform,
    other_account_id,
    min(level) as level
from linked
group by platform, account_id, other_platform, other_account_id
