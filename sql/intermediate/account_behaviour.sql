-- One row per account that acted: how it did so in a window of days that ends with its
-- own last act. Made anew of accounts in `meta.touched_accounts` only. Cost: linear in
-- their acts; words are compared within the window only.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: rows platform, account_id

with

last_acts as (
    select
        account_no,
        max(date_day) as last_day
    from intermediate.acts
    where is_touched
    group by account_no
),

own as (
    select
        acts.account_no,
        acts.kind,
        acts.post_no,
        acts.date_day,
        -- The platform's filler says nothing about who reposts.
        signs.words_no
    from intermediate.acts as acts
    inner join last_acts on acts.account_no = last_acts.account_no
    left join intermediate.word_signs as signs
        on acts.words_no = signs.words_no and not signs.is_filler
    where date_diff('day', acts.date_day, last_acts.last_day) < $behaviour_days
),

-- Counting what differs in two steps is quicker than in one.
totals as (
    select
        account_no,
        count(*) as acts,
        count(*) filter (where kind = 'repost') as reposts,
        count(words_no) as own_texts
    from own
    group by account_no
),

days as (
    select
        account_no,
        count(date_day) as active_days
    from (
        select
            account_no,
            date_day
        from own
        group by account_no, date_day
    ) as found
    group by account_no
),

posts as (
    select
        account_no,
        count(*) as target_posts
    from (
        select
            account_no,
            post_no
        from own
        group by account_no, post_no
    ) as found
    group by account_no
),

words as (
    select
        account_no,
        count(words_no) as distinct_own_texts
    from (
        select
            account_no,
            words_no
        from own
        group by account_no, words_no
    ) as found
    group by account_no
)

select
    accounts.platform,
    accounts.account_id,
    totals.acts,
    totals.reposts,
    days.active_days,
    posts.target_posts,
    totals.own_texts,
    words.distinct_own_texts
from totals
inner join intermediate.numbered_accounts as accounts
    on totals.account_no = accounts.account_no
inner join days on totals.account_no = days.account_no
inner join posts on totals.account_no = posts.account_no
inner join words on totals.account_no = words.account_no
