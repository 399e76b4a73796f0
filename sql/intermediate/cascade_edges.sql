-- One row per repost of a campaign's post on covered days: who reposted, and the
-- parent that it is drawn under. A parent that was not collected leaves its reposts under the root.
--
-- grain: platform, root_post_id, interaction_id
-- params: none
-- replace: once

with

roots as (
    select distinct
        platform,
        post_id
    from intermediate.campaign_posts
),

reposts as (
    select
        interactions.platform,
        interactions.root_post_id,
        interactions.interaction_id,
        interactions.account_id,
        interactions.parent_id,
        interactions.parent_method,
        interactions.acted_at
    from staging.interactions as interactions
    inner join roots
        on
            interactions.platform = roots.platform
            and interactions.root_post_id = roots.post_id
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind = 'repost'
)

select
    reposts.platform,
    reposts.root_post_id,
    reposts.interaction_id,
    reposts.account_id,
    coalesce(accounts.is_genuine, false) as is_genuine,
    parents.interaction_id as parent_interaction_id,
    reposts.parent_method,
    reposts.parent_id <> reposts.root_post_id and parents.interaction_id is null
        as is_parent_missing,
    reposts.acted_at
from reposts
left join reposts as parents
    on
        reposts.platform = parents.platform
        and reposts.root_post_id = parents.root_post_id
        and reposts.parent_id = parents.interaction_id
left join intermediate.accounts as accounts
    on
        reposts.platform = accounts.platform
        and reposts.account_id = accounts.account_id
