-- One row per topic and moment at which it was read on a board of hot searches; never
-- overwritten. Two readings of one moment keep the better place and the larger heat.
--
-- grain: platform, board, topic, observed_at
-- params: $time_zone
-- replace: rows platform, board, topic, observed_at
-- columns:
--   platform varchar: the network
--   board varchar: the board, as the network calls it
--   topic varchar: the words that stand on it
--   observed_at timestamp: UTC, when the board was read
--   date_day date: the day of that in the workspace's time zone
--   place bigint: its place on the board, 1 the first
--   heat bigint: how hot the network says it is
--   category varchar: what kind of topic the network says it is

with

touched as (
    select distinct
        platform,
        board,
        topic,
        observed_at
    from staging.valid_hot_topics
),

readings as (
    select
        platform,
        board,
        topic,
        observed_at,
        place,
        heat,
        category
    from staging.valid_hot_topics
    union all
    select
        hot_topics.platform,
        hot_topics.board,
        hot_topics.topic,
        hot_topics.observed_at,
        hot_topics.place,
        hot_topics.heat,
        hot_topics.category
    from staging.hot_topics as hot_topics
    inner join touched
        on
            hot_topics.platform = touched.platform
            and hot_topics.board = touched.board
            and hot_topics.topic = touched.topic
            and hot_topics.observed_at = touched.observed_at
)

select
    platform,
    board,
    topic,
    observed_at,
    cast(observed_at at time zone 'UTC' at time zone $time_zone as date) as date_day,
    min(place) as place,
    max(heat) as heat,
    max(category) as category
from readings
group by platform, board, topic, observed_at
