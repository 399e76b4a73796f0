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
        _request.root as root,
        _request.observed_at as answered_at,
        source_observed_at,
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
                then 'retweet-' || reference.id || '-' || author_id
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
        iso_time(created_at) as acted_at,
        -- A retweet's text is that of the tweet it shows.
        case when reference.type <> 'retweeted' then plain_text(text) end as text,
        case when reference.type <> 'retweeted' then count_of(like_count) end
            as likes_count,
        coalesce(iso_time(answered_at), source_observed_at, iso_time(created_at))
            as observed_at
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
        _request.kind || '-' || _request.target || '-' || id as interaction_id,
        case when _request.kind = 'like' then 'like' else 'repost' end as kind,
        id as account_id,
        case
            when _request.kind = 'retweet'
                then coalesce(_request.root, _request.target)
            else _request.target
        end as root_post_id,
        case when _request.kind = 'retweet' then _request.target end as parent_id,
        coalesce(iso_time(_request.observed_at), source_observed_at) as observed_at
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
    cast(null as varchar) as source_parent_id,
    cast(null as varchar) as author_name,
    acted_at,
    text,
    likes_count,
    observed_at
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
    cast(null as varchar) as source_parent_id,
    cast(null as varchar) as author_name,
    observed_at as acted_at,
    cast(null as varchar) as text,
    cast(null as bigint) as likes_count,
    observed_at
from lists
