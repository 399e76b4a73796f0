-- One row per observation of an account in Threads' answers that are being staged: the
-- company's own, and whoever wrote, of whom it tells the name only.
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
    username as screen_name,
    name as display_name,
    threads_biography as description,
    unsigned(threads_profile_picture_url) as avatar_url,
    is_verified,
    cast(null as bigint) as followers_count,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    _request.user as account_id_text,
    cast(null as varchar) as followers_count_text
from raw.threads_users
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.user) as account_id,
    _request.profile.username as screen_name,
    _request.profile.name as display_name,
    _request.profile.threads_biography as description,
    unsigned(_request.profile.threads_profile_picture_url) as avatar_url,
    _request.profile.is_verified as is_verified,
    count_of(
        list_filter(data, lambda one: one.name = 'followers_count')[1].total_value.value
    ) as followers_count,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    _request.user as account_id_text,
    list_filter(data, lambda one: one.name = 'followers_count')[1].total_value.value
        as followers_count_text
from raw.threads_figures
where _request.user is not null
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.user) as account_id,
    username as screen_name,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    seen_at is not null as is_moment_told,
    _request.user as account_id_text
from raw.threads_posts
where _request.user is not null
union all by name
select
    source,
    path,
    position,
    item,
    platform,
    id_of(_request.user) as account_id,
    username as screen_name,
    coalesce(seen_at, time_of(timestamp, seen_at, 0)) as observed_at,
    seen_at is not null as is_moment_told,
    _request.user as account_id_text
from raw.threads_replies
where _request.user is not null
