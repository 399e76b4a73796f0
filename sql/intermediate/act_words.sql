-- One row per text of an act or a post that verdicts look at, with its own words and
-- their number: acts of the trailing window and all of touched accounts, posts of both
-- and those that were acted on in the window. What people write by themselves counts:
-- what follows was written by others. A post is its author's whole.
-- Cost: linear in acts, of which texts are read; words are cut once a distinct text.
--
-- grain: is_post, text
-- params: $behaviour_days
-- replace: once

with

acted as (
    select interactions.text
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
    group by interactions.text
    union
    select interactions.text
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    inner join intermediate.numbered_accounts as accounts
        on
            interactions.platform = accounts.platform
            and interactions.account_id = accounts.account_id
    where
        accounts.is_touched
        and not coalesce(
            date_diff('day', interactions.date_day, last_landed.last_act_day)
            < $behaviour_days,
            false
        )
    group by interactions.text
),

published as (
    select posts.text
    from staging.posts as posts
    inner join intermediate.numbered_posts as numbered
        on posts.platform = numbered.platform and posts.post_id = numbered.post_id
    left join intermediate.numbered_accounts as accounts
        on
            posts.platform = accounts.platform
            and posts.account_id = accounts.account_id
    where numbered.is_in_window or accounts.is_touched
    group by posts.text
),

cut as (
    select
        false as is_post,
        text,
        nullif(trim(own_words(text)), '') as words
    from acted
    union all
    select
        true as is_post,
        text,
        nullif(trim(text), '') as words
    from published
),

numbered as (
    select
        words,
        cast(row_number() over (order by words) as integer) as words_no
    from cut
    where words is not null
    group by words
)

select
    cut.is_post,
    cut.text,
    cut.words,
    numbered.words_no
from cut
inner join numbered on cut.words = numbered.words
