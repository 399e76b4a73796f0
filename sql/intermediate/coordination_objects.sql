-- One row per object that was shared more than once, with a whole number that sorts
-- like its id. `published_second`: when it came into the world, where that is known.
-- Cost: linear in shares, plus sorting the objects.
--
-- grain: object_id
-- params: none
-- replace: once

select
    object_id,
    cast(row_number() over (order by object_id) as integer) as object_no,
    count(*) as shares,
    count(distinct account_id) as accounts,
    min(shared_second) as first_second,
    min(published_second) as published_second
from intermediate.shares
group by object_id
having count(*) > 1
