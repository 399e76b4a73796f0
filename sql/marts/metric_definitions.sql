-- What each published column means, once for all marts: made from the headers of the
-- models themselves. A column that stands in several marts is told where it is at home.
--
-- grain: metric
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   metric [id]: the column's name in the marts
--   time_axis [text]: activity day, post day, lifetime or none
--   formula [text]: how it is computed, or what it says
--   unit [text]: what one is
--   source [text]: where the definition comes from
--   caveat [text]: what it does not say; empty where nothing needs saying
--   marts [list]: the tables in which it stands
--   marts_text [text]: the same as one text

select
    metric,
    time_axis,
    formula,
    unit,
    source,
    caveat,
    marts,
    array_to_string(marts, ', ') as marts_text
from meta.metric_headers
