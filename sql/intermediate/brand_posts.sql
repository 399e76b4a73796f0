-- One row per post of a brand's account, and per day of reposts, that is judged by its
-- own course: what it is like, what was collected of it, and until when it was looked at.
-- `collected` are engagements of others on covered days, of a repost those that stand
-- directly below it, each with its age in `brand_post_acts`. `counted` are the reposts
-- and comments that the platform counts, null where it tells none. `looked_at` is the
-- newest moment at which a source read the post or something below it, null where its
-- records state no such moment but their own time.
-- Cost: linear in the brands' posts and the interactions with them.
--
-- grain: brand_id, action_id
-- params: none
-- replace: once

with

counters as (
    select
        post_counters.platform,
        post_counters.post_id,
        max(
            coalesce(post_counters.reposts_count, 0)
            + coalesce(post_counters.comments_count, 0)
        ) as counted,
        max(post_counters.observed_at) as observed_at
    from staging.post_counters as post_counters
    inner join intermediate.brand_actions as actions
        on
            post_counters.platform = actions.platform
            and post_counters.post_id = actions.post_id
    where
        post_counters.reposts_count is not null
        or post_counters.comments_count is not null
    group by post_counters.platform, post_counters.post_id
),

collected as (
    select
        brand_id,
        action_id,
        count(*) as collected,
        count(case when is_known then 1 end) as known,
        max(observed_at) as observed_at
    from intermediate.brand_post_acts
    group by brand_id, action_id
)

select
    actions.brand_id,
    actions.action_id,
    actions.kind,
    actions.platform,
    -- A day's reposts may be of several accounts.
    actions.brand_id || ':' || actions.kind || ':' || actions.platform || ':'
    || coalesce(actions.account_id, '') as stream,
    actions.started_at,
    actions.first_day,
    actions.effect_until,
    actions.acts,
    actions.overlapping = 0 as is_usual,
    coalesce(array_length(posts.links) > 0, false) as has_link,
    coalesce(posts.media_count > 0, false) as has_media,
    coalesce(collected.collected, 0) as collected,
    coalesce(collected.known, 0) as known,
    counters.counted,
    case
        when posts.observed_at > posts.posted_at
            then
                greatest(
                    posts.observed_at,
                    coalesce(counters.observed_at, posts.observed_at),
                    coalesce(collected.observed_at, posts.observed_at)
                )
    end as looked_at
from intermediate.brand_actions as actions
left join staging.posts as posts
    on
        actions.platform = posts.platform
        and actions.post_id = posts.post_id
left join counters
    on
        actions.platform = counters.platform
        and actions.post_id = counters.post_id
left join collected
    on
        actions.brand_id = collected.brand_id
        and actions.action_id = collected.action_id
where actions.class = 'post'
