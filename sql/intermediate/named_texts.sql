-- One row per text that may hold a keyword or hashtag of a brand or campaign: a post, a
-- topic of hot searches, or a repost, comment or link on covered days, reduced to its author's own words
-- (before the chain of reposts), without the names called in it and without links.
-- What `text_names` makes of it is exact; this only passes over all other texts.
--
-- `text_key` is the text: a repost or link that is a post of its own stands once, also
-- where two threads list it.
-- Cost: one pattern over each text, the rest for those that match.
--
-- grain: platform, text_key
-- params: $post_names, $interaction_names
-- replace: once

with

interactions as (
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.kind,
        interactions.text
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind in ('repost', 'comment', 'mention')
),

texts as (
    select
        platform,
        'post:' || post_id as text_key,
        post_id,
        own_words(text) as own,
        hashtags,
        mentions
    from staging.posts
    where
        regexp_matches(
            concat_ws(
                chr(10),
                text,
                array_to_string(hashtags, chr(10)),
                array_to_string(mentions, chr(10))
            ),
            $post_names
        )
    union all
    select
        platform,
        case when kind = 'comment' or mentions_are_comments(platform) then 'comment:' else 'post:' end
        || interaction_id as text_key,
        cast(null as varchar) as post_id,
        own_words(text) as own,
        cast([] as varchar[]) as hashtags,
        cast([] as varchar[]) as mentions
    from interactions
    where regexp_matches(text, $interaction_names)
    union all
    select distinct
        platform,
        'topic:' || topic as text_key,
        cast(null as varchar) as post_id,
        topic as own,
        [topic] as hashtags,
        cast([] as varchar[]) as mentions
    from staging.hot_topics
    where regexp_matches(topic, $post_names)
),

-- The post is the fuller record of a text that stands among interactions, too.
ranked as (
    select
        *,
        row_number() over (
            partition by platform, text_key
            order by
                post_id asc nulls last,
                length(own) desc nulls last,
                own asc nulls last
        ) as place
    from texts
),

bare as (
    select
        platform,
        text_key,
        post_id,
        -- A line stands where a name or link was, so that its neighbours don't meet.
        regexp_replace(
            own,
            'https?://[A-Za-z0-9_./?%&=+#:~,;@!$*-]+|[@＠][-\p{L}\p{N}_·]+',
            chr(10),
            'g'
        ) as words,
        hashtags,
        mentions
    from ranked
    where place = 1
)

select
    platform,
    text_key,
    post_id,
    words,
    list_sort(list_distinct(list_concat(
        coalesce(hashtags, cast([] as varchar[])),
        -- One mark on networks whose hashtags end with the word, two elsewhere.
        case
            when words is null then cast([] as varchar[])
            when hashtags_end_with_the_word(platform)
                then regexp_extract_all(words, '[#＃]([\p{L}\p{N}_·・]+)', 1)
            else regexp_extract_all(words, '[#＃]([^#＃\n]{1,140})[#＃]', 1)
        end
    ))) as hashtags,
    coalesce(mentions, cast([] as varchar[])) as mentions
from bare
