-- One row per observation of a follow in X's answers that are being staged.
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
    case when _request.kind = 'follower' then id_of(_request.target) else id_of(id) end
        as account_id,
    case when _request.kind = 'follower' then id_of(id) else id_of(_request.target) end
        as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    case when _request.kind = 'follower' then _request.target else id end
        as account_id_text,
    case when _request.kind = 'follower' then id else _request.target end
        as follower_id_text
from raw.x_users
where _request.kind in ('follower', 'following')
