-- One row per observation of a repost, comment or mention in Tencent Weibo's records
-- that are being staged. The platform names the root only; a repost's text tells the
-- chain as `|| @name: words`, by the name in addresses.
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
    id_of(id) as interaction_id,
    kind,
    id_of(coalesce(nullif(name, ''), nullif(openid, ''))) as account_id,
    id_of(coalesce(_request.root, source_html.id)) as root_post_id,
    name as author_name,
    time_of(timestamp, seen_at, 8) as acted_at,
    shown_words(
        coalesce(nullif(name, ''), nullif(openid, '')),
        coalesce(nullif(origtext, ''), plain_text(text)),
        status in ('1', '3')
    ) as text,
    coalesce(seen_at, time_of(timestamp, seen_at, 8)) as observed_at,
    id as interaction_id_text,
    coalesce(nullif(name, ''), nullif(openid, '')) as account_id_text,
    coalesce(_request.root, source_html.id) as root_post_id_text,
    timestamp as acted_at_text
from raw.tencent_weibo_records
where
    kind <> 'status'
    and (kind <> 'repost' or id is distinct from coalesce(_request.root, source_html.id))
