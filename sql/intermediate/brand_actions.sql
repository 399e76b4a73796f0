-- One row per action of a brand on covered days: a post of one of its accounts, the
-- reposts or the replies of its accounts on a day, and what its people wrote down in
-- seeds/brand_actions.csv (a promotion, an event, or whatever else has a name). An
-- action works from its first day to $action_days - 1 days after its last one.
--
-- `overlapping` counts what can't be told apart from it. What people wrote down and the
-- replies of a day are judged by the brand's days, its posts included, so others of
-- their own kind stand in their way, and a written-down one in that of replies; a post
-- or repost is judged by its own course, which only written-down actions change.
-- `episode` names actions of one kind whose days overlap, one after the other, after the
-- first of them; posts and reposts stand alone, and `is_alone` says that no other action
-- than replies works on their days.
-- Cost: linear in the brands' own acts, plus sorting them.
--
-- grain: brand_id, action_id
-- params: $action_days
-- replace: once

with

own as (
    select
        brand_accounts.brand_id,
        'post:' || posts.platform || ':' || posts.post_id as action_id,
        'post' as kind,
        posts.platform,
        posts.account_id,
        posts.post_id,
        posts.posted_at as started_at,
        posts.date_day as first_day,
        posts.date_day as last_day,
        1 as acts
    from staging.posts as posts
    inner join meta.brand_accounts as brand_accounts
        on
            posts.platform = brand_accounts.platform
            and posts.account_id = brand_accounts.account_id
    inner join meta.covered_days as covered_days
        on posts.date_day = covered_days.date_day
    union all
    select
        brand_accounts.brand_id,
        case interactions.kind when 'repost' then 'repost:' else 'reply:' end
        || interactions.platform || ':' || cast(interactions.date_day as varchar)
            as action_id,
        case interactions.kind when 'repost' then 'repost' else 'reply' end as kind,
        interactions.platform,
        cast(null as varchar) as account_id,
        cast(null as varchar) as post_id,
        min(interactions.acted_at) as started_at,
        interactions.date_day as first_day,
        interactions.date_day as last_day,
        count(*) as acts
    from staging.interactions as interactions
    inner join meta.brand_accounts as brand_accounts
        on
            interactions.platform = brand_accounts.platform
            and interactions.account_id = brand_accounts.account_id
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind in ('repost', 'comment')
    group by
        brand_accounts.brand_id,
        interactions.kind,
        interactions.platform,
        interactions.date_day
),

actions as (
    select
        brand_id,
        action_id,
        kind,
        'data' as origin,
        platform,
        account_id,
        post_id,
        started_at,
        first_day,
        last_day,
        acts,
        cast(null as varchar) as note
    from own
    union all
    select
        brand_id,
        action_id,
        kind,
        'written down' as origin,
        cast(null as varchar) as platform,
        cast(null as varchar) as account_id,
        cast(null as varchar) as post_id,
        started_at,
        first_day,
        last_day,
        1 as acts,
        note
    from meta.brand_actions
),

windows as (
    select
        *,
        cast(last_day + ($action_days - 1) * interval 1 day as date) as effect_until,
        case
            when origin = 'written down' then 'written'
            when kind = 'reply' then 'reply'
            else 'post'
        end as class
    from actions
),

-- What begins or ends on a day, so that overlaps are counted without a join of
-- intervals: those that begin up to an action's end less those that ended before it.
marks as (
    select
        brand_id,
        class,
        first_day as day,
        1 as opened,
        0 as closed
    from windows
    union all
    select
        brand_id,
        class,
        cast(effect_until + interval 1 day as date) as day,
        0 as opened,
        1 as closed
    from windows
    union all
    -- A place to read the counts at.
    select
        brand_id,
        class,
        effect_until as day,
        0 as opened,
        0 as closed
    from windows
),

marked_days as (
    select
        brand_id,
        day,
        sum(case when class = 'written' then opened else 0 end) as written_opened,
        sum(case when class = 'written' then closed else 0 end) as written_closed,
        sum(case when class = 'reply' then opened else 0 end) as reply_opened,
        sum(case when class = 'reply' then closed else 0 end) as reply_closed,
        sum(case when class = 'post' then opened else 0 end) as post_opened,
        sum(case when class = 'post' then closed else 0 end) as post_closed
    from marks
    group by brand_id, day
),

running as (
    select
        brand_id,
        day,
        sum(written_opened) over up_to_day as written_opened,
        sum(written_closed) over up_to_day as written_closed,
        sum(reply_opened) over up_to_day as reply_opened,
        sum(reply_closed) over up_to_day as reply_closed,
        sum(post_opened) over up_to_day as post_opened,
        sum(post_closed) over up_to_day as post_closed
    from marked_days
    window up_to_day as (
        partition by brand_id
        order by day
        rows between unbounded preceding and current row
    )
),

islands as (
    select
        *,
        sum(is_first) over (
            partition by brand_id, class
            order by first_day, effect_until, action_id
            rows between unbounded preceding and current row
        ) as island
    from (
        select
            *,
            case
                when
                    first_day <= max(effect_until) over (
                        partition by brand_id, class
                        order by first_day, effect_until, action_id
                        rows between unbounded preceding and 1 preceding
                    )
                    then 0
                else 1
            end as is_first
        from windows
    ) as begun
),

-- Actions that work on some of its days, itself among those of its class.
crowds as (
    select
        islands.*,
        until_end.written_opened - at_start.written_closed as written,
        until_end.reply_opened - at_start.reply_closed as replies,
        until_end.post_opened - at_start.post_closed as posts
    from islands
    inner join running as until_end
        on
            islands.brand_id = until_end.brand_id
            and islands.effect_until = until_end.day
    inner join running as at_start
        on islands.brand_id = at_start.brand_id and islands.first_day = at_start.day
)

select
    brand_id,
    action_id,
    kind,
    origin,
    class,
    platform,
    account_id,
    post_id,
    started_at,
    first_day,
    last_day,
    effect_until,
    acts,
    note,
    case
        when class = 'post' then action_id
        else
            min(action_id) over (
                partition by brand_id, class, island
            )
    end as episode,
    cast(
        case class
            when 'written' then written - 1
            when 'reply' then written + replies - 1
            else written
        end as bigint
    ) as overlapping,
    class = 'post' and written = 0 and posts = 1 as is_alone
from crowds
