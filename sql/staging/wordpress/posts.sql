-- One row per observation of an article in WordPress' answers that are being staged.
-- A draft, or one that waits for its time, is none yet; one in the bin or made
-- private is gone.
--
-- grain: none
-- params: none
-- replace: view

with

-- Of an article behind a password the site shows the title only.
noticed as (
    select
        *,
        coalesce(content.protected, false)
        or is_notice(nullif(author, '0'), content.rendered, status <> 'publish')
            as is_notice
    from raw.wordpress_posts
),

articles as (
    select
        *,
        case
            when not is_notice
                then concat_ws(
                    chr(10),
                    nullif(trim(article_text(title.rendered)), ''),
                    nullif(trim(article_text(content.rendered), chr(10)), '')
                )
        end as clean_text,
        flatten(_embedded."wp:term") as terms
    from noticed
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
    coalesce(_request.site || ':', '') || id_of(id) as post_id,
    coalesce(_request.site || ':', '') || id_of(nullif(author, '0')) as account_id,
    time_of(date_gmt, seen_at, 0) as posted_at,
    clean_text as text,
    list_sort(list_distinct(list_concat(
        links_in(clean_text),
        regexp_extract_all(content.rendered, '<a[^>]+href="(https?://[^"]+)"', 1)
    ))) as links,
    list_sort(list_distinct(list_concat(
        hashtags_after_marks(clean_text),
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
    case
        when regexp_matches(content.rendered, '<video[ />]') then 'video'
        when featured_media <> '0' or regexp_matches(content.rendered, '<img[ />]')
            then 'picture'
    end as media_kind,
    is_notice or coalesce(status, 'publish') <> 'publish' as is_deleted,
    coalesce(seen_at, time_of(date_gmt, seen_at, 0)) as observed_at,
    id as post_id_text,
    nullif(author, '0') as account_id_text,
    date_gmt as posted_at_text
from articles
