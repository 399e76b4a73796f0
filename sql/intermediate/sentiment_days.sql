-- One row per campaign and activity day with a comment: how its comments sound, and how
-- many are of accounts known by more than a name: fewer than half of them tell nothing
-- of genuine ones. Suspected and likely phantoms are among known ones. A balance of a kind of product that nobody labelled is wrong by
-- balance_error (root mean square).
-- Cost: linear in the comments of campaigns.
--
-- grain: campaign_id, activity_day
-- params: $balance_error
-- replace: once

select
    campaign_id,
    activity_day,
    count(*) as comments,
    count(case when is_known then 1 end) as known_comments,
    count(case when sentiment = 'positive' then 1 end) as positive,
    count(case when sentiment = 'neutral' then 1 end) as neutral,
    count(case when sentiment = 'negative' then 1 end) as negative,
    count(case when is_genuine then 1 end) as genuine_comments,
    count(case when is_genuine and sentiment = 'positive' then 1 end)
        as genuine_positive,
    count(case when is_genuine and sentiment = 'neutral' then 1 end)
        as genuine_neutral,
    count(case when is_genuine and sentiment = 'negative' then 1 end)
        as genuine_negative,
    count(case when is_known and sentiment = 'positive' then 1 end) as known_positive,
    count(case when is_known and sentiment = 'neutral' then 1 end) as known_neutral,
    count(case when is_known and sentiment = 'negative' then 1 end) as known_negative,
    count(
        case
            when is_known and phantom_level = 'suspected' and sentiment = 'positive'
                then 1
        end
    ) as suspected_positive,
    count(
        case
            when is_known and phantom_level = 'suspected' and sentiment = 'neutral'
                then 1
        end
    ) as suspected_neutral,
    count(
        case
            when is_known and phantom_level = 'suspected' and sentiment = 'negative'
                then 1
        end
    ) as suspected_negative,
    count(
        case
            when is_known and phantom_level = 'phantom' and sentiment = 'positive'
                then 1
        end
    ) as phantom_positive,
    count(
        case
            when is_known and phantom_level = 'phantom' and sentiment = 'neutral'
                then 1
        end
    ) as phantom_neutral,
    count(
        case
            when is_known and phantom_level = 'phantom' and sentiment = 'negative'
                then 1
        end
    ) as phantom_negative,
    $balance_error as balance_error
from intermediate.campaign_comments
where is_in_window
group by campaign_id, activity_day
