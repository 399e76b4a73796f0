select mart, key, metric, before, after, unit, currency, why
from (select 1) as always (one)
left join changes on true
order by mart, key, metric
