-- One row per observation of a post in RenRen's answers that are being staged:
-- statuses and blogs, and shares of addresses outside of RenRen. All but statuses
-- carry their kind before the id.
--
-- grain: none
-- params: none
-- replace: view

with

written as (
    select
        platform,
        source,
        path,
        position,
        item,
        case when kind = 'blog' then 'blog:' || id_of(id) else id end as post_id,
        ownerid as account_id,
        time_of(createtime, seen_at, 8) as posted_at,
        createtime as written_at,
        -- A status is text as it was typed, a blog HTML.
        case
            when is_notice(ownerid, content, false) then null
            when kind = 'blog'
                then concat_ws(chr(10), nullif(title, ''), plain_text(content))
            else content
        end as text,
        is_notice(ownerid, content, false) as is_notice,
        seen_at
    from raw.renren_statuses
    where kind <> 'repost'
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        'share:' || id_of(id) as post_id,
        userid as account_id,
        time_of(sharetime, seen_at, 8) as posted_at,
        sharetime as written_at,
        concat_ws(chr(10), nullif(title, ''), nullif(summary, ''), nullif(url, ''))
            as text,
        false as is_notice,
        seen_at
    from raw.renren_shares
    where nullif(resourceid, '0') is null
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(post_id) as post_id,
    id_of(account_id) as account_id,
    posted_at,
    text,
    list_sort(list_distinct(links_in(text))) as links,
    list_sort(list_distinct(hashtags_within_marks(text))) as hashtags,
    list_sort(list_distinct(names_called(text))) as mentions,
    is_notice as is_deleted,
    coalesce(seen_at, posted_at) as observed_at,
    post_id as post_id_text,
    account_id as account_id_text,
    written_at as posted_at_text
from written
