-- One row per text with sentences of the trailing window: a post, or the own words of a
-- repost or comment; none of these of lotteries, where everybody writes the same wishes.
--
-- `is_use`: somebody wrote it; not so a wish in a post. `is_followed`: the text is a post
-- that five accounts acted on; posts that were acted on in the window stand here however
-- old.
-- Cost: linear in posts and in acts.
--
-- grain: account_no?, kind, item_id
-- params: $behaviour_days
-- replace: once

with

acted_on as (
    select
        post_no,
        count(*) as accounts
    from (
        select
            post_no,
            account_no
        from intermediate.acts
        where is_in_window
        group by post_no, account_no
    ) as audiences
    group by post_no
    having count(*) >= 5
),

posts as (
    select
        accounts.account_no,
        posts.post_id as item_id,
        accounts.account_no is not null
        and posts.posted_at is not null
        and date_diff('day', posts.date_day, last_landed.last_act_day)
        < $behaviour_days
        and not signs.is_wish as is_use,
        acted_on.post_no is not null as is_followed,
        signs.words_no
    from staging.posts as posts
    cross join intermediate.last_landed as last_landed
    inner join intermediate.numbered_posts as numbered
        on posts.platform = numbered.platform and posts.post_id = numbered.post_id
    inner join intermediate.act_words as words
        on posts.text = words.text and words.is_post
    inner join intermediate.word_signs as signs on words.words_no = signs.words_no
    left join intermediate.numbered_accounts as accounts
        on
            posts.platform = accounts.platform
            and posts.account_id = accounts.account_id
    left join acted_on on numbered.post_no = acted_on.post_no
    where
        numbered.is_in_window
        and not coalesce(posts.is_deleted, false)
        and array_length(signs.sentences) > 0
)

select
    account_no,
    'post' as kind,
    item_id,
    is_use,
    is_followed,
    words_no
from posts
union all
select
    acts.account_no,
    acts.kind,
    acts.interaction_id as item_id,
    true as is_use,
    false as is_followed,
    acts.words_no
from intermediate.acts as acts
inner join intermediate.word_signs as signs on acts.words_no = signs.words_no
where
    acts.is_in_window
    and acts.kind in ('repost', 'comment')
    and not signs.is_wish
    and array_length(signs.sentences) > 0
