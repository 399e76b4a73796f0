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
-- Numbers stand for accounts and objects (`numbered_accounts`); each row is a content
-- of its own.
-- Cost: linear in acts, posts and follows.
--
-- grain: none
-- params: $object_kind, $behaviour_days, $time_window
-- replace: once

with

acts as not materialized (
    select *
    from intermediate.acts
    where
        is_in_window
        and kind in ('repost', 'comment')
        and precision_seconds <= greatest($time_window, 1)
),

posts as (
    select
        accounts.account_no,
        posts.links,
        posts.hashtags,
        cast(floor(epoch(posts.posted_at)) as bigint) as shared_second
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    inner join intermediate.numbered_accounts as accounts
        on
            posts.platform = accounts.platform
            and posts.account_id = accounts.account_id
    where
        posts.posted_at is not null
        and posts.precision_seconds <= greatest($time_window, 1)
        and date_diff('day', posts.date_day, last_landed.last_act_day) < $behaviour_days
),

published as (
    select
        numbered.post_no,
        cast(floor(epoch(posts.posted_at)) as bigint) as published_second
    from staging.posts as posts
    inner join intermediate.numbered_posts as numbered
        on posts.platform = numbered.platform and posts.post_id = numbered.post_id
    where posts.posted_at is not null
),

-- Who answers a comment; which comment that is stands in staging alone.
answers as (
    select
        acts.platform,
        acts.account_no,
        acts.post_no,
        acts.acted_second,
        interactions.parent_id
    from staging.interactions as interactions
    inner join intermediate.numbered_posts as posts
        on
            interactions.platform = posts.platform
            and interactions.root_post_id = posts.post_id
    inner join acts
        on
            interactions.platform = acts.platform
            and interactions.kind = acts.kind
            and posts.post_no = acts.post_no
            and interactions.interaction_id = acts.interaction_id
    where
        $object_kind = 'reply'
        and interactions.kind = 'comment'
        and interactions.parent_id <> interactions.root_post_id
),

-- Words hold what they hold whoever wrote them.
words as (
    select
        words_no,
        words
    from intermediate.act_words
    where $object_kind in ('link', 'hashtag')
    group by words_no, words
),

named_words as (
    select
        words_no,
        unnest(regexp_extract_all(words, 'https?://[0-9A-Za-z./?=&_%-]+')) as name
    from words
    where $object_kind = 'link' and contains(words, 'http')
    union all
    select
        words_no,
        unnest(regexp_extract_all(words, '#([^#]+)#', 1)) as name
    from words
    where $object_kind = 'hashtag' and contains(words, '#')
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
        followers.account_no,
        cast(floor(epoch(follows.first_observed_at)) as bigint) as read_second
    from staging.follows as follows
    inner join read_lists
        on
            follows.platform = read_lists.platform
            and follows.account_id = read_lists.account_id
    inner join intermediate.numbered_accounts as followers
        on
            follows.platform = followers.platform
            and follows.follower_id = followers.account_id
    cross join intermediate.last_landed as last_landed
    where
        -- An observation without a time stands at the beginning of time.
        read_lists.first_read_at > cast('1970-01-01' as timestamp)
        and follows.first_observed_at > read_lists.first_read_at
        and date_diff(
            'day', cast(follows.first_observed_at as date), last_landed.last_act_day
        ) < $behaviour_days
),

-- Shares of objects that have no number yet.
named as (
    select
        answers.platform || ':' || answers.parent_id as name,
        answers.account_no,
        answers.acted_second as shared_second,
        comments.acted_second as published_second
    from answers
    left join acts as comments
        on
            answers.platform = comments.platform
            and answers.post_no = comments.post_no
            and answers.parent_id = comments.interaction_id
            and comments.kind = 'comment'
    union all
    select
        name,
        account_no,
        shared_second,
        cast(null as bigint) as published_second
    from (
        select
            account_no,
            shared_second,
            unnest(links) as name
        from posts
        where $object_kind = 'link'
        union all
        select
            account_no,
            shared_second,
            unnest(hashtags) as name
        from posts
        where $object_kind = 'hashtag'
    ) as named_in_posts
    union all
    select
        named_words.name,
        acts.account_no,
        acts.acted_second as shared_second,
        cast(null as bigint) as published_second
    from acts
    inner join named_words on acts.words_no = named_words.words_no
    union all
    select
        read_second || '@' || platform || ':' || account_id as name,
        account_no,
        0 as shared_second,
        -- Two lists that were read in one second are one occasion.
        read_second as published_second
    from new_follows
),

objects as (
    select
        name,
        row_number() over (order by name) as object_id
    from named
    group by name
)

select
    cast(acts.post_no as bigint) as object_id,
    acts.account_no as account_id,
    cast(null as bigint) as content_id,
    acts.acted_second as shared_second,
    published.published_second
from acts
left join published on acts.post_no = published.post_no
where $object_kind = 'repost' and acts.kind = 'repost'
union all
select
    cast(template_no as bigint) as object_id,
    account_no as account_id,
    cast(null as bigint) as content_id,
    -- One use of a template an account.
    0 as shared_second,
    cast(null as bigint) as published_second
from intermediate.text_uses
where $object_kind = 'text'
group by template_no, account_no
union all
select
    objects.object_id,
    named.account_no as account_id,
    cast(null as bigint) as content_id,
    named.shared_second,
    named.published_second
from named
inner join objects on named.name = objects.name
