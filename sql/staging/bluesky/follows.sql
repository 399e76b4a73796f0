-- One row per observation of a follow in Bluesky's answers that are being staged.
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
    case when _request.kind = 'follower' then did_of(_request.target) else did_of(did) end
        as account_id,
    case when _request.kind = 'follower' then did_of(did) else did_of(_request.target) end
        as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    case when _request.kind = 'follower' then _request.target else did end
        as account_id_text,
    case when _request.kind = 'follower' then did else _request.target end
        as follower_id_text
from raw.bluesky_profiles
where _request.kind in ('follower', 'following')
