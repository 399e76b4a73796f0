-- One row per observation of a follow in canonical tables that are being staged.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    coalesce(nullif(lower(trim(record_platform)), ''), platform) as platform,
    id_of(account_id) as account_id,
    id_of(follower_id) as follower_id,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    account_id as account_id_text,
    follower_id as follower_id_text
from raw.canonical_follows
