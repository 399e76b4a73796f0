-- One row per observation of a follower in Tencent Weibo's lists of fans that are
-- being staged.
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
    id_of(_request.target) as account_id,
    id_of(coalesce(nullif(name, ''), nullif(openid, ''))) as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    _request.target as account_id_text,
    coalesce(nullif(name, ''), nullif(openid, '')) as follower_id_text
from raw.tencent_weibo_users
where _request.target is not null
