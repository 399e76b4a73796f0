-- One row per campaign and activity day with a comment: how its comments sound. What
-- genuine ones say is null where nobody of the day's comments is named.
-- Cost: linear in the comments of campaigns.
--
-- grain: campaign_id, activity_day
-- params: none
-- replace: all

select
    campaign_id,
    activity_day,
    count(*) as comments,
    count(case when sentiment = 'positive' then 1 end) as positive,
    count(case when sentiment = 'neutral' then 1 end) as neutral,
    count(case when sentiment = 'negative' then 1 end) as negative,
    case when count(account_id) > 0 then count(case when is_genuine then 1 end) end
        as genuine_comments,
    case
        when count(account_id) > 0
            then count(case when is_genuine and sentiment = 'positive' then 1 end)
    end as genuine_positive,
    case
        when count(account_id) > 0
            then count(case when is_genuine and sentiment = 'neutral' then 1 end)
    end as genuine_neutral,
    case
        when count(account_id) > 0
            then count(case when is_genuine and sentiment = 'negative' then 1 end)
    end as genuine_negative
from intermediate.campaign_comments
where is_in_window
group by campaign_id, activity_day
