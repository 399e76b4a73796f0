-- What the platform counts of a campaign (scope `campaign`: at its end) or of a post
-- (scope `post`: in its life so far), parted: collected row by row, not collected of
-- kinds that are, and of kinds of which no row ever landed from that network.
-- Cost: linear in the counters of campaigns' posts.
--
-- grain: scope, campaign_id, platform, activity_day, post_id
-- params: none
-- replace: all

with

kinds as (
    select distinct
        platform,
        kind
    from intermediate.campaign_interactions
),

counters as (
    select
        counters.campaign_id,
        counters.platform,
        counters.post_id,
        kinds.kind is not null as is_collected,
        least(counters.window_collected, counters.window_count) as window_seen,
        counters.window_count,
        least(counters.lifetime_collected, counters.lifetime_count) as lifetime_seen,
        counters.lifetime_count
    from intermediate.campaign_counters as counters
    left join kinds
        on
            counters.platform = kinds.platform
            and counters.kind = kinds.kind
    where counters.kind <> 'read'
)

select
    'campaign' as scope,
    campaign_id,
    cast(null as varchar) as platform,
    cast(null as date) as activity_day,
    cast(null as varchar) as post_id,
    cast(sum(window_seen) as bigint) as seen,
    cast(sum(case when is_collected then window_count - window_seen else 0 end) as bigint)
        as unseen,
    cast(sum(case when is_collected then 0 else window_count end) as bigint)
        as uncollected
from counters
group by campaign_id
union all
select
    'post' as scope,
    campaign_id,
    platform,
    cast(null as date) as activity_day,
    post_id,
    cast(sum(lifetime_seen) as bigint) as seen,
    cast(
        sum(case when is_collected then lifetime_count - lifetime_seen else 0 end)
        as bigint
    ) as unseen,
    cast(sum(case when is_collected then 0 else lifetime_count end) as bigint)
        as uncollected
from counters
group by campaign_id, platform, post_id
