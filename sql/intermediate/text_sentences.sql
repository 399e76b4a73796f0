-- One row per sentence of a text of the trailing window: of a post, and of the own
-- words of a repost or comment.
--
-- A sentence is eight letters at least (three of an alphabet are one), up to a mark or
-- a gap that is not between words; shorter clauses go with what follows them. It stands
-- without names, topics, links, emoticons, digits, marks and the platform's own
-- phrases. `is_use`: somebody wrote it; not so in lotteries,
-- where everybody writes the same wishes. `is_followed`: the text is a post that five
-- accounts acted on; posts that were acted on in the window stand here however old.
-- Cost: linear in interactions, posts and sentences.
--
-- grain: content_id, sentence
-- params: $behaviour_days
-- replace: all

with

interactions as (
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.account_id,
        interactions.kind,
        interactions.root_post_id,
        interactions.text
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
),

acted_on as (
    select
        platform,
        root_post_id as post_id,
        count(distinct account_id) as accounts
    from interactions
    group by platform, root_post_id
),

texts as (
    select
        platform || ':' || account_id as account_id,
        kind || ':' || platform || ':' || interaction_id as content_id,
        -- The own words only: what follows was written by others.
        own_words(text) as words,
        account_id is not null as is_use,
        false as is_post,
        false as is_followed
    from interactions
    where kind in ('repost', 'comment') and length(text) >= 8
    union all
    select
        posts.platform || ':' || posts.account_id as account_id,
        'post:' || posts.platform || ':' || posts.post_id as content_id,
        posts.text as words,
        posts.account_id is not null
        and posts.posted_at is not null
        and date_diff('day', posts.date_day, last_landed.last_act_day)
        < $behaviour_days as is_use,
        true as is_post,
        coalesce(acted_on.accounts >= 5, false) as is_followed
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    left join acted_on
        on posts.platform = acted_on.platform and posts.post_id = acted_on.post_id
    where
        length(posts.text) >= 8
        and not coalesce(posts.is_deleted, false)
        and (
            acted_on.post_id is not null
            or date_diff('day', posts.date_day, last_landed.last_act_day)
            < $behaviour_days
        )
),

-- Letters, and a line end or a blank at each mark and gap. (Classes of letters within a repetition
-- would cost thirty times as much.)
clauses as (
    select
        account_id,
        content_id,
        is_use
        and not regexp_matches(
            words, '抽奖|抽到|抽中|抽我|中奖|求中|选我|好运|欧气|锦鲤|许愿'
        ) as is_use,
        is_post,
        is_followed,
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    words,
                    '(回复)?@[^\s:：,，。！!？?#\[\]()（）]+[:：]?|\[[^\]]*\]|#[^#]*#|https?://[0-9A-Za-z./?=&_%#:-]+|转发微博|轉發微博|[Rr]epost [Ww]eibo|网页链接|[^\s，。！？,!?]*的(秒拍|微博)视频|展开全文|收起全文|[，。！？；：、,.!?;:~～…]+',
                    chr(10),
                    'g'
                ),
                '[^\p{L}\s]+',
                '',
                'g'
            ),
            '([\p{Latin}\p{Cyrillic}])[ \t]+',
            '\1',
            'g'
        ) as clauses
    from texts
),

sentences as (
    select
        account_id,
        content_id,
        is_use,
        is_post,
        is_followed,
        unnest(regexp_extract_all(clauses, '(?:\s*\S){8}\S*')) as sentence
    from clauses
    where is_use or is_post
)

select distinct
    account_id,
    content_id,
    is_use,
    is_post,
    is_followed,
    regexp_replace(sentence, '\s+', '', 'g') as sentence
from sentences
where
    length(
        regexp_replace(
            regexp_replace(sentence, '\s+', '', 'g'),
            '[\p{Latin}\p{Cyrillic}]{3}',
            'x',
            'g'
        )
    )
    >= 8
