-- A topic of a campaign's comments on an activity day with one of them, between the
-- campaign's first and last day: how many comments, how they sound, and whether blame for
-- it rose. A comment belongs to one topic or none, so a day's topics are no more than its
-- comments in feedback_daily. How many are genuine is told of enough comments only.
--
-- grain: campaign_id, topic, activity_day
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- adds over: topic, activity_day
-- columns:
--   activity_day [day]: the day it happened, in the workspace's time zone
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   topic [place, 1 the first]: its number in the campaign, the largest first
--   terms_text [text]: terms as one text
--   comments [comments]: comments that belong to it; a comment belongs to one topic or none
--   positive [comments]: comments on the topic that sound positive
--   neutral [comments]: comments on the topic that sound neutral
--   negative [comments]: comments on the topic that sound negative
--   told_genuine_comments [comments of told days]: comments without those of likely phantoms and hidden accounts; null where feedback_topics has none, or fewer than policies.min_cell would show
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   is_blamed_more [yes or no]: its negative comments are a larger share of all judged ones than on the 14 days before, beyond chance; null where under 3 days with 10 judged comments precede
-- metrics:
--   is_blamed_more: this project | of three hundred topics and days about one rises by chance

with

days as (
    select
        topics.campaign_id,
        topics.topic,
        unnest(topics.days) as day
    from intermediate.topics as topics
),

counted as (
    select
        campaign_id,
        topic,
        day.date_day as activity_day,
        day.comments,
        day.positive,
        day.neutral,
        day.negative,
        day.genuine_comments,
        day.is_negative_rise,
        -- Comments of the topic on days that have fewer.
        coalesce(
            sum(day.comments) over (
                partition by campaign_id, topic
                order by day.comments asc, day.date_day asc
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as comments_of_smaller
    from days
)

select
    counted.activity_day,
    counted.campaign_id,
    topics.campaign_name,
    topics.brand_id,
    topics.brand_name,
    counted.topic,
    topics.terms_text,
    counted.comments,
    counted.positive,
    counted.neutral,
    counted.negative,
    case
        when
            topics.genuine_comments is not null
            and counted.comments >= $min_cell
            and (
                counted.comments_of_smaller = 0
                or counted.comments_of_smaller >= $min_cell
            )
            then counted.genuine_comments
    end as told_genuine_comments,
    round(
        (counted.positive - counted.negative)
        / nullif(counted.positive + counted.neutral + counted.negative, 0), 6
    ) as sentiment_net,
    counted.is_negative_rise as is_blamed_more
from counted
inner join marts.feedback_topics as topics
    on
        counted.campaign_id = topics.campaign_id
        and counted.topic = topics.topic
