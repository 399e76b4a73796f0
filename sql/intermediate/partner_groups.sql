-- One row per set of a campaign's posts (see `partner_acts`) and group of which two
-- accounts or more engaged with them so far.
-- Cost: linear in `partner_engagers`.
--
-- grain: campaign_id, post_set, partner_id, group_key, kind
-- params: none
-- replace: all

select
    engagers.campaign_id,
    engagers.post_set,
    engagers.partner_id,
    groups.group_key,
    groups.kind,
    count(distinct engagers.platform || ':' || engagers.account_id) as accounts,
    cast(sum(engagers.engagements) as bigint) as engagements
from intermediate.partner_engagers as engagers
inner join intermediate.account_groups as groups
    on
        engagers.platform = groups.platform
        and engagers.account_id = groups.account_id
group by
    engagers.campaign_id,
    engagers.post_set,
    engagers.partner_id,
    groups.group_key,
    groups.kind
having count(distinct engagers.platform || ':' || engagers.account_id) > 1
