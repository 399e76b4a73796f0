-- One row per observation of a repost or comment in weibo-crawler's records that are
-- being staged: reposts among the posts of crawled users, and the tables of reposts and
-- comments. A file of comments names no accounts.
--
-- grain: none
-- params: none
-- replace: view

with

crawler_interactions as (
    select
        platform,
        source,
        path,
        position,
        item,
        'repost' as kind,
        status_id as interaction_id,
        account_id,
        root_id as root_post_id,
        cast(null as varchar) as parent_id,
        author_name,
        recorded_at as acted_at,
        clean_text as text,
        count_of(attitudes_count) as likes_count,
        source_observed_at
    from staging.crawler_statuses
    where root_id is not null
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        kind,
        trim(id, ' ' || chr(9)) as interaction_id,
        user_id as account_id,
        trim(weibo_id, ' ' || chr(9)) as root_post_id,
        case
            when kind = 'comment' and record_root_id <> id
                then nullif(record_root_id, '')
        end as parent_id,
        nullif(user_screen_name, '') as author_name,
        coalesce(weibo_time(created_at), beijing_time(created_at)) as acted_at,
        case
            when regexp_matches(text, '<(a|br|img|span)[ />]') then plain_text(text)
            else text
        end as text,
        -- The database keeps nothing for zero.
        case
            when _file.form = 'sqlite' and like_count = '' then 0
            else count_of(like_count)
        end as likes_count,
        source_observed_at
    from raw.crawler_answers
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(nullif(trim(account_id), '')) as account_id,
    id_of(root_post_id) as root_post_id,
    id_of(parent_id) as platform_parent_id,
    cast(null as varchar) as source_parent_id,
    author_name,
    acted_at,
    text,
    likes_count,
    coalesce(source_observed_at, acted_at) as observed_at
from crawler_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
