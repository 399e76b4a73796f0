-- Bad rows: a network whose published accounts are not those of restricted/, where these
-- are enough to be told; campaigns or kinds of contacts of which more is told than there
-- is.
--
-- grain: told
-- params: $min_cell

with

stated as (
    select
        platform,
        count(*) as accounts
    from marts.accounts
    group by platform
),

brand_keys as (
    select distinct unnest(account_keys) as account_key
    from marts.brands
),

known as (
    select
        accounts.platform,
        count(*) as accounts,
        count(brand_keys.account_key) as brand_accounts
    from restricted.accounts as accounts
    left join brand_keys on accounts.account_key = brand_keys.account_key
    group by accounts.platform
),

bridges as (
    select
        campaign_id,
        count(*) as accounts
    from marts.campaign_accounts
    group by campaign_id
),

acted as (
    select
        campaign_id,
        count(*) as accounts
    from restricted.campaign_accounts
    group by campaign_id
),

kinds as (
    select
        brand_id,
        sum(accounts) as accounts
    from marts.contacts
    group by brand_id
),

people as (
    select
        brand_id,
        count(*) as accounts
    from restricted.contacts
    group by brand_id
)

select known.platform as told
from known
left join stated on known.platform = stated.platform
where
    coalesce(stated.accounts, 0) <> case
        when known.accounts - known.brand_accounts >= $min_cell then known.accounts
        else known.brand_accounts
    end
union all
select bridges.campaign_id as told
from bridges
left join acted on bridges.campaign_id = acted.campaign_id
where bridges.accounts > coalesce(acted.accounts, 0)
union all
select kinds.brand_id as told
from kinds
left join people on kinds.brand_id = people.brand_id
where kinds.accounts > coalesce(people.accounts, 0)
