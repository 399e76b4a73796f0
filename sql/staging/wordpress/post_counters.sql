-- One row per snapshot of an article's number of comments in WordPress' answers
-- that are being staged: the total that a list of one article's comments states.
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
    coalesce(_request.site || ':', '') || id_of(post) as post_id,
    seen_at as observed_at,
    count_of(total) as comments_count,
    post as post_id_text,
    total as comments_count_text
from raw.wordpress_totals
