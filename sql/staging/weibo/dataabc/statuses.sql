-- One row per post in weibo-crawler's records that are being staged, with those that
-- stand inside of others: its text plain, its ids without the tabulators that keep
-- spreadsheets from rounding them. `is_notice`: what stands there is the platform's word
-- that the post is gone or hidden, without author, and zeros for its counts.
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
        seen_at,
        bare(id) as status_id,
        nullif(bare(coalesce(nullif(retweet.id, ''), retweet_id)), '') as root_id,
        coalesce(nullif(user_id, ''), _file.uid) as account_id,
        coalesce(
            trim(coalesce(nullif(user_id, ''), _file.uid, user_id)) in ('', '0')
            and nullif(trim(screen_name), '') is null
            and coalesce(count_of(reposts_count), 0) = 0
            and coalesce(count_of(comments_count), 0) = 0
            and coalesce(count_of(attitudes_count), 0) = 0,
            false
        ) as is_without_author,
        nullif(screen_name, '') as author_name,
        text,
        article_url,
        pics,
        video_url,
        location,
        coalesce(nullif(full_created_at, ''), created_at) as written_at,
        source_html,
        attitudes_count,
        comments_count,
        reposts_count,
        topics,
        at_users
    from raw.weibo_dataabc_posts
    union all
    select
        platform,
        source,
        path,
        position,
        item,
        seen_at,
        bare(retweet.id) as status_id,
        cast(null as varchar) as root_id,
        retweet.user_id as account_id,
        -- For a post that is gone the crawler writes nobody, and zeros.
        coalesce(
            trim(retweet.user_id) in ('', '0')
            and nullif(trim(retweet.screen_name), '') is null
            and coalesce(count_of(retweet.reposts_count), 0) = 0
            and coalesce(count_of(retweet.comments_count), 0) = 0
            and coalesce(count_of(retweet.attitudes_count), 0) = 0,
            false
        ) as is_without_author,
        nullif(retweet.screen_name, '') as author_name,
        retweet.text as text,
        retweet.article_url as article_url,
        retweet.pics as pics,
        retweet.video_url as video_url,
        retweet.location as location,
        coalesce(nullif(retweet.full_created_at, ''), retweet.created_at)
            as written_at,
        retweet.source as source_html,
        retweet.attitudes_count as attitudes_count,
        retweet.comments_count as comments_count,
        retweet.reposts_count as reposts_count,
        retweet.topics as topics,
        retweet.at_users as at_users
    from raw.weibo_dataabc_posts
    where nullif(retweet.id, '') is not null
)

select
    *,
    time_of(written_at, seen_at, 8) as recorded_at,
    is_without_author or is_notice(account_id, text, false) as is_notice,
    -- HTML, unless the crawler was told to remove it.
    case
        when is_without_author or is_notice(account_id, text, false) then null
        when regexp_matches(text, '<(a|br|img|span)[ />]') then plain_text(text)
        else text
    end as clean_text
from statuses
