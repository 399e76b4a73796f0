-- One row per act of an account on a shared object of one kind, in the trailing
-- window: what coordination is looked for in.
--
-- $object_kind is one of: `repost` (the reposted post), `reply` (the comment that is
-- answered), `link` and `hashtag` (in a post, or in an interaction's own words), and
-- `text` (a sentence of eight letters or more, without names, topics, links,
-- emoticons, digits and marks, once an account: near-duplicates share sentences
-- whatever their order). Sentences that stand in a post that was collected are the
-- campaign's own words, and those of people in lotteries are everybody's: left out.
-- Objects of several networks are one where they are the same link, topic or words.
-- Cost: linear in interactions, posts and sentences.
--
-- grain: object_id, account_id, content_id, shared_second
-- params: $object_kind, $behaviour_days
-- replace: all

with

last_landed as (
    select max(date_day) as last_day
    from staging.interactions
),

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
        split_part(interactions.text, '//@', 1) as words,
        cast(floor(epoch(interactions.acted_at)) as bigint) as shared_second
    from staging.interactions as interactions
    cross join last_landed
    where
        interactions.account_id is not null
        and interactions.kind in ('repost', 'comment')
        and date_diff('day', interactions.date_day, last_landed.last_day)
        < $behaviour_days
),

posts as (
    select
        posts.platform,
        posts.platform || ':' || posts.account_id as account_id,
        'post:' || posts.post_id as content_id,
        posts.links,
        posts.hashtags,
        posts.text,
        cast(floor(epoch(posts.posted_at)) as bigint) as shared_second
    from staging.posts as posts
    cross join last_landed
    where
        posts.account_id is not null
        and posts.posted_at is not null
        and date_diff('day', posts.date_day, last_landed.last_day) < $behaviour_days
),

published as (
    select
        platform,
        post_id,
        cast(floor(epoch(posted_at)) as bigint) as published_second
    from staging.posts
    where posted_at is not null
),

sentences as (
    select
        account_id,
        words,
        unnest(
            string_split_regex(
                regexp_replace(
                    words,
                    '^回复@[^:：]*[:：]|\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+',
                    '',
                    'g'
                ),
                '[，。！？；：、,.!?;:~～…\s]+'
            )
        ) as sentence
    from interactions
    where
        $object_kind = 'text'
        and length(words) >= 8
        and not regexp_matches(
            words, '抽奖|抽到|抽中|抽我|中奖|求中|选我|好运|欧气|锦鲤|许愿'
        )
),

letters as (
    select
        account_id,
        regexp_replace(sentence, '[^\p{L}]', '', 'g') as sentence
    from sentences
),

quoted as (
    select distinct
        regexp_replace(
            unnest(string_split_regex(text, '[，。！？；：、,.!?;:~～…\s]+')),
            '[^\p{L}]',
            '',
            'g'
        ) as sentence
    from posts
    where $object_kind = 'text'
),

written as (
    select distinct
        letters.account_id,
        letters.sentence
    from letters
    left join quoted on letters.sentence = quoted.sentence
    where length(letters.sentence) >= 8 and quoted.sentence is null
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
    sentence as object_id,
    account_id,
    -- One use of a sentence an account; never the sentence itself.
    account_id || ':' || sentence as content_id,
    0 as shared_second,
    cast(null as bigint) as published_second
from written
