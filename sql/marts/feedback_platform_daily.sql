-- What a campaign's comments on one network sounded like on an activity day between its
-- first and last day: the parts of feedback_daily, which says how sure a balance is and
-- whether complaints rose.
--
-- grain: campaign_id, platform, activity_day
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: platform, activity_day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   comments [comments]: comments and replies on its posts
--   positive [comments]: comments that sound positive
--   neutral [comments]: comments that sound neutral
--   negative [comments]: comments that sound negative
--   wordless [comments]: comments without words of their own, which are not judged
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts; null where fewer than half of the day's on the network are of accounts known by more than a name
--   genuine_positive [comments]: genuine_comments that sound positive; null where genuine_comments is
--   genuine_neutral [comments]: genuine_comments that sound neutral; null where genuine_comments is
--   genuine_negative [comments]: genuine_comments that sound negative; null where genuine_comments is
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   genuine_sentiment_net [share, -1 to 1]: the same of genuine comments

with

counted as (
    select
        campaign_id,
        platform,
        activity_day,
        count(*) as comments,
        count(*) filter (where is_known) as known_comments,
        count(*) filter (where sentiment = 'positive') as positive,
        count(*) filter (where sentiment = 'neutral') as neutral,
        count(*) filter (where sentiment = 'negative') as negative,
        count(*) filter (where is_genuine) as genuine_comments,
        count(*) filter (where is_genuine and sentiment = 'positive') as genuine_positive,
        count(*) filter (where is_genuine and sentiment = 'neutral') as genuine_neutral,
        count(*) filter (where is_genuine and sentiment = 'negative') as genuine_negative
    from intermediate.campaign_comments
    where is_in_window
    group by campaign_id, platform, activity_day
),

told as (
    select
        *,
        known_comments * 2 >= comments as tells_genuine
    from counted
)

select
    told.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    told.platform,
    told.activity_day,
    told.comments,
    told.positive,
    told.neutral,
    told.negative,
    told.comments - told.positive - told.neutral - told.negative as wordless,
    case when told.tells_genuine then told.genuine_comments end as genuine_comments,
    case when told.tells_genuine then told.genuine_positive end as genuine_positive,
    case when told.tells_genuine then told.genuine_neutral end as genuine_neutral,
    case when told.tells_genuine then told.genuine_negative end as genuine_negative,
    round(
        (told.positive - told.negative)
        / nullif(told.positive + told.neutral + told.negative, 0), 6
    ) as sentiment_net,
    case
        when told.tells_genuine
            then
                round(
                    (told.genuine_positive - told.genuine_negative)
                    / nullif(
                        told.genuine_positive
                        + told.genuine_neutral
                        + told.genuine_negative,
                        0
                    ), 6
                )
    end as genuine_sentiment_net
from told
inner join meta.campaigns as campaigns on told.campaign_id = campaigns.campaign_id
