-- One row per observation of an account in what Weibo's interface for assistants
-- answered: names alone, and a picture of who writes in a super topic.
--
-- grain: none
-- params: none
-- replace: view

with

users as (
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(nullif(user.idstr, ''), user.id, _request.user) as account_id,
        user.screen_name as screen_name,
        user.avatar_large as avatar_url,
        seen_at,
        coalesce(seen_at, recorded_at) as observed_at
    from raw.weibo_assistant_statuses
    union all by name
    select
        platform,
        source,
        path,
        position,
        item,
        coalesce(nullif(user.idstr, ''), user.id) as account_id,
        user.screen_name as screen_name,
        user.avatar_large as avatar_url,
        seen_at,
        coalesce(seen_at, recorded_at) as observed_at
    from raw.weibo_assistant_comments
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(account_id) as account_id,
    screen_name,
    unsigned(avatar_url) as avatar_url,
    observed_at,
    seen_at is not null as is_moment_told,
    account_id as account_id_text
from users
where account_id is not null
