-- Bad rows: a campaign's or a partner's audience of another size than its own mart says, or
-- two audiences that share more than the smaller of them has.
--
-- grain: one_id, other_id
-- params: none

with

sides as (
    select
        one_kind as kind,
        one_id as id,
        one_accounts as accounts,
        one_id,
        other_id
    from marts.audience_overlap
    union all
    select
        other_kind as kind,
        other_id as id,
        other_accounts as accounts,
        one_id,
        other_id
    from marts.audience_overlap
),

told as (
    select
        'campaign' as kind,
        campaign_id as id,
        engaged_accounts as accounts
    from marts.campaigns
    union all
    select
        'partner' as kind,
        campaign_id || ':' || partner_id as id,
        engaged_accounts as accounts
    from marts.partner_results
)

select
    sides.one_id,
    sides.other_id
from sides
inner join told
    on sides.kind = told.kind and sides.id = told.id
where sides.accounts <> told.accounts
union all
select
    one_id,
    other_id
from marts.audience_overlap
where
    shared_accounts > least(one_accounts, other_accounts)
    or genuine_shared_accounts > shared_accounts
