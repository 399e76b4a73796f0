-- One row per campaign, account and post of the campaign that it wrote or reposted: the
-- most followers it had at one of these acts, and on which day they were read. `window_`
-- counts the post itself and reposts in the campaign's days, `lifetime_` all reposts.
-- Cost: linear in the posts and reposts of campaigns.
--
-- grain: campaign_id, platform, post_id, account_id
-- params: none
-- replace: once

with

acts as (
    select
        campaign_id,
        platform,
        post_id,
        account_id,
        is_genuine,
        true as is_in_window,
        followers_count,
        followers_day
    from intermediate.campaign_authors
    union all
    select
        campaign_id,
        platform,
        root_post_id as post_id,
        account_id,
        is_genuine,
        is_in_window,
        followers_count,
        followers_day
    from intermediate.campaign_interactions
    where kind = 'repost' and account_id is not null
)

select
    campaign_id,
    platform,
    post_id,
    account_id,
    is_genuine,
    bool_or(is_in_window) as is_in_window,
    max(case when is_in_window then followers_count end) as window_followers,
    max(followers_count) as lifetime_followers,
    -- Of followers of unknown day nobody knows that they are no older.
    case
        when
            not bool_or(
                is_in_window and followers_count is not null and followers_day is null
            )
            then min(case when is_in_window then followers_day end)
    end as window_first_followers_day,
    max(case when is_in_window then followers_day end) as window_last_followers_day
from acts
group by campaign_id, platform, post_id, account_id, is_genuine
