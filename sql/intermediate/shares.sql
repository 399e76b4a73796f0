-- One row per act of an account on a shared object of one kind, in the trailing
-- window: what coordination is looked for in.
--
-- $object_kind is one of: `repost` (the reposted post), `reply` (the comment that is
-- answered), `link` and `hashtag` (in a post, or in an interaction's own words), `text`
-- (a template that sentences of `text_uses` are alike to, once an account), and `follow`
-- (an account at the reading of its followers that showed the act first; whom the first
-- reading of a list shows has followed since who knows when).
-- An act whose time its source tells less precisely than the window (a day, a minute, when
-- a list was read) is left out: many would stand on one second.
-- Objects of several networks are one where they are the same link, topic or words.
-- Cost: linear in interactions, posts and follows.
--
-- grain: object_id, account_id, content_id, shared_second
-- params: $object_kind, $behaviour_days, $time_window
-- replace: once

with

interactions as (
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.platform || ':' || interactions.account_id as account_id,
        interactions.kind || ':' || interactions.interaction_id as content_id,
        interactions.kind,
        interactions.root_post_id,
        interactions.parent_id,
        -- The own words only: what follows was written by others.
        own_words(interactions.text) as words,
        cast(floor(epoch(interactions.acted_at)) as bigint) as shared_second
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        interactions.account_id is not null
        and interactions.kind in ('repost', 'comment')
        and interactions.precision_seconds <= greatest($time_window, 1)
        and date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
),

posts as (
    select
        posts.platform,
        posts.platform || ':' || posts.account_id as account_id,
        'post:' || posts.post_id as content_id,
        posts.links,
        posts.hashtags,
        cast(floor(epoch(posts.posted_at)) as bigint) as shared_second
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    where
        posts.account_id is not null
        and posts.posted_at is not null
        and posts.precision_seconds <= greatest($time_window, 1)
        and date_diff('day', posts.date_day, last_landed.last_act_day) < $behaviour_days
),

published as (
    select
        platform,
        post_id,
        cast(floor(epoch(posted_at)) as bigint) as published_second
    from staging.posts
    where posted_at is not null
),

read_lists as (
    select
        platform,
        account_id,
        min(first_observed_at) as first_read_at
    from staging.follows
    where $object_kind = 'follow'
    group by platform, account_id
),

new_follows as (
    select
        follows.platform,
        follows.account_id,
        follows.follower_id,
        cast(floor(epoch(follows.first_observed_at)) as bigint) as read_second
    from staging.follows as follows
    inner join read_lists
        on
            follows.platform = read_lists.platform
            and follows.account_id = read_lists.account_id
    cross join intermediate.last_landed as last_landed
    where
        -- An observation without a time stands at the beginning of time.
        read_lists.first_read_at > cast('1970-01-01' as timestamp)
        and follows.first_observed_at > read_lists.first_read_at
        and date_diff(
            'day', cast(follows.first_observed_at as date), last_landed.last_act_day
        ) < $behaviour_days
)

select
    interactions.platform || ':' || interactions.root_post_id as object_id,
    interactions.account_id,
    interactions.content_id,
    interactions.shared_second,
    published.published_second
from interactions
left join published
    on
        interactions.platform = published.platform
        and interactions.root_post_id = published.post_id
where $object_kind = 'repost' and interactions.kind = 'repost'
union all
select
    replies.platform || ':' || replies.parent_id as object_id,
    replies.account_id,
    replies.content_id,
    replies.shared_second,
    comments.shared_second as published_second
from interactions as replies
left join interactions as comments
    on
        replies.platform = comments.platform
        and replies.root_post_id = comments.root_post_id
        and replies.parent_id = comments.interaction_id
        and comments.kind = 'comment'
where
    $object_kind = 'reply'
    and replies.kind = 'comment'
    and replies.parent_id is not null
    and replies.parent_id <> replies.root_post_id
union all
select
    link as object_id,
    account_id,
    content_id,
    shared_second,
    cast(null as bigint) as published_second
from (
    select
        account_id,
        content_id,
        shared_second,
        unnest(links) as link
    from posts
    union all
    select
        account_id,
        content_id,
        shared_second,
        unnest(regexp_extract_all(words, 'https?://[0-9A-Za-z./?=&_%-]+')) as link
    from interactions
    where $object_kind = 'link' and contains(words, 'http')
) as linked
where $object_kind = 'link'
union all
select
    hashtag as object_id,
    account_id,
    content_id,
    shared_second,
    cast(null as bigint) as published_second
from (
    select
        account_id,
        content_id,
        shared_second,
        unnest(hashtags) as hashtag
    from posts
    union all
    select
        account_id,
        content_id,
        shared_second,
        unnest(regexp_extract_all(words, '#([^#]+)#', 1)) as hashtag
    from interactions
    where $object_kind = 'hashtag' and contains(words, '#')
) as tagged
where $object_kind = 'hashtag'
union all
select
    template as object_id,
    account_id,
    -- One use of a template an account; never the template itself.
    account_id || ':' || template as content_id,
    0 as shared_second,
    cast(null as bigint) as published_second
from intermediate.text_uses
where $object_kind = 'text'
group by template, account_id
union all
select
    read_second || '@' || platform || ':' || account_id as object_id,
    platform || ':' || follower_id as account_id,
    'follow:' || follower_id || '@' || platform || ':' || account_id as content_id,
    0 as shared_second,
    cast(null as bigint) as published_second
from new_follows
where $object_kind = 'follow'
