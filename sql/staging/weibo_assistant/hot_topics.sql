-- One row per topic on a board of hot searches in what Weibo's interface for assistants
-- answered.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    platform,
    _request.board as board,
    nullif(trim(word), '') as topic,
    coalesce(seen_at, time_of(_request.call_time, seen_at, 8)) as observed_at,
    count_of(id) as place,
    count_of(num) as heat,
    nullif(cat, '') as category,
    id as place_text,
    num as heat_text
from raw.weibo_assistant_hot
