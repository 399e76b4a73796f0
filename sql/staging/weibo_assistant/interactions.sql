-- One row per observation of a comment in what Weibo's interface for assistants
-- answered. Below another one it stands under the first of its branch, where nothing
-- tells whom it answers.
--
-- grain: none
-- params: none
-- replace: view

with

comments as (
    select
        *,
        coalesce(nullif(idstr, ''), id) as comment_id,
        coalesce(nullif(user.idstr, ''), user.id) as author_id
    from raw.weibo_assistant_comments
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(comment_id) as interaction_id,
    'comment' as kind,
    id_of(author_id) as account_id,
    id_of(_request.root) as root_post_id,
    id_of(nullif(
        coalesce(
            nullif(reply_comment.idstr, ''), reply_comment.id, _request.parent, rootid
        ),
        comment_id
    )) as platform_parent_id,
    user.screen_name as author_name,
    recorded_at as acted_at,
    shown_words(author_id, text, is_notice(author_id, text, false)) as text,
    count_of(like_count) as likes_count,
    coalesce(seen_at, recorded_at) as observed_at,
    comment_id as interaction_id_text,
    author_id as account_id_text,
    _request.root as root_post_id_text,
    created_at as acted_at_text,
    like_count as likes_count_text
from comments
