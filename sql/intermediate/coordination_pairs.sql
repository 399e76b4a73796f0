-- One row per pair of shares of one object by two accounts, at most $time_window
-- seconds apart, both ends included; an object shared by itself and a content paired
-- with itself are no pair (CooRTweet 2.1.3, detect_groups; `remove_loops`).
--
-- A join on pieces of time: a share meets those in its own piece and in the one
-- before, each pair once. Cost: linear in shares plus pairs; a plain join on the
-- object would be quadratic in each object's shares.
--
-- Unless $lists_all, only accounts that may have met on two objects pair: one that
-- stands behind the most popular object of either is common to them, too.
--
-- grain: object_no, account_no, account_no_y, content_no, content_no_y
-- params: $time_window, $lists_all
-- replace: once

with

quiet as not materialized (
    select
        object_no,
        account_no,
        content_no,
        shared_second,
        bucket
    from intermediate.coordination_shares
    where object_no is not null and not is_loop and not is_crowded
),

ranked as (
    select
        object_no,
        account_no,
        -- One object has one popularity, so all accounts rank objects alike.
        dense_rank() over (
            partition by account_no order by popularity desc, object_no asc
        ) as place
    from (
        select
            object_no,
            account_no,
            count(*) over (partition by object_no) as popularity
        from quiet
        where not $lists_all
    ) as shared
),

apart as (
    select distinct
        object_no,
        account_no
    from ranked
    where place > 1
),

possible as (
    select distinct
        one.account_no,
        other.account_no as account_no_y
    from apart as one
    inner join apart as other
        on
            one.object_no = other.object_no
            and one.account_no < other.account_no
),

-- Who shares one object alone meets nobody twice.
taking_part as not materialized (
    select *
    from quiet
    where $lists_all
    union all
    select quiet.*
    from quiet
    semi join apart on quiet.account_no = apart.account_no
    where not $lists_all
),

reached as (
    select
        *,
        bucket as met_bucket
    from taking_part
    union all
    select
        *,
        bucket + 1 as met_bucket
    from taking_part
),

paired as not materialized (
    select
        earlier.object_no,
        least(earlier.account_no, later.account_no) as account_no,
        greatest(earlier.account_no, later.account_no) as account_no_y,
        case
            when earlier.account_no < later.account_no then earlier.content_no
            else later.content_no
        end as content_no,
        case
            when earlier.account_no < later.account_no then later.content_no
            else earlier.content_no
        end as content_no_y,
        later.shared_second - earlier.shared_second as time_delta
    from reached as earlier
    inner join taking_part as later
        on
            earlier.object_no = later.object_no
            and earlier.met_bucket = later.bucket
    where
        later.shared_second - earlier.shared_second between 0 and $time_window
        and earlier.account_no <> later.account_no
        and coalesce(earlier.content_no <> later.content_no, true)
        -- Of two shares in the same second the smaller account is the earlier one.
        and (
            later.shared_second > earlier.shared_second
            or later.account_no > earlier.account_no
        )
)

select *
from paired
where $lists_all
union all
select paired.*
from paired
semi join possible
    on
        paired.account_no = possible.account_no
        and paired.account_no_y = possible.account_no_y
where not $lists_all
