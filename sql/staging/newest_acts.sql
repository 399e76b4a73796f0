-- One row per interaction of a touched root: its newest observation. All interactions
-- of a root are looked at, because a repost that lands late can be the parent of one
-- that landed before.
--
-- grain: platform, kind, root_post_id, interaction_id
-- params: none
-- replace: view

with

touched as (
    select distinct
        platform,
        root_post_id
    from staging.valid_interactions
),

-- What stands of these roots. It is read three times, and to find it costs reading all
-- that ever landed.
older as materialized (
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.kind,
        interactions.account_id,
        interactions.root_post_id,
        interactions.platform_parent_id,
        interactions.source_parent_id,
        interactions.author_name,
        interactions.acted_at,
        interactions.precision_seconds,
        interactions.text,
        interactions.mentions,
        interactions.likes_count,
        interactions.observed_at,
        interactions.source
    from staging.interactions as interactions
    inner join touched
        on
            interactions.platform = touched.platform
            and interactions.root_post_id = touched.root_post_id
),

observations as not materialized (
    select
        platform,
        interaction_id,
        kind,
        account_id,
        root_post_id,
        platform_parent_id,
        source_parent_id,
        author_name,
        acted_at,
        precision_seconds,
        text,
        mentions,
        likes_count,
        observed_at,
        source
    from staging.valid_interactions
    union all
    select * from older
),

-- Most interactions are seen once; only the others need a choice.
repeated as (
    select
        platform,
        kind,
        root_post_id,
        interaction_id
    from observations
    group by platform, kind, root_post_id, interaction_id
    having count(*) > 1
),

-- Values break the tie of two observations of one moment, never arrival.
ranked as (
    select
        observations.*,
        row_number() over (
            partition by
                observations.platform,
                observations.kind,
                observations.root_post_id,
                observations.interaction_id
            order by
                -- A notice that it is gone takes no words and no author away.
                case
                    when observations.account_id is not null then 0
                    when observations.author_name is not null then 1
                    when observations.text is not null then 2
                    else 3
                end asc,
                -- Of words that nobody stands for, those that more people liked, and of
                -- these the first ones: a notice comes later and is liked by nobody.
                case
                    when
                        observations.account_id is null
                        and observations.author_name is null
                        then observations.likes_count
                end desc nulls last,
                case
                    when
                        observations.account_id is null
                        and observations.author_name is null
                        and observations.text is not null
                        then observations.observed_at
                end asc,
                -- Where a list of likes names no time, an action happened when it
                -- was seen: first, then; and any time of its own is better.
                case
                    when
                        observations.kind in ('like', 'repost')
                        and observations.acted_at = observations.observed_at
                        then observations.observed_at
                end asc nulls first,
                observations.observed_at desc,
                observations.account_id is null asc,
                observations.likes_count desc nulls last,
                length(observations.text) desc nulls last,
                observations.text desc nulls last,
                observations.mentions desc nulls last,
                observations.platform_parent_id desc nulls last,
                observations.source_parent_id desc nulls last,
                observations.author_name desc nulls last,
                observations.account_id desc,
                observations.precision_seconds asc nulls last,
                observations.acted_at desc,
                observations.source asc
        ) as place
    from observations
    inner join repeated
        on
            observations.platform = repeated.platform
            and observations.kind = repeated.kind
            and observations.root_post_id = repeated.root_post_id
            and observations.interaction_id = repeated.interaction_id
)

select
    observations.*,
    cast(1 as bigint) as place
from observations
anti join repeated
    on
        observations.platform = repeated.platform
        and observations.kind = repeated.kind
        and observations.root_post_id = repeated.root_post_id
        and observations.interaction_id = repeated.interaction_id
union all
select *
from ranked
where place = 1
