-- One row per engagement of somebody else with a post of a brand's account, or with one
-- of its reposts, on covered days, with its age. Of a repost these are what stands
-- directly below it: the platform's or the text's word, the rest of a chain belongs to
-- who carried it on. The age of a day's reposts is counted from the first of them.
-- Cost: linear in the interactions with brands' posts and reposts.
--
-- grain: brand_id, action_id, platform, kind, interaction_id
-- params: none
-- replace: once

with

interactions as (
    select
        interactions.platform,
        interactions.kind,
        interactions.interaction_id,
        interactions.account_id,
        interactions.root_post_id,
        interactions.parent_id,
        interactions.acted_at,
        interactions.date_day,
        interactions.observed_at
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind <> 'mention'
),

own_reposts as (
    select
        brand_accounts.brand_id,
        'repost:' || interactions.platform || ':'
        || cast(interactions.date_day as varchar) as action_id,
        interactions.platform,
        interactions.interaction_id
    from interactions
    inner join meta.brand_accounts as brand_accounts
        on
            interactions.platform = brand_accounts.platform
            and interactions.account_id = brand_accounts.account_id
    where interactions.kind = 'repost'
),

-- What stands below in two ways, or in two threads, is one row in `acts`.
below as (
    select
        actions.brand_id,
        actions.action_id,
        actions.started_at,
        interactions.*
    from interactions
    inner join intermediate.brand_actions as actions
        on
            interactions.platform = actions.platform
            and interactions.root_post_id = actions.post_id
    where actions.kind = 'post' and actions.class = 'post'
    union all
    select
        actions.brand_id,
        actions.action_id,
        actions.started_at,
        interactions.*
    from interactions
    inner join own_reposts
        on
            interactions.platform = own_reposts.platform
            and interactions.parent_id = own_reposts.interaction_id
    inner join intermediate.brand_actions as actions
        on
            own_reposts.brand_id = actions.brand_id
            and own_reposts.action_id = actions.action_id
    union all
    select
        actions.brand_id,
        actions.action_id,
        actions.started_at,
        interactions.*
    from interactions
    inner join own_reposts
        on
            interactions.platform = own_reposts.platform
            and interactions.root_post_id = own_reposts.interaction_id
    inner join intermediate.brand_actions as actions
        on
            own_reposts.brand_id = actions.brand_id
            and own_reposts.action_id = actions.action_id
),

acts as (
    select
        brand_id,
        action_id,
        platform,
        kind,
        interaction_id,
        max(account_id) as account_id,
        min(date_diff('second', started_at, acted_at)) as age_seconds,
        max(observed_at) as observed_at
    from below
    group by brand_id, action_id, platform, kind, interaction_id
)

select
    acts.brand_id,
    acts.action_id,
    acts.platform,
    acts.kind,
    acts.interaction_id,
    acts.age_seconds,
    acts.observed_at,
    -- More than a name is known of who acted.
    coalesce(accounts.shown <> 'name' or accounts.score_bin > 0, false) as is_known,
    coalesce(accounts.is_genuine, false) as is_genuine
from acts
left join intermediate.accounts as accounts
    on
        acts.platform = accounts.platform
        and acts.account_id = accounts.account_id
left join meta.brand_accounts as brand_accounts
    on
        acts.brand_id = brand_accounts.brand_id
        and acts.platform = brand_accounts.platform
        and acts.account_id = brand_accounts.account_id
where brand_accounts.brand_id is null
