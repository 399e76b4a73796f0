-- One row per observation of an article in WordPress' answers that are being staged.
-- A draft, or one that waits for its time, is none yet; one in the bin or made
-- private is gone.
--
-- grain: none
-- params: none
-- replace: view

with

articles as (
    select
        *,
        concat_ws(
            chr(10),
            nullif(trim(article_text(title.rendered)), ''),
            nullif(trim(article_text(content.rendered), chr(10)), '')
        ) as clean_text,
        flatten(_embedded."wp:term") as terms
    from raw.wordpress_posts
    where
        coalesce(status, 'publish')
        in ('publish', 'private', 'trash')
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(coalesce(_request.site || ':', '') || id) as post_id,
    case
        when nullif(author, '0') is not null
            then id_of(coalesce(_request.site || ':', '') || author)
    end as account_id,
    iso_time(date_gmt) as posted_at,
    clean_text as text,
    cast(null as varchar) as client,
    cast(null as varchar) as region,
    list_sort(list_distinct(list_concat(
        regexp_extract_all(
            clean_text, 'https?://[A-Za-z0-9_./?%&=+#:~,;@!$*-]+'
        ),
        regexp_extract_all(content.rendered, '<a[^>]+href="(https?://[^"]+)"', 1)
    ))) as links,
    list_sort(list_distinct(list_concat(
        regexp_extract_all(clean_text, '#([\p{L}\p{N}_]{1,140})#?', 1),
        coalesce(
            list_transform(
                list_filter(terms, lambda term: term.taxonomy = 'post_tag'),
                lambda term: article_text(term.name)
            ),
            cast([] as varchar[])
        )
    ))) as hashtags,
    cast([] as varchar[]) as mentions,
    cast(case when featured_media <> '0' then 1 else 0 end as bigint)
    + len(regexp_extract_all(content.rendered, '<img[ />]')) as media_count,
    coalesce(status, 'publish') <> 'publish' as is_deleted,
    coalesce(iso_time(_request.observed_at), source_observed_at, iso_time(date_gmt))
        as observed_at
from articles
