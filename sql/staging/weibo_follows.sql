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
    root_id as account_id,
    id_of(profile.id) as follower_id,
    coalesce(source_observed_at, timestamp '1970-01-01') as observed_at
from raw.weibo_followers
