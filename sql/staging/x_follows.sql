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
    coalesce(
        iso_time(_request.observed_at), source_observed_at, timestamp '1970-01-01'
    ) as observed_at
from raw.x_users
where _request.kind in ('follower', 'following')
