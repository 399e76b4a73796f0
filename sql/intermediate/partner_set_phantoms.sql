-- Likely phantoms among who engaged with all of a partner's paid posts, or with all
-- unpaid ones: one row per partner (none of unpaid ones). Of accounts that nobody knows
-- none is a likely phantom: sets of which nothing is told are left out.
--
-- grain: campaign_id, partner_id
-- params: none
-- replace: once

with

engagers as (
    select distinct
        campaign_id,
        partner_id,
        platform,
        account_id,
        phantom_level
    from intermediate.partner_engagers
    where post_set in ('paid', 'unpaid')
)

select
    engagers.campaign_id,
    engagers.partner_id,
    count(*) as accounts,
    count(*) filter (where engagers.phantom_level = 'phantom') as phantoms
from engagers
where
    (engagers.campaign_id, coalesce(engagers.partner_id, '')) in (
        select
            bounds.campaign_id,
            coalesce(bounds.partner_id, '') as partner_id
        from intermediate.partner_bounds as bounds
        where bounds.post_set in ('paid', 'unpaid') and bounds.is_told
    )
group by engagers.campaign_id, engagers.partner_id
