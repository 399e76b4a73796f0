-- One row per share by an account that takes part, in whole numbers: joins and groups
-- over millions of shares are several times faster on them. Rows of one content id
-- have one number, below zero where there are several; null: a content of its own.
-- (Nobody asks for the number then but where $min_participation is above one.)
--
-- `object_no` is null for an object that nobody else shared. `is_crowded`: more than
-- $max_burst shares of its object stand in its own piece of time of $time_window
-- seconds; pairs grow with the square of a moment's shares, and a crowd proves nothing.
-- Cost: linear in shares, plus one sort.
--
-- grain: content_no, object_no, account_no, shared_second
-- params: $time_window, $max_burst
-- replace: once

with

repeated as (
    select
        content_id,
        -row_number() over (order by content_id) as content_no
    from intermediate.shares
    where content_id is not null
    group by content_id
    having count(*) > 1
),

coded as (
    select
        objects.object_no,
        accounts.account_no,
        shares.content_id,
        coalesce(shares.object_id = shares.content_id, false) as is_loop,
        shares.shared_second,
        cast(
            floor(shares.shared_second / greatest($time_window, 1)) as bigint
        ) as bucket
    from intermediate.shares as shares
    inner join intermediate.coordination_accounts as accounts
        on shares.account_id = accounts.account_id
    left join intermediate.coordination_objects as objects
        on shares.object_id = objects.object_id
),

crowds as (
    select
        object_no,
        bucket
    from coded
    where object_no is not null
    group by object_no, bucket
    having count(*) > $max_burst
),

numbered as (
    select
        coded.object_no,
        coded.account_no,
        coalesce(
            repeated.content_no,
            row_number() over (
                order by
                    coded.object_no,
                    coded.account_no,
                    coded.shared_second,
                    coded.content_id
            )
        ) as content_no,
        coded.is_loop,
        coded.shared_second,
        coded.bucket
    from coded
    left join repeated on coded.content_id = repeated.content_id
    where coded.content_id is not null
    union all
    select
        object_no,
        account_no,
        cast(null as bigint) as content_no,
        is_loop,
        shared_second,
        bucket
    from coded
    where content_id is null
)

select
    numbered.object_no,
    numbered.account_no,
    numbered.content_no,
    numbered.is_loop,
    numbered.shared_second,
    numbered.bucket,
    crowds.bucket is not null as is_crowded
from numbered
left join crowds
    on numbered.object_no = crowds.object_no and numbered.bucket = crowds.bucket
