-- One row per repost or comment of the trailing window: who entered whose thread when.
-- A thread whose author is unknown has itself as its author.
-- Cost: linear in interactions.
--
-- grain: platform, account_id, thread, second
-- params: none
-- replace: once

with

threads as (
    select
        numbered.post_no,
        numbered.platform || ':' || numbered.post_id as thread,
        coalesce(
            posts.platform || ':' || posts.account_id,
            'thread:' || numbered.platform || ':' || numbered.post_id
        ) as author
    from intermediate.numbered_posts as numbered
    left join staging.posts as posts
        on numbered.platform = posts.platform and numbered.post_id = posts.post_id
)

select
    accounts.platform,
    accounts.account_id,
    threads.thread,
    threads.author,
    acts.acted_second as second
from intermediate.acts as acts
inner join intermediate.numbered_accounts as accounts
    on acts.account_no = accounts.account_no
inner join threads on acts.post_no = threads.post_no
where
    acts.is_in_window
    and acts.kind in ('repost', 'comment')
    -- Of a day nobody knows who came before whom.
    and acts.precision_seconds <= 60
