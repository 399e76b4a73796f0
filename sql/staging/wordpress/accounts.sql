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
    coalesce(avatar_urls."96", avatar_urls."48", avatar_urls."24") as avatar_url,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text
from raw.wordpress_users
