-- One row per pair of accounts that shared together: how many pairs of shares
-- (`weight`; not of objects), on how many objects, of how many contents of each.
--
-- CooRTweet's second filter: of the shares in pairs, those of accounts that have
-- at least $min_participation of them survive; a pair stays if either side does.
-- (All survive where that is one, and nothing is looked up.)
-- Cost: linear in pairs.
--
-- grain: account_no, account_no_y
-- params: $min_participation
-- replace: once

with

paired as (
    select content_no
    from intermediate.coordination_pairs
    where $min_participation > 1
    union
    select content_no_y as content_no
    from intermediate.coordination_pairs
    where $min_participation > 1
),

survivors as (
    select shares.account_no
    from intermediate.coordination_shares as shares
    inner join paired on shares.content_no = paired.content_no
    group by shares.account_no
    having count(*) >= $min_participation
),

-- A pair's own shares survive with their accounts; another account's share of the
-- same content id can save it too.
saved as (
    select distinct shares.content_no
    from intermediate.coordination_shares as shares
    inner join survivors on shares.account_no = survivors.account_no
    where shares.content_no < 0
),

kept as not materialized (
    select *
    from intermediate.coordination_pairs
    where $min_participation <= 1
    union all
    select pairs.*
    from intermediate.coordination_pairs as pairs
    left join survivors on pairs.account_no = survivors.account_no
    left join survivors as survivors_y
        on pairs.account_no_y = survivors_y.account_no
    left join saved on pairs.content_no = saved.content_no
    left join saved as saved_y on pairs.content_no_y = saved_y.content_no
    where
        $min_participation > 1
        and coalesce(
            survivors.account_no,
            survivors_y.account_no,
            saved.content_no,
            saved_y.content_no
        ) is not null
),

edges as (
    select
        account_no,
        account_no_y,
        count(*) as weight,
        cast(sum(time_delta) as bigint) as total_time_delta
    from kept
    group by account_no, account_no_y
),

-- Counting what differs is dear: only for the few that met twice.
met_again as (
    select
        kept.account_no,
        kept.account_no_y,
        count(distinct kept.object_no) as objects,
        count(distinct kept.content_no) as contents,
        count(distinct kept.content_no_y) as contents_y
    from kept
    inner join edges
        on
            kept.account_no = edges.account_no
            and kept.account_no_y = edges.account_no_y
    where edges.weight > 1
    group by kept.account_no, kept.account_no_y
)

select
    edges.account_no,
    edges.account_no_y,
    edges.weight,
    edges.total_time_delta,
    coalesce(met_again.objects, 1) as objects,
    coalesce(met_again.contents, 1) as contents,
    coalesce(met_again.contents_y, 1) as contents_y
from edges
left join met_again
    on
        edges.account_no = met_again.account_no
        and edges.account_no_y = met_again.account_no_y
