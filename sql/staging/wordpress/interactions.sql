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
    coalesce(_request.site || ':', '') || id_of(id) as interaction_id,
    case when type in ('pingback', 'trackback') then 'mention' else 'comment' end
        as kind,
    -- Guests have author 0: a name that anybody may type, and no account.
    coalesce(_request.site || ':', '') || id_of(nullif(author, '0')) as account_id,
    coalesce(_request.site || ':', '') || id_of(post) as root_post_id,
    coalesce(_request.site || ':', '') || id_of(nullif(parent, '0')) as platform_parent_id,
    article_text(author_name) as author_name,
    time_of(date_gmt, seen_at, 0) as acted_at,
    -- Guests have no account, but a name: their words are their own.
    case
        when
            not is_notice(
                coalesce(nullif(author, '0'), nullif(author_name, '')),
                content.rendered,
                false
            )
            then trim(article_text(content.rendered), chr(10))
    end as text,
    coalesce(seen_at, time_of(date_gmt, seen_at, 0)) as observed_at,
    id as interaction_id_text,
    nullif(author, '0') as account_id_text,
    post as root_post_id_text,
    date_gmt as acted_at_text
from raw.wordpress_comments
where coalesce(status, 'approved') in ('approved', 'approve', '1')
