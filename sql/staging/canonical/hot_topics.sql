-- One row per topic on a board of hot searches in canonical tables that are being staged;
-- boards show topics without the # of hashtags.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
    nullif(trim(board), '') as board,
    nullif(trim(regexp_replace(trim(topic), '^[#＃](.*)[#＃]$', '\1')), '') as topic,
    seen_at as observed_at,
    count_of(place) as place,
    count_of(heat) as heat,
    nullif(trim(category), '') as category,
    observed_at as observed_at_text,
    place as place_text,
    heat as heat_text
from raw.canonical_hot_topics
