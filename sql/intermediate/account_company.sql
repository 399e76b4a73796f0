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
-- params: none
-- replace: once

with

acts as (
    select
        account_no,
        post_no,
        acted_second as second
    from intermediate.acts
    where
        is_in_window
        and kind = 'repost'
        -- Times of days and minutes would have everybody meet.
        and precision_seconds <= 10
),

-- Only accounts that acted on two posts can meet somebody twice.
active as (
    select account_no
    from acts
    group by account_no
    having min(post_no) < max(post_no)
),

candidates as (
    select
        acts.account_no,
        acts.post_no,
        acts.second,
        cast(floor(acts.second / 10) as bigint) as bucket
    from acts
    inner join active on acts.account_no = active.account_no
),

crowds as (
    select
        post_no,
        bucket
    from candidates
    group by post_no, bucket
    having count(*) > 50
),

quiet as (
    select candidates.*
    from candidates
    anti join crowds
        on
            candidates.post_no = crowds.post_no
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
        earlier.post_no,
        least(earlier.account_no, later.account_no) as account_no,
        greatest(earlier.account_no, later.account_no) as companion_no
    from reached as earlier
    inner join quiet as later
        on
            earlier.post_no = later.post_no
            and earlier.met_bucket = later.bucket
    where
        later.second between earlier.second and earlier.second + 10
        and earlier.account_no <> later.account_no
),

pairs as (
    select
        account_no,
        companion_no,
        count(*) as posts
    from met
    group by account_no, companion_no
    having count(*) >= 2
),

both_ways as (
    select
        account_no,
        posts
    from pairs
    union all
    select
        companion_no as account_no,
        posts
    from pairs
),

met_on_posts as (
    select
        post_no,
        account_no
    from met
    union all
    select
        post_no,
        companion_no as account_no
    from met
),

meetings as (
    select
        post_no,
        account_no,
        count(*) as meetings
    from met_on_posts
    group by post_no, account_no
),

audiences as (
    select
        post_no,
        count(distinct account_no) as accounts
    from candidates
    group by post_no
    having count(distinct account_no) > 50
),

-- In whole millionths: sums of fractions would depend on their order.
chances as (
    select
        meetings.account_no,
        max(audiences.accounts) as strangers,
        sum(
            cast(
                ceil(1000000.0 * meetings.meetings / audiences.accounts) as bigint
            )
        ) / 1000000.0 as mean
    from meetings
    inner join audiences on meetings.post_no = audiences.post_no
    group by meetings.account_no
),

levels as (
    select
        account_no,
        posts,
        count(*) as companions
    from both_ways
    group by account_no, posts
),

ranked as (
    select
        levels.account_no,
        levels.posts,
        cast(
            sum(levels.companions) over (
                partition by levels.account_no
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
    left join chances on levels.account_no = chances.account_no
),

proven as (
    select
        account_no,
        max(companions) as companions,
        max(posts) as companion_posts
    from ranked
    where companions >= 5 * by_chance
    group by account_no
)

select
    accounts.platform,
    accounts.account_id,
    proven.companions,
    proven.companion_posts
from proven
inner join intermediate.numbered_accounts as accounts
    on proven.account_no = accounts.account_no
