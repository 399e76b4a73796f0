-- One row per observation of a repost or comment in weibo-crawler's records that are
-- being staged: reposts among the posts of crawled users, and the tables of reposts and
-- comments. A file of comments names no accounts.
--
-- grain: none
-- params: none
-- replace: view

with

weibo_dataabc_interactions as (
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
        written_at,
        is_notice,
        clean_text as text,
        attitudes_count as likes_text,
        seen_at
    from staging.weibo_dataabc_statuses
    where root_id is not null
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        kind,
        bare(id) as interaction_id,
        user_id as account_id,
        bare(weibo_id) as root_post_id,
        case
            when kind = 'comment' and record_root_id <> id
                then nullif(record_root_id, '')
        end as parent_id,
        nullif(user_screen_name, '') as author_name,
        time_of(created_at, seen_at, 8) as acted_at,
        created_at as written_at,
        -- A table of comments names people without accounts: their words are theirs.
        nullif(trim(user_screen_name), '') is null
        and is_notice(user_id, text, false) as is_notice,
        case
            when
                nullif(trim(user_screen_name), '') is null
                and is_notice(user_id, text, false)
                then null
            when regexp_matches(text, '<(a|br|img|span)[ />]') then plain_text(text)
            else text
        end as text,
        -- The database keeps nothing for zero.
        case
            when _file.form = 'sqlite' and like_count = '' then '0' else like_count
        end as likes_text,
        seen_at
    from raw.weibo_dataabc_answers
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    id_of(parent_id) as platform_parent_id,
    author_name,
    acted_at,
    text,
    case when not is_notice then count_of(likes_text) end as likes_count,
    coalesce(seen_at, acted_at) as observed_at,
    interaction_id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    written_at as acted_at_text,
    case when not is_notice then likes_text end as likes_count_text
from weibo_dataabc_interactions
where kind <> 'repost' or interaction_id is distinct from root_post_id
