-- What a column of a mart means there: made from the headers of the models themselves.
-- One name may stand for different quantities in two marts; each row says which.
--
-- grain: mart, column_name
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   mart [text]: the table
--   column_name [text]: the column's name in it
--   role [text]: key (with the table's other keys it tells a row from all others), dimension (to group and filter by), measure, or older name (of the column that formula names)
--   key [text]: primary (with the table's other ones it tells a row from all others), foreign (it leads to a row of the table that references_text names) or both; empty: neither
--   references_text [text]: the table and column that a foreign key leads to
--   additivity [text]: the table's keys over which a measure may be added up; none: over none (people, rates, bounds, estimates of a whole)
--   time_axis [text]: activity day, post day, lifetime or none
--   formula [text]: how it is computed, or what it says
--   unit [text]: what one is
--   source [text]: where the definition comes from
--   caveat [text]: what it does not say; empty where nothing needs saying
--   same_in_text [text]: other tables in which a column of this name is the same quantity
--   differs_in_text [text]: other tables in which a column of this name is another quantity

select
    mart,
    column_name,
    role,
    key,
    references_text,
    additivity,
    time_axis,
    formula,
    unit,
    source,
    caveat,
    same_in_text,
    differs_in_text
from meta.metric_headers
