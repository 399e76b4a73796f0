-- Bad rows: rows of published marts that tell of fewer than policies.min_cell persons.
-- Of accounts all that is published is one row, also what campaign_accounts adds by
-- their keys: so many must have the very same. Accounts of brands are named anyway.
--
-- grain: mart, told
-- params: $min_cell
--
-- What an account's row in a mart says beside its key is compared as a whole: a column
-- that somebody adds to accounts is held to it, too.

with

-- What is told of an account in a campaign, as a number: lists of these sort soon.
bridges as (
    select
        platform,
        account_key,
        dense_rank() over (
            order by
                campaign_id,
                operator_key,
                phantom_level,
                has_reposted,
                has_commented,
                has_liked,
                has_mentioned
        ) as place
    from marts.campaign_accounts
),

acts as (
    select
        platform,
        account_key,
        list(place order by place) as acted
    from bridges
    group by platform, account_key
),

brand_keys as (
    select unnest(brands.account_keys) as account_key
    from marts.brands as brands
),

joined as (
    select
        accounts.*,
        acts.acted
    from marts.accounts as accounts
    left join acts
        on
            accounts.platform = acts.platform
            and accounts.account_key = acts.account_key
    anti join brand_keys on accounts.account_key = brand_keys.account_key
),

people as (
    select * exclude (account_key)
    from joined
),

alike as (
    select
        cast(people as varchar) as told,
        count(*) as accounts
    from people
    group by people
)

select
    'accounts' as mart,
    told
from alike
where accounts < $min_cell
union all
select
    'account_groups' as mart,
    group_key as told
from marts.account_groups
where size < $min_cell
union all
select
    'campaign_groups' as mart,
    group_key as told
from marts.campaign_groups
where accounts < $min_cell
union all
select
    'amplifiers' as mart,
    campaign_id || ' ' || influence_level as told
from marts.amplifiers
where amplifiers < $min_cell
union all
select
    'contacts' as mart,
    brand_id || ' ' || coalesce(why_not, '') as told
from marts.contacts
where accounts < $min_cell
union all
select
    'verdict_breakdown' as mart,
    dimension || ' ' || value as told
from marts.verdict_breakdown
where
    accounts < $min_cell
    and dimension not in ('phantom_level', 'unknown_level')
union all
select
    'campaign_hourly' as mart,
    campaign_id || ' ' || activity_day as told
from marts.campaign_hourly
where genuine_engagements is not null and engaged_accounts < $min_cell
union all
select
    'audience_overlap' as mart,
    one_id || ' ' || other_id as told
from marts.audience_overlap
where
    shared_accounts < $min_cell
    or genuine_shared_accounts < $min_cell
    or shared_accounts - genuine_shared_accounts between 1 and $min_cell - 1
    or (
        genuine_shared_accounts is not null
        and (
            one_accounts - shared_accounts between 1 and $min_cell - 1
            or other_accounts - shared_accounts between 1 and $min_cell - 1
        )
    )
union all
select
    'audience_breakdown' as mart,
    brand_id || ' ' || dimension || ' ' || value as told
from marts.audience_breakdown
where
    accounts < $min_cell
    or (genuine_account_share is not null and accounts < 4 * $min_cell)
union all
select
    'campaign_cohorts' as mart,
    first_campaign_id || ' ' || campaign_id as told
from marts.campaign_cohorts
where
    cohort_accounts < $min_cell
    or returned_accounts between 1 and $min_cell - 1
    or (returned_accounts > 0 and genuine_returned_accounts < $min_cell)
    or returned_accounts - genuine_returned_accounts between 1 and $min_cell - 1
    or (
        genuine_returned_accounts > 0
        and cohort_accounts - returned_accounts between 1 and $min_cell - 1
    )
