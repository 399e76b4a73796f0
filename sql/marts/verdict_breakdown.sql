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

scopes as (
    select
        cast(null as varchar) as campaign_id,
        platform,
        account_key
    from restricted.accounts
    union all
    select
        campaign_id,
        platform,
        account_key
    from restricted.campaign_accounts
    where engagements > 0
),

acted as (
    select
        scopes.campaign_id,
        accounts.*,
        count(*) over (partition by scopes.campaign_id) as in_scope,
        count(*) over (partition by scopes.campaign_id, accounts.operator_key)
            as of_operator
    from scopes
    inner join restricted.accounts as accounts
        on
            scopes.platform = accounts.platform
            and scopes.account_key = accounts.account_key
),

told as (
    select
        campaign_id,
        operator_key,
        in_scope,
        unnest([
            struct_pack(dimension := 'phantom_level', value := phantom_level),
            struct_pack(
                dimension := 'unknown_level',
                value := case when not is_known then phantom_level end
            ),
            struct_pack(
                dimension := 'confirmed_level',
                value := case when is_confirmed then phantom_level end
            ),
            struct_pack(
                dimension := 'account_kind',
                value := case when phantom_level <> 'genuine' then account_kind end
            ),
            struct_pack(
                dimension := 'operator',
                value := case when of_operator > 1 then 'several' end
            )
        ]) as cell
    from acted
    union all
    select
        campaign_id,
        operator_key,
        in_scope,
        struct_pack(dimension := 'reason_class', value := unnest(reason_classes)) as cell
    from acted
    where phantom_level <> 'genuine'
),

counted as (
    select
        campaign_id,
        cell.dimension as dimension,
        cell.value as value,
        case
            when
                count(*) >= $min_cell
                or cell.dimension in ('phantom_level', 'unknown_level')
                then count(*)
        end as accounts,
        case
            when
                count(*) >= $min_cell
                or cell.dimension in ('phantom_level', 'unknown_level')
                then count(distinct operator_key)
        end as people
    from told
    where cell.value is not null and in_scope >= $min_cell
    group by campaign_id, cell.dimension, cell.value
)

select
    counted.campaign_id,
    campaigns.campaign_name,
    counted.dimension,
    counted.value,
    counted.accounts,
    counted.people
from counted
left join meta.campaigns as campaigns on counted.campaign_id = campaigns.campaign_id
