-- Likely phantoms among who engaged with a partner's paid post, or an unpaid one: one
-- row per partner (none of unpaid ones) and post.
--
-- grain: campaign_id, partner_id, platform, post_id
-- params: none
-- replace: once

select
    campaign_id,
    partner_id,
    platform,
    post_id,
    count(*) as accounts,
    count(*) filter (where phantom_level = 'phantom') as phantoms
from intermediate.partner_engagers
where post_set in ('paid', 'unpaid')
group by campaign_id, partner_id, platform, post_id
