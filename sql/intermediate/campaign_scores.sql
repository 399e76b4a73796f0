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
        campaign_id,
        platform,
        root_post_id as post_id,
        activity_day,
        is_in_window,
        account_id,
        coalesce(shown, 'hidden') as shown,
        coalesce(score_bin, 0) as score_bin,
        is_genuine
    from intermediate.campaign_interactions
    where kind <> 'mention'
),

by_account as (
    select
        'campaign' as scope,
        campaign_id,
        cast(null as varchar) as platform,
        cast(null as date) as activity_day,
        cast(null as varchar) as post_id,
        account_id,
        coalesce(shown, 'hidden') as shown,
        coalesce(score_bin, 0) as score_bin,
        is_genuine,
        engagements as acts
    from intermediate.campaign_people
    where engagements > 0
    union all
    select
        'day' as scope,
        campaign_id,
        platform,
        activity_day,
        cast(null as varchar) as post_id,
        account_id,
        shown,
        score_bin,
        is_genuine,
        count(*) as acts
    from acts
    where is_in_window
    group by
        campaign_id, platform, activity_day, account_id, shown, score_bin, is_genuine
    union all
    select
        'post' as scope,
        campaign_id,
        platform,
        cast(null as date) as activity_day,
        post_id,
        account_id,
        shown,
        score_bin,
        is_genuine,
        count(*) as acts
    from acts
    group by campaign_id, platform, post_id, account_id, shown, score_bin, is_genuine
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
