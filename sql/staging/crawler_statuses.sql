-- One row per post in weibo-crawler's records that are being staged, with those that
-- stand inside of others: its text plain, its ids without the tabulators that keep
-- spreadsheets from rounding them.
--
-- grain: none
-- params: none
-- replace: view

with

statuses as (
    select
        platform,
        source,
        path,
        position,
        item,
        source_observed_at,
        trim(id, ' ' || chr(9)) as status_id,
        nullif(
            trim(coalesce(nullif(retweet.id, ''), retweet_id), ' ' || chr(9)), ''
        ) as root_id,
        coalesce(nullif(user_id, ''), _file.uid) as account_id,
        nullif(screen_name, '') as author_name,
        text,
        article_url,
        pics,
        location,
        coalesce(nullif(full_created_at, ''), created_at) as written_at,
        source_html,
        attitudes_count,
        comments_count,
        reposts_count,
        topics,
        at_users
    from raw.crawler_posts
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        source_observed_at,
        trim(retweet.id, ' ' || chr(9)) as status_id,
        cast(null as varchar) as root_id,
        retweet.user_id as account_id,
        nullif(retweet.screen_name, '') as author_name,
        retweet.text as text,
        retweet.article_url as article_url,
        retweet.pics as pics,
        retweet.location as location,
        coalesce(nullif(retweet.full_created_at, ''), retweet.created_at)
            as written_at,
        retweet.source as source_html,
        retweet.attitudes_count as attitudes_count,
        retweet.comments_count as comments_count,
        retweet.reposts_count as reposts_count,
        retweet.topics as topics,
        retweet.at_users as at_users
    from raw.crawler_posts
    where nullif(retweet.id, '') is not null
)

select
    *,
    coalesce(weibo_time(written_at), beijing_time(written_at)) as recorded_at,
    -- HTML, unless the crawler was told to remove it.
    case
        when regexp_matches(text, '<(a|br|img|span)[ />]') then plain_text(text)
        else text
    end as clean_text
from statuses
