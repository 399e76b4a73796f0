-- What a campaign's comments sounded like on an activity day between its first and
-- last day, judged by their words alone. Irony is not seen. What genuine ones say is null
-- where fewer than half of the day's comments are of accounts known by more than a name.
--
-- grain: campaign_id, activity_day
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: activity_day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   comments [comments]: comments and replies on its posts
--   positive [comments]: comments that sound positive
--   neutral [comments]: comments that sound neutral
--   negative [comments]: comments that sound negative
--   wordless [comments]: comments without words of their own, which are not judged
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_positive [comments]: genuine_comments that sound positive; null where genuine_comments is
--   genuine_neutral [comments]: genuine_comments that sound neutral; null where genuine_comments is
--   genuine_negative [comments]: genuine_comments that sound negative; null where genuine_comments is
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   sentiment_net_low [share, -1 to 1]: low end of the 95 % interval of sentiment_net, for what the words of a kind of product mislead the judgement by
--   sentiment_net_high [share, -1 to 1]: high end of that interval
--   genuine_sentiment_net [share, -1 to 1]: the same of genuine comments
--   is_negative_rise [yes or no]: a larger share of the day's judged comments is negative than that of the 14 days before explains; null where under 3 days with 10 judged comments precede

with

daily as (
    select
        * exclude (
            genuine_comments, genuine_positive, genuine_neutral, genuine_negative
        ),
        (positive - negative) / nullif(positive + neutral + negative, 0) as net,
        case when known_comments * 2 >= comments then genuine_comments end
            as genuine_comments,
        case when known_comments * 2 >= comments then genuine_positive end
            as genuine_positive,
        case when known_comments * 2 >= comments then genuine_neutral end
            as genuine_neutral,
        case when known_comments * 2 >= comments then genuine_negative end
            as genuine_negative
    from intermediate.sentiment_days
)

select
    daily.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    daily.activity_day,
    daily.comments,
    daily.positive,
    daily.neutral,
    daily.negative,
    daily.comments - daily.positive - daily.neutral - daily.negative as wordless,
    daily.genuine_comments,
    daily.genuine_positive,
    daily.genuine_neutral,
    daily.genuine_negative,
    round(daily.net, 6) as sentiment_net,
    round(daily.net - least(1.96 * daily.balance_error, daily.net + 1), 6)
        as sentiment_net_low,
    round(daily.net + least(1.96 * daily.balance_error, 1 - daily.net), 6)
        as sentiment_net_high,
    round(
        (daily.genuine_positive - daily.genuine_negative)
        / nullif(
            daily.genuine_positive + daily.genuine_neutral + daily.genuine_negative, 0
        ), 6
    ) as genuine_sentiment_net,
    rises.is_rise as is_negative_rise
from daily
inner join meta.campaigns as campaigns on daily.campaign_id = campaigns.campaign_id
left join intermediate.negative_rises as rises
    on
        daily.campaign_id = rises.campaign_id
        and daily.activity_day = rises.activity_day
