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
    id_of(coalesce(_request.site || ':', '') || post) as post_id,
    coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at,
    cast(null as bigint) as reposts_count,
    count_of(total) as comments_count,
    cast(null as bigint) as likes_count,
    cast(null as bigint) as reads_count
from raw.wordpress_totals
