-- One row per account that acted within ten seconds of the same other account on two
-- posts or more: how many such companions it has, and on how many posts at most.
--
-- Pairs grow with the square of a moment's acts: a post's ten seconds with more than
-- fifty acts are left out, a crowd proves nothing (CooRTweet's rule, weight two or
-- more; windows as a bucket join). Cost: at most fifty pairs an act.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: all

with

last_landed as (
    select max(date_day) as last_day
    from staging.interactions
),

acts as (
    select
        interactions.platform,
        interactions.account_id,
        interactions.root_post_id,
        cast(floor(epoch(interactions.acted_at)) as bigint) as second
    from staging.interactions as interactions
    cross join last_landed
    where
        interactions.account_id is not null
        and interactions.kind = 'repost'
        and date_diff('day', interactions.date_day, last_landed.last_day)
        < $behaviour_days
),

-- Only accounts that acted on two posts can meet somebody twice.
active as (
    select
        platform,
        account_id
    from acts
    group by platform, account_id
    having count(distinct root_post_id) >= 2
),

candidates as (
    select
        acts.platform,
        acts.account_id,
        acts.root_post_id,
        acts.second,
        cast(floor(acts.second / 10) as bigint) as bucket
    from acts
    inner join active
        on acts.platform = active.platform and acts.account_id = active.account_id
),

crowds as (
    select
        platform,
        root_post_id,
        bucket
    from candidates
    group by platform, root_post_id, bucket
    having count(*) > 50
),

quiet as (
    select candidates.*
    from candidates
    anti join crowds
        on
            candidates.platform = crowds.platform
            and candidates.root_post_id = crowds.root_post_id
            and candidates.bucket = crowds.bucket
),

reached as (
    select
        *,
        bucket as met_bucket
    from quiet
    union all
    select
        *,
        bucket + 1 as met_bucket
    from quiet
),

met as (
    select distinct
        earlier.platform,
        earlier.root_post_id,
        least(earlier.account_id, later.account_id) as account_id,
        greatest(earlier.account_id, later.account_id) as companion_id
    from reached as earlier
    inner join quiet as later
        on
            earlier.platform = later.platform
            and earlier.root_post_id = later.root_post_id
            and earlier.met_bucket = later.bucket
    where
        later.second between earlier.second and earlier.second + 10
        and earlier.account_id <> later.account_id
),

pairs as (
    select
        platform,
        account_id,
        companion_id,
        count(*) as posts
    from met
    group by platform, account_id, companion_id
    having count(*) >= 2
),

both_ways as (
    select
        platform,
        account_id,
        posts
    from pairs
    union all
    select
        platform,
        companion_id as account_id,
        posts
    from pairs
)

select
    platform,
    account_id,
    count(*) as companions,
    max(posts) as companion_posts
from both_ways
group by platform, account_id
