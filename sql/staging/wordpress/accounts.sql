-- One row per observation of an author in WordPress' answers that are being staged.
-- A guest who comments has no account.
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
    coalesce(_request.site || ':', '') || id_of(id) as account_id,
    article_text(name) as screen_name,
    slug as display_name,
    article_text(description) as description,
    cast(null as varchar) as location,
    cast(null as varchar) as gender,
    coalesce(avatar_urls."96", avatar_urls."48", avatar_urls."24") as avatar_url,
    cast(null as boolean) as is_verified,
    cast(null as varchar) as verified_type,
    cast(null as bigint) as followers_count,
    cast(null as bigint) as following_count,
    cast(null as bigint) as mutual_count,
    cast(null as bigint) as posts_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as level,
    cast(null as timestamp) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    cast(null as varchar) as observed_at_text,
    id as account_id_text,
    cast(null as varchar) as followers_count_text,
    cast(null as varchar) as following_count_text,
    cast(null as varchar) as mutual_count_text,
    cast(null as varchar) as posts_count_text,
    cast(null as varchar) as likes_count_text,
    cast(null as varchar) as registered_at_text
from raw.wordpress_users
