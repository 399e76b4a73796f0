-- One row per account that acted within ten seconds of the same other accounts on
-- more posts than chance explains: how many such companions, on how many posts at most.
--
-- Pairs grow with the square of a moment's acts: a post's ten seconds with more than
-- fifty acts are left out, a crowd proves nothing (CooRTweet's rule, weight two or
-- more; windows as a bucket join). Cost: at most fifty pairs an act.
--
-- Fans who all repost within the hour meet again by chance. An account's meetings on
-- a post, divided by the post's accounts, are the chance of meeting any one of them;
-- summed over its posts they are the mean of a Poisson law for how often it meets the
-- same one. A companion counts where five times as many accounts were met so often
-- as that law gives (factorials by Stirling's formula). A post that fifty accounts or
-- fewer reposted has no crowd to meet in.
--
-- grain: platform, account_id
-- params: $behaviour_days
-- replace: once

with

acts as (
    select
        interactions.platform,
        interactions.account_id,
        interactions.root_post_id,
        cast(floor(epoch(interactions.acted_at)) as bigint) as second
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        interactions.account_id is not null
        and interactions.kind = 'repost'
        -- Times of days and minutes would have everybody meet.
        and interactions.precision_seconds <= 10
        and date_diff('day', interactions.date_day, last_landed.last_act_day)
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
),

met_on_posts as (
    select
        platform,
        root_post_id,
        account_id
    from met
    union all
    select
        platform,
        root_post_id,
        companion_id as account_id
    from met
),

meetings as (
    select
        platform,
        root_post_id,
        account_id,
        count(*) as meetings
    from met_on_posts
    group by platform, root_post_id, account_id
),

audiences as (
    select
        platform,
        root_post_id,
        count(distinct account_id) as accounts
    from candidates
    group by platform, root_post_id
    having count(distinct account_id) > 50
),

-- In whole millionths: sums of fractions would depend on their order.
chances as (
    select
        meetings.platform,
        meetings.account_id,
        max(audiences.accounts) as strangers,
        sum(
            cast(
                ceil(1000000.0 * meetings.meetings / audiences.accounts) as bigint
            )
        ) / 1000000.0 as mean
    from meetings
    inner join audiences
        on
            meetings.platform = audiences.platform
            and meetings.root_post_id = audiences.root_post_id
    group by meetings.platform, meetings.account_id
),

levels as (
    select
        platform,
        account_id,
        posts,
        count(*) as companions
    from both_ways
    group by platform, account_id, posts
),

ranked as (
    select
        levels.platform,
        levels.account_id,
        levels.posts,
        cast(
            sum(levels.companions) over (
                partition by levels.platform, levels.account_id
                order by levels.posts desc
            ) as bigint
        ) as companions,
        case
            when chances.mean is null then 0
            when chances.mean >= levels.posts then chances.strangers
            else
                chances.strangers
                * exp(levels.posts * (1 + ln(chances.mean / levels.posts)))
                / sqrt(6.283185307179586 * levels.posts)
        end as by_chance
    from levels
    left join chances
        on
            levels.platform = chances.platform
            and levels.account_id = chances.account_id
)

select
    platform,
    account_id,
    max(companions) as companions,
    max(posts) as companion_posts
from ranked
where companions >= 5 * by_chance
group by platform, account_id
