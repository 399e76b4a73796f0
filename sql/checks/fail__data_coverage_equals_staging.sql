-- Bad rows: a platform whose coverage doesn't count every staged row once.
--
-- grain: platform
-- params: none

with

stated as (
    select
        platform,
        sum(collected) as collected
    from marts.data_coverage
    group by platform
),

staged as (
    select
        platform,
        count(*) as collected
    from (
        select platform
        from staging.interactions
        union all
        select platform
        from staging.posts
    ) as records
    group by platform
)

select staged.platform
from staged
left join stated on staged.platform = stated.platform
where coalesce(stated.collected, 0) <> staged.collected
