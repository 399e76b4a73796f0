-- One row per campaign and account that acted on its posts between its first and last day:
-- how often, and what is known of it. Acts of which nobody knows whose they are have one
-- row per network, without an account.
--
-- grain: campaign_id, platform, account_id?
-- params: none
-- replace: once

select
    campaign_id,
    platform,
    account_id,
    operator_id,
    is_genuine,
    is_known,
    shown,
    score_bin,
    count(case when kind = 'repost' then 1 end) as reposts,
    count(case when kind = 'comment' then 1 end) as comments,
    count(case when kind = 'like' then 1 end) as likes,
    count(case when kind = 'mention' then 1 end) as mentions,
    count(case when kind <> 'mention' then 1 end) as engagements,
    min(activity_day) as first_acted_day,
    max(activity_day) as last_acted_day
from intermediate.campaign_interactions
where is_in_window
group by
    campaign_id,
    platform,
    account_id,
    operator_id,
    is_genuine,
    is_known,
    shown,
    score_bin
