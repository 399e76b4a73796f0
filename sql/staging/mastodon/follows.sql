-- One row per observation of a follow in Mastodon's answers that are being staged.
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
    of_instance(
        _request.site, case when _request.kind = 'follower' then _request.target else id end
    ) as account_id,
    of_instance(
        _request.site, case when _request.kind = 'follower' then id else _request.target end
    ) as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    case when _request.kind = 'follower' then _request.target else id end
        as account_id_text,
    case when _request.kind = 'follower' then id else _request.target end
        as follower_id_text
from raw.mastodon_accounts
where _request.kind in ('follower', 'following')
