-- One row per pair of accounts that met on two text templates or more and did so in two
-- texts each: who copies one long text shares many sentences, but acted once.
-- Cost: linear in pairs and uses.
--
-- grain: account_no, account_no_y
-- params: none
-- replace: once

with

-- Two texts are told by the first and the last: not all of them need be counted.
used as (
    select
        accounts.account_no,
        objects.object_no,
        min(uses.content_id) as first_content_id,
        max(uses.content_id) as last_content_id
    from intermediate.text_uses as uses
    inner join intermediate.coordination_accounts as accounts
        on uses.account_no = accounts.account_id
    inner join intermediate.coordination_objects as objects
        on uses.template_no = objects.object_id
    group by accounts.account_no, objects.object_no
)

select
    chance.account_no,
    chance.account_no_y
from intermediate.coordination_chance as chance
inner join intermediate.coordination_pairs as pairs
    on
        chance.account_no = pairs.account_no
        and chance.account_no_y = pairs.account_no_y
inner join used as one
    on pairs.account_no = one.account_no and pairs.object_no = one.object_no
inner join used as other
    on pairs.account_no_y = other.account_no and pairs.object_no = other.object_no
group by chance.account_no, chance.account_no_y
having
    min(one.first_content_id) < max(one.last_content_id)
    and min(other.first_content_id) < max(other.last_content_id)
