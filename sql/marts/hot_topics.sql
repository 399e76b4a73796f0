-- A topic on a board of hot searches in an hour of a day on which the board was read: its
-- place and heat, and whose hashtags and keywords stand in it. Boards tell the moment at
-- which they are read and nothing between: how often that was, stands beside.
--
-- grain: platform, board, topic_name, activity_day, read_hour
-- params: $time_zone
-- replace: all
-- time axis: activity day
-- columns:
--   platform [text]: the network
--   board [text]: the board, as the network calls it
--   topic_name [text]: the words that stand on it
--   activity_day [day]: the day it happened, in the workspace's time zone
--   read_hour [hour, 0 to 23]: the hour in which the board was read, in the workspace's time zone
--   category [text]: what kind of topic the network says it is; null where it says nothing
--   board_readings [readings]: how often the board was read in that hour
--   readings [readings]: of these, how often the topic stood on it
--   best_place [place, 1 the first]: its best place in that hour
--   last_place [place, 1 the first]: its place when it was read last in that hour
--   highest_heat [heat]: the largest number in that hour by which the network says how hot it is; null where it says none
--   last_heat [heat]: the same when it was read last in that hour
--   is_named [yes or no]: a hashtag or keyword of a brand or campaign stands in it
--   brand_ids [list]: brands whose hashtags or keywords stand in it, by id
--   brand_ids_text [text]: the same as text, parted by commas
--   campaign_ids [list]: campaigns whose hashtags or keywords stand in it, by id, whenever they ran
--   campaign_ids_text [text]: the same as text, parted by commas
-- metrics:
--   best_place: the network's board | of the moments at which it was read
--   highest_heat: the network's board | how it is counted, the network does not say

with

readings as (
    select
        hot_topics.platform,
        hot_topics.board,
        hot_topics.topic as topic_name,
        hot_topics.date_day as activity_day,
        cast(
            extract(
                hour from
                hot_topics.observed_at at time zone 'UTC' at time zone $time_zone
            ) as bigint
        ) as read_hour,
        hot_topics.observed_at,
        hot_topics.place,
        hot_topics.heat,
        hot_topics.category
    from staging.hot_topics as hot_topics
    inner join meta.covered_days as covered_days
        on hot_topics.date_day = covered_days.date_day
),

boards as (
    select
        platform,
        board,
        activity_day,
        read_hour,
        count(distinct observed_at) as board_readings
    from readings
    group by platform, board, activity_day, read_hour
),

hours as (
    select
        platform,
        board,
        topic_name,
        activity_day,
        read_hour,
        max(category) as category,
        count(*) as readings,
        min(place) as best_place,
        arg_max(place, observed_at) as last_place,
        max(heat) as highest_heat,
        arg_max(heat, observed_at) as last_heat
    from readings
    group by platform, board, topic_name, activity_day, read_hour
),

named as (
    select
        platform,
        text_key,
        list(distinct owner_id order by owner_id) filter (where owner = 'brand')
            as brand_ids,
        list(distinct owner_id order by owner_id) filter (where owner = 'campaign')
            as campaign_ids
    from intermediate.text_names
    group by platform, text_key
)

select
    hours.platform,
    hours.board,
    hours.topic_name,
    hours.activity_day,
    hours.read_hour,
    hours.category,
    boards.board_readings,
    hours.readings,
    hours.best_place,
    hours.last_place,
    hours.highest_heat,
    hours.last_heat,
    named.text_key is not null as is_named,
    coalesce(named.brand_ids, cast([] as varchar[])) as brand_ids,
    coalesce(array_to_string(named.brand_ids, ', '), '') as brand_ids_text,
    coalesce(named.campaign_ids, cast([] as varchar[])) as campaign_ids,
    coalesce(array_to_string(named.campaign_ids, ', '), '') as campaign_ids_text
from hours
inner join boards
    on
        hours.platform = boards.platform
        and hours.board = boards.board
        and hours.activity_day = boards.activity_day
        and hours.read_hour = boards.read_hour
left join named
    on
        hours.platform = named.platform
        and named.text_key = 'topic:' || hours.topic_name
