-- One row per action of a brand on covered days: a post of one of its accounts, the
-- reposts or the replies of an account on a day, and what its people wrote down in
-- seeds/brand_actions.csv (a promotion, an event, or whatever else has a name). An
-- action works from its first day to $action_days - 1 days after its last one.
--
-- Actions whose days overlap can't be told apart. What people wrote down is judged
-- against the brand's usual course, its usual posts included, so only another one
-- of them stands in its way; a post is confused by other posts and reposts, too, and
-- replies by everything. `episode` names the written-down actions that overlap, one
-- after the other, after the first of them; elsewhere it is the action itself.
-- Cost: linear in the brands' own acts, plus sorting them.
--
-- grain: brand_id, action_id
-- params: $action_days
-- replace: all

with

own as (
    select
        brand_accounts.brand_id,
        'post:' || posts.platform || ':' || posts.post_id as action_id,
        'post' as kind,
        posts.platform,
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
            when origin = 'written down' then 1
            when kind in ('post', 'repost') then 2
            else 3
        end as rival_class
    from actions
),

-- What begins or ends on a day, so that overlaps are counted without a join of
-- intervals: those that begin up to an action's end less those that ended before it.
marks as (
    select
        brand_id,
        rival_class,
        first_day as day,
        1 as opened,
        0 as closed
    from windows
    union all
    select
        brand_id,
        rival_class,
        cast(effect_until + interval 1 day as date) as day,
        0 as opened,
        1 as closed
    from windows
    union all
    -- A place to read the counts at.
    select
        brand_id,
        rival_class,
        effect_until as day,
        0 as opened,
        0 as closed
    from windows
),

marked_days as (
    select
        brand_id,
        day,
        sum(case when rival_class = 1 then opened else 0 end) as opened_1,
        sum(case when rival_class <= 2 then opened else 0 end) as opened_2,
        sum(opened) as opened_3,
        sum(case when rival_class = 1 then closed else 0 end) as closed_1,
        sum(case when rival_class <= 2 then closed else 0 end) as closed_2,
        sum(closed) as closed_3
    from marks
    group by brand_id, day
),

running as (
    select
        brand_id,
        day,
        sum(opened_1) over up_to_day as opened_1,
        sum(opened_2) over up_to_day as opened_2,
        sum(opened_3) over up_to_day as opened_3,
        sum(closed_1) over up_to_day as closed_1,
        sum(closed_2) over up_to_day as closed_2,
        sum(closed_3) over up_to_day as closed_3
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
            partition by brand_id, origin
            order by first_day, effect_until, action_id
            rows between unbounded preceding and current row
        ) as island
    from (
        select
            *,
            case
                when
                    first_day <= max(effect_until) over (
                        partition by brand_id, origin
                        order by first_day, effect_until, action_id
                        rows between unbounded preceding and 1 preceding
                    )
                    then 0
                else 1
            end as is_first
        from windows
    ) as begun
)

select
    islands.brand_id,
    islands.action_id,
    islands.kind,
    islands.origin,
    islands.platform,
    islands.post_id,
    islands.started_at,
    islands.first_day,
    islands.last_day,
    islands.effect_until,
    islands.acts,
    islands.note,
    case
        when islands.origin = 'written down'
            then
                min(islands.action_id) over (
                    partition by islands.brand_id, islands.origin, islands.island
                )
        else islands.action_id
    end as episode,
    cast(
        case islands.rival_class
            when 1 then until_end.opened_1 - at_start.closed_1
            when 2 then until_end.opened_2 - at_start.closed_2
            else until_end.opened_3 - at_start.closed_3
        end - 1 as bigint
    ) as overlapping
from islands
inner join running as until_end
    on
        islands.brand_id = until_end.brand_id
        and islands.effect_until = until_end.day
inner join running as at_start
    on islands.brand_id = at_start.brand_id and islands.first_day = at_start.day
