-- One row per interaction of an account that verdicts look at, narrow: numbers stand for
-- accounts, posts and words. `is_touched`: of an account whose acts are new, which is
-- judged by all of its acts; `is_in_window`: of the trailing window, in which accounts
-- are compared with others. All that looks at acts for verdicts reads these rows.
-- Cost: linear in acts; three short joins.
--
-- grain: platform, kind, post_no, interaction_id
-- params: $behaviour_days
-- replace: once

select
    interactions.platform,
    accounts.account_no,
    interactions.kind,
    posts.post_no,
    interactions.interaction_id,
    interactions.acted_at,
    cast(floor(epoch(interactions.acted_at)) as bigint) as acted_second,
    interactions.date_day,
    interactions.precision_seconds,
    words.words_no,
    accounts.is_touched,
    coalesce(
        date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days,
        false
    ) as is_in_window
from staging.interactions as interactions
cross join intermediate.last_landed as last_landed
inner join intermediate.numbered_accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
inner join intermediate.numbered_posts as posts
    on
        interactions.platform = posts.platform
        and interactions.root_post_id = posts.post_id
left join intermediate.act_words as words
    on interactions.text = words.text and not words.is_post
where
    accounts.is_touched
    or date_diff('day', interactions.date_day, last_landed.last_act_day)
    < $behaviour_days
