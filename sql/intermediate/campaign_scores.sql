-- How the scores of those who acted lie: one row per scope, what accounts show and bin
-- of the score. Scopes: `campaign` (its window, all networks), `day` (campaign, network
-- and activity day in the window), `post` (campaign and post, its life so far).
-- `shown` is `hidden` where nobody knows whose act it is; `squares` adds up the squares
-- of accounts' acts, of hidden ones their number. Mentions are no engagements.
-- Cost: linear in the interactions with campaigns' posts.
--
-- grain: scope, campaign_id, platform, activity_day, post_id, shown, score_bin
-- params: none
-- replace: all

with

acts as (
    select
        interactions.campaign_id,
        interactions.platform,
        interactions.root_post_id as post_id,
        interactions.activity_day,
        interactions.is_in_window,
        interactions.account_id,
        coalesce(accounts.shown, 'hidden') as shown,
        coalesce(accounts.score_bin, 0) as score_bin,
        coalesce(accounts.is_genuine, false) as is_genuine,
        count(*) as acts
    from intermediate.campaign_interactions as interactions
    left join intermediate.accounts as accounts
        on
            interactions.platform = accounts.platform
            and interactions.account_id = accounts.account_id
    where interactions.kind <> 'mention'
    group by
        interactions.campaign_id,
        interactions.platform,
        interactions.root_post_id,
        interactions.activity_day,
        interactions.is_in_window,
        interactions.account_id,
        coalesce(accounts.shown, 'hidden'),
        coalesce(accounts.score_bin, 0),
        coalesce(accounts.is_genuine, false)
),

scoped as (
    select
        'campaign' as scope,
        campaign_id,
        cast(null as varchar) as platform,
        cast(null as date) as activity_day,
        cast(null as varchar) as post_id,
        platform as account_platform,
        account_id,
        shown,
        score_bin,
        is_genuine,
        acts
    from acts
    where is_in_window
    union all
    select
        'day' as scope,
        campaign_id,
        platform,
        activity_day,
        cast(null as varchar) as post_id,
        platform as account_platform,
        account_id,
        shown,
        score_bin,
        is_genuine,
        acts
    from acts
    where is_in_window
    union all
    select
        'post' as scope,
        campaign_id,
        platform,
        cast(null as date) as activity_day,
        post_id,
        platform as account_platform,
        account_id,
        shown,
        score_bin,
        is_genuine,
        acts
    from acts
),

by_account as (
    select
        scope,
        campaign_id,
        platform,
        activity_day,
        post_id,
        account_platform,
        account_id,
        shown,
        score_bin,
        is_genuine,
        cast(sum(acts) as bigint) as acts
    from scoped
    group by
        scope,
        campaign_id,
        platform,
        activity_day,
        post_id,
        account_platform,
        account_id,
        shown,
        score_bin,
        is_genuine
)

select
    scope,
    campaign_id,
    platform,
    activity_day,
    post_id,
    shown,
    score_bin,
    cast(sum(acts) as bigint) as acts,
    cast(sum(case when account_id is null then acts else cast(acts as hugeint) * acts end) as bigint)
        as squares,
    cast(sum(case when is_genuine then acts else 0 end) as bigint) as genuine_acts,
    count(account_id) as accounts,
    count(case when is_genuine then account_id end) as genuine_accounts
from by_account
group by scope, campaign_id, platform, activity_day, post_id, shown, score_bin
