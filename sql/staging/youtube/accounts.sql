-- One row per observation of a channel in YouTube's answers that are being staged: those
-- asked for, and those that commented. Numbers of subscribers are rounded to three
-- digits by YouTube, and hidden by some.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.user) as account_id,
    _request.author_name as screen_name,
    snippet.title as display_name,
    snippet.description as description,
    snippet.country as location,
    snippet.thumbnails."default".url as avatar_url,
    case
        when not coalesce(statistics.hiddensubscribercount, false)
            then count_of(statistics.subscribercount)
    end as followers_count,
    count_of(statistics.videocount) as posts_count,
    time_of(snippet.publishedat, cast(null as timestamp), 0) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    case
        when not coalesce(statistics.hiddensubscribercount, false)
            then statistics.subscribercount
    end as followers_count_text,
    statistics.videocount as posts_count_text,
    snippet.publishedat as registered_at_text
from raw.youtube_channels
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.user) as account_id,
    _request.author_name as screen_name,
    snippet.authorprofileimageurl as avatar_url,
    coalesce(seen_at, time_of(snippet.publishedat, seen_at, 0)) as observed_at,
    seen_at is not null as is_moment_told,
    _request.user as account_id_text
from raw.youtube_comments
where _request.user is not null
