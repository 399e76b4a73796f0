-- One row per observation of a follower in Weibo's records that are being staged.
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
    id_of(root_id) as account_id,
    id_of(profile.id) as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    root_id as account_id_text,
    profile.id as follower_id_text
from raw.weibo_followers
