-- How many accounts have a verdict of a kind, of all that were seen and of those that
-- engaged in a campaign (campaign_id is null for all). Kinds of 1 to policies.min_cell - 1 accounts have no number but
-- for levels; of fewer accounts in all nothing is told.
--
-- grain: campaign_id?, dimension, value
-- params: $min_cell
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   dimension [text]: phantom_level; unknown_level (levels of those of which nothing is known, is_known in accounts); confirmed_level (levels that a person decided);
--     account_kind and reason_class of likely phantoms and suspected ones, each class of an account; operator (several: accounts whose operator has others there)
--   value [text]: what is counted of it; reason_classes has the words of reason classes
--   accounts [accounts]: accounts of which this is told
--   people [people]: the same, those of one operator counted once
-- metrics:
--   people: this project | who acts on several networks counts on each: an upper bound

with

-- Who is an operator of their own counts as one person in any case: only the others'
-- operators have to be told apart.
acted as (
    select
        cast(null as varchar) as campaign_id,
        case when accounts.operator_accounts > 1 then accounts.operator_key end
            as operator_key,
        accounts.phantom_level,
        accounts.is_known,
        accounts.is_confirmed,
        accounts.account_kind,
        accounts.reason_classes
    from restricted.accounts as accounts
    union all
    select
        scopes.campaign_id,
        case when accounts.operator_accounts > 1 then accounts.operator_key end
            as operator_key,
        accounts.phantom_level,
        accounts.is_known,
        accounts.is_confirmed,
        accounts.account_kind,
        accounts.reason_classes
    from restricted.campaign_accounts as scopes
    inner join restricted.accounts as accounts
        on
            scopes.platform = accounts.platform
            and scopes.account_key = accounts.account_key
    where scopes.engagements > 0
),

sizes as (
    select
        campaign_id,
        count(*) as accounts
    from acted
    group by campaign_id
),

several as (
    select
        campaign_id,
        operator_key
    from acted
    where operator_key is not null
    group by campaign_id, operator_key
    having count(*) > 1
),

told as (
    select
        campaign_id,
        operator_key,
        'phantom_level' as dimension,
        phantom_level as value
    from acted
    union all
    select
        campaign_id,
        operator_key,
        'unknown_level' as dimension,
        phantom_level as value
    from acted
    where not is_known
    union all
    select
        campaign_id,
        operator_key,
        'confirmed_level' as dimension,
        phantom_level as value
    from acted
    where is_confirmed
    union all
    select
        campaign_id,
        operator_key,
        'account_kind' as dimension,
        account_kind as value
    from acted
    where phantom_level <> 'genuine' and account_kind is not null
    union all
    select
        acted.campaign_id,
        acted.operator_key,
        'operator' as dimension,
        'several' as value
    from acted
    inner join several
        on
            acted.campaign_id is not distinct from several.campaign_id
            and acted.operator_key = several.operator_key
    union all
    select
        campaign_id,
        operator_key,
        'reason_class' as dimension,
        unnest(reason_classes) as value
    from acted
    where phantom_level <> 'genuine'
),

counted as (
    select
        campaign_id,
        dimension,
        value,
        count(*) as accounts,
        count(*) - count(operator_key) + count(distinct operator_key) as people
    from told
    group by campaign_id, dimension, value
)

select
    counted.campaign_id,
    campaigns.campaign_name,
    counted.dimension,
    counted.value,
    case
        when
            counted.accounts >= $min_cell
            or counted.dimension in ('phantom_level', 'unknown_level')
            then counted.accounts
    end as accounts,
    case
        when
            counted.accounts >= $min_cell
            or counted.dimension in ('phantom_level', 'unknown_level')
            then counted.people
    end as people
from counted
inner join sizes on counted.campaign_id is not distinct from sizes.campaign_id
left join meta.campaigns as campaigns on counted.campaign_id = campaigns.campaign_id
where sizes.accounts >= $min_cell
