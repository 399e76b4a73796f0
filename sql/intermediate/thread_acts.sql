-- One row per repost or comment of the trailing window: who entered whose thread when.
-- A thread whose author is unknown has itself as its author.
-- Cost: linear in interactions.
--
-- grain: platform, account_id, thread, second
-- params: $behaviour_days
-- replace: once

select
    interactions.platform,
    interactions.account_id,
    interactions.platform || ':' || interactions.root_post_id as thread,
    coalesce(
        posts.platform || ':' || posts.account_id,
        'thread:' || interactions.platform || ':' || interactions.root_post_id
    ) as author,
    cast(floor(epoch(interactions.acted_at)) as bigint) as second
from staging.interactions as interactions
cross join intermediate.last_landed as last_landed
left join staging.posts as posts
    on
        interactions.platform = posts.platform
        and interactions.root_post_id = posts.post_id
where
    interactions.account_id is not null
    and interactions.kind in ('repost', 'comment')
    -- Of a day nobody knows who came before whom.
    and interactions.precision_seconds <= 60
    and date_diff('day', interactions.date_day, last_landed.last_act_day)
    < $behaviour_days
