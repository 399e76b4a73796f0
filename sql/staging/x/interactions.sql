-- One row per observation of a repost, comment or like in X's answers that are
-- being staged: retweets and quotes are reposts, replies are comments.
--
-- An account retweets a tweet once, and the list of who did names no tweet of
-- theirs, so a retweet is called by what it shows and who did it. Who likes or
-- retweets stands in such lists without a time: that is the time it was seen.
--
-- grain: none
-- params: none
-- replace: view

with

referring as (
    select
        platform,
        source,
        path,
        position,
        item,
        id,
        author_id,
        conversation_id,
        created_at,
        coalesce(note_tweet.text, text) as text,
        public_metrics.like_count as like_count,
        withheld.scope as withheld_scope,
        _request.root as root,
        seen_at,
        unnest(referenced_tweets) as reference
    from raw.x_tweets
    where len(referenced_tweets) > 0
),

tweets as (
    select
        platform,
        source,
        path,
        position,
        item,
        case
            when reference.type = 'retweeted' and author_id is not null
                then 'retweet-' || id_of(reference.id) || '-' || id_of(author_id)
            else id
        end as interaction_id,
        case when reference.type = 'replied_to' then 'comment' else 'repost' end
            as kind,
        author_id as account_id,
        case
            when reference.type = 'replied_to'
                then coalesce(conversation_id, reference.id)
            else coalesce(root, reference.id)
        end as root_post_id,
        reference.id as parent_id,
        time_of(created_at, seen_at, 0) as acted_at,
        created_at,
        id,
        -- A retweet's text is that of the tweet it shows.
        case
            when
                reference.type <> 'retweeted'
                and not is_notice(author_id, text, withheld_scope is not null)
                then plain_text(text)
        end as text,
        case when reference.type <> 'retweeted' then like_count end as likes_text,
        coalesce(seen_at, time_of(created_at, seen_at, 0)) as observed_at
    from referring
    where reference.type in ('retweeted', 'quoted', 'replied_to')
),

lists as (
    select
        platform,
        source,
        path,
        position,
        item,
        _request.kind || '-' || id_of(_request.target) || '-' || id_of(id) as interaction_id,
        case when _request.kind = 'like' then 'like' else 'repost' end as kind,
        id as account_id,
        case
            when _request.kind = 'retweet'
                then coalesce(_request.root, _request.target)
            else _request.target
        end as root_post_id,
        case when _request.kind = 'retweet' then _request.target end as parent_id,
        seen_at as observed_at
    from raw.x_users
    where _request.kind in ('like', 'retweet')
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    id_of(parent_id) as platform_parent_id,
    acted_at,
    text,
    count_of(likes_text) as likes_count,
    observed_at,
    id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    created_at as acted_at_text,
    likes_text as likes_count_text
from tweets
union all
select
    source,
    path,
    position,
    item,
    platform,
    id_of(interaction_id) as interaction_id,
    kind,
    id_of(account_id) as account_id,
    id_of(root_post_id) as root_post_id,
    id_of(parent_id) as platform_parent_id,
    observed_at as acted_at,
    cast(null as varchar) as text,
    cast(null as bigint) as likes_count,
    observed_at,
    account_id as interaction_id_text,
    account_id as account_id_text,
    root_post_id as root_post_id_text,
    cast(null as varchar) as acted_at_text,
    cast(null as varchar) as likes_count_text
from lists
