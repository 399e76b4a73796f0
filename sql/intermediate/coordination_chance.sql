-- One row per pair of accounts that met on two objects or more: how often chance
-- would have them meet, under two null models. Both are to be refuted.
--
-- `by_activity`: whom an account meets is drawn by activity. Each of its meetings is
-- with the other one in proportion to that one's shares among all (a configuration
-- model; how popular an object is stands in how many it meets there).
--
-- `by_timing`: both were to share these very objects, as eager fans of one brand do;
-- only the seconds are chance. Accounts that react a time t after an object appeared
-- differ by about t, so that a time window T meets T / t of them (a law without a
-- scale: it holds for the eager, who come in the first minute, as for the late).
-- Objects where that is more than a half tell nothing and are left out, also of the
-- `timed_objects` on which the pair met.
-- Of a small object whose publication is unknown the group itself may have made the
-- first share; there the chance is the part of its accounts' pairs that met, drawn
-- towards the same part over all small objects with the weight of fifty accounts.
--
-- Where time tells nothing, edges need not list those who met once (not $lists_all):
-- whoever shares an object meets all others there, which is counted. `by_timing` means
-- nothing there.
--
-- In whole millionths: sums of fractions would depend on their order.
-- Cost: linear in edges, plus the shares of accounts in pairs that met twice.
--
-- grain: account_no, account_no_y
-- params: $time_window, $lists_all
-- replace: once

with

edges as (
    select
        account_no,
        account_no_y,
        weight,
        objects
    from intermediate.coordination_edges
),

candidates as (
    select
        account_no,
        account_no_y,
        weight,
        objects
    from edges
    where objects >= 2
),

shares as (
    select
        object_no,
        account_no
    from intermediate.coordination_shares
    where
        not $lists_all
        and object_no is not null
        and not is_loop
        and not is_crowded
),

sharers as (
    select
        object_no,
        count(*) as accounts
    from shares
    group by object_no
),

ends as (
    select
        account_no,
        objects
    from edges
    where $lists_all
    union all
    select
        account_no_y as account_no,
        objects
    from edges
    where $lists_all
    union all
    select
        shares.account_no,
        sharers.accounts - 1 as objects
    from shares
    inner join sharers on shares.object_no = sharers.object_no
),

meetings as (
    select
        account_no,
        sum(objects) as meetings
    from ends
    group by account_no
),

totals as (
    select sum(shares) as shares
    from intermediate.coordination_accounts
),

-- On which objects the pairs met that are asked for.
met as (
    select distinct
        pairs.object_no,
        pairs.account_no,
        pairs.account_no_y
    from intermediate.coordination_pairs as pairs
    inner join candidates
        on
            pairs.account_no = candidates.account_no
            and pairs.account_no_y = candidates.account_no_y
),

small_objects as (
    select object_no
    from intermediate.coordination_objects
    where $lists_all and accounts <= 50 and published_second is null
),

met_pairs as (
    select
        object_no,
        count(*) as pairs
    from (
        select distinct
            pairs.object_no,
            pairs.account_no,
            pairs.account_no_y
        from intermediate.coordination_pairs as pairs
        inner join small_objects on pairs.object_no = small_objects.object_no
    ) as met_on_small_ones
    group by object_no
),

-- `met_pairs` of small ones.
objects as (
    select
        objects.object_no,
        coalesce(objects.published_second, objects.first_second) as appeared_second,
        small_objects.object_no is not null as is_small,
        coalesce(met_pairs.pairs, 0) as met_pairs,
        objects.accounts * (objects.accounts - 1) / 2 as all_pairs
    from intermediate.coordination_objects as objects
    left join small_objects on objects.object_no = small_objects.object_no
    left join met_pairs on objects.object_no = met_pairs.object_no
),

small_rate as (
    select sum(met_pairs) / sum(all_pairs) as rate
    from objects
    where is_small and all_pairs > 0
),

members as (
    select account_no
    from candidates
    union
    select account_no_y as account_no
    from candidates
),

took_part as (
    select
        shares.account_no,
        shares.object_no,
        count(*) as shares,
        min(shares.shared_second) as first_second
    from intermediate.coordination_shares as shares
    inner join members on shares.account_no = members.account_no
    where shares.object_no is not null and not shares.is_loop
    group by shares.account_no, shares.object_no
),

common as (
    select
        candidates.account_no,
        candidates.account_no_y,
        met.object_no is not null as is_met,
        one.shares * other.shares as ways,
        case
            when objects.is_small
                then
                    (objects.met_pairs + 1225 * small_rate.rate)
                    / (objects.all_pairs + 1225)
            else
                $time_window
                / sqrt(
                    greatest(
                        one.first_second - objects.appeared_second, $time_window, 1
                    )
                    * greatest(
                        other.first_second - objects.appeared_second, $time_window, 1
                    )
                )
        end as chance
    from candidates
    inner join took_part as one on candidates.account_no = one.account_no
    inner join took_part as other
        on
            candidates.account_no_y = other.account_no
            and one.object_no = other.object_no
    inner join objects on one.object_no = objects.object_no
    cross join small_rate
    left join met
        on
            one.object_no = met.object_no
            and candidates.account_no = met.account_no
            and candidates.account_no_y = met.account_no_y
),

by_timing as (
    select
        account_no,
        account_no_y,
        count(*) as common_objects,
        count(case when ways * chance <= 0.5 and is_met then 1 end) as timed_objects,
        sum(
            case
                when ways * chance <= 0.5
                    then cast(ceil(1000000 * ways * chance) as bigint)
                else 0
            end
        ) / 1000000 as by_timing
    from common
    group by account_no, account_no_y
)

select
    candidates.account_no,
    candidates.account_no_y,
    candidates.weight,
    candidates.objects,
    by_timing.common_objects,
    by_timing.timed_objects,
    greatest(
        meetings.meetings * accounts_y.shares, meetings_y.meetings * accounts.shares
    )
    / totals.shares as by_activity,
    by_timing.by_timing
from candidates
inner join by_timing
    on
        candidates.account_no = by_timing.account_no
        and candidates.account_no_y = by_timing.account_no_y
inner join meetings on candidates.account_no = meetings.account_no
inner join meetings as meetings_y
    on candidates.account_no_y = meetings_y.account_no
inner join intermediate.coordination_accounts as accounts
    on candidates.account_no = accounts.account_no
inner join intermediate.coordination_accounts as accounts_y
    on candidates.account_no_y = accounts_y.account_no
cross join totals
