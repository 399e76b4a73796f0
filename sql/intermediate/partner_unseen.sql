-- What the platform counts of a partner's posts so far, parted as in `campaign_unseen`:
-- collected row by row, not collected of kinds that are, and of kinds of which no row
-- ever landed from that network.
-- Cost: linear in the counters of partners' posts.
--
-- grain: campaign_id, post_set, partner_id
-- params: none
-- replace: once

with

kinds as (
    select distinct
        platform,
        kind
    from intermediate.campaign_interactions
)

select
    classes.campaign_id,
    'paid' as post_set,
    classes.partner_id,
    cast(sum(least(counters.lifetime_collected, counters.lifetime_count)) as bigint)
        as seen,
    cast(
        sum(
            case
                when kinds.kind is not null
                    then
                        counters.lifetime_count
                        - least(counters.lifetime_collected, counters.lifetime_count)
                else 0
            end
        ) as bigint
    ) as unseen,
    cast(
        sum(case when kinds.kind is null then counters.lifetime_count else 0 end) as bigint
    ) as uncollected
from intermediate.campaign_post_classes as classes
inner join intermediate.campaign_counters as counters
    on
        classes.campaign_id = counters.campaign_id
        and classes.platform = counters.platform
        and classes.post_id = counters.post_id
left join kinds
    on
        counters.platform = kinds.platform
        and counters.kind = kinds.kind
where classes.post_class = 'paid' and counters.kind <> 'read'
group by classes.campaign_id, classes.partner_id
