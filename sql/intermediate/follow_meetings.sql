-- One row per pair of accounts that began to follow the same accounts at two readings of
-- followers or more: who enters one raffle follows all of its hosts, but acted once.
-- Cost: linear in pairs.
--
-- grain: account_no, account_no_y
-- params: none
-- replace: once

select
    chance.account_no,
    chance.account_no_y
from intermediate.coordination_chance as chance
inner join intermediate.coordination_pairs as pairs
    on
        chance.account_no = pairs.account_no
        and chance.account_no_y = pairs.account_no_y
inner join intermediate.coordination_objects as objects
    on pairs.object_no = objects.object_no
group by chance.account_no, chance.account_no_y
having
    min(objects.published_second) < max(objects.published_second)
