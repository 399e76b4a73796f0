-- One row per observation of a comment in WordPress' answers that are being staged.
-- Another site's link to a post (pingback, trackback) is a mention. What waits for
-- approval, is spam or in the bin, is nothing that readers see.
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
    id_of(coalesce(_request.site || ':', '') || id) as interaction_id,
    case when type in ('pingback', 'trackback') then 'mention' else 'comment' end
        as kind,
    -- Guests have author 0: a name that anybody may type, and no account.
    id_of(coalesce(_request.site || ':', '') || nullif(author, '0')) as account_id,
    id_of(coalesce(_request.site || ':', '') || post) as root_post_id,
    id_of(coalesce(_request.site || ':', '') || nullif(parent, '0')) as platform_parent_id,
    cast(null as varchar) as source_parent_id,
    article_text(author_name) as author_name,
    iso_time(date_gmt) as acted_at,
    trim(article_text(content.rendered), chr(10)) as text,
    cast(null as bigint) as likes_count,
    coalesce(iso_time(_request.observed_at), source_observed_at, iso_time(date_gmt))
        as observed_at
from raw.wordpress_comments
where coalesce(status, 'approved') in ('approved', 'approve', '1')
