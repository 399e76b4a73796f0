-- One row per account that acted on two posts or more in the trailing window: on how
-- many of them others acted within the same ten seconds, on how many most of these
-- others are suspected, and how many accounts would reach that by chance.
--
-- Second of two passes: `first_suspicion` says who is suspected, with the signs of
-- company in seconds left out. Who acts together is told by moments of ten seconds, not
-- by pairs: no square. A moment of more than fifty accounts proves nothing, and a post
-- counts once, however many were met on it: fans who fall into one burst have one post.
-- The chance that a post has its readers meet mostly suspected accounts is the part of
-- its unsuspected accounts that did, one each way added: where a crowd of phantoms is
-- on the post all day long, everybody meets them and it says nothing. The bound is
-- Hoeffding's of 1963 on sums of independent draws, over all accounts.
-- Cost: linear in acts.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

suspicion as (
    select
        accounts.account_no,
        case when suspicion.is_suspected_but_for_moments then 1 else 0 end
            as is_suspected
    from intermediate.first_suspicion as suspicion
    inner join intermediate.numbered_accounts as accounts
        on
            suspicion.platform = accounts.platform
            and suspicion.account_id = accounts.account_id
),

acts as (
    select distinct
        platform,
        account_no,
        post_no,
        cast(floor(acted_second / 10) as bigint) as moment
    from intermediate.acts
    where
        is_in_window
        and kind in ('repost', 'comment')
        -- Times of days and minutes put strangers into one moment.
        and precision_seconds <= 10
),

judged as (
    select
        acts.*,
        suspicion.is_suspected
    from acts
    inner join suspicion on acts.account_no = suspicion.account_no
),

moments as (
    select
        post_no,
        moment,
        count(*) as accounts,
        sum(is_suspected) as suspected
    from judged
    group by post_no, moment
    having count(*) between 3 and 50
),

-- Who acted several times on a post met suspected accounts each time, or didn't.
took_part as (
    select
        judged.platform,
        judged.post_no,
        judged.account_no,
        max(judged.is_suspected) as is_suspected,
        max(case when moments.accounts is not null then 1 else 0 end) as has_met,
        min(
            case
                when
                    2 * (moments.suspected - judged.is_suspected)
                    > moments.accounts - 1
                    then 1
                else 0
            end
        ) as has_met_suspected
    from judged
    left join moments
        on
            judged.post_no = moments.post_no
            and judged.moment = moments.moment
    group by judged.platform, judged.post_no, judged.account_no
),

posts as (
    select
        post_no,
        sum(1 - is_suspected) as others,
        sum(case when is_suspected = 0 then has_met_suspected else 0 end) as others_who_met
    from took_part
    group by post_no
),

-- In whole millionths: sums of fractions would depend on their order.
summed as (
    select
        took_part.platform,
        took_part.account_no,
        sum(took_part.has_met) as coacted_posts,
        sum(took_part.has_met_suspected) as suspected_posts,
        count(*) as posts,
        sum(took_part.has_met_suspected) / count(*) as share,
        sum(
            cast(
                ceil(
                    1000000.0
                    * (
                        posts.others_who_met + 1
                        - (1 - took_part.is_suspected) * took_part.has_met_suspected
                    )
                    / (posts.others + 2 - (1 - took_part.is_suspected))
                ) as bigint
            )
        ) / (1000000 * count(*)) as usual
    from took_part
    inner join posts on took_part.post_no = posts.post_no
    group by took_part.platform, took_part.account_no
    having count(*) >= 2
),

compared as (
    select
        platform,
        count(*) as accounts
    from summed
    group by platform
)

select
    accounts.platform,
    accounts.account_id,
    cast(summed.coacted_posts as bigint) as coacted_posts,
    cast(summed.suspected_posts as bigint) as suspected_coacted_posts,
    round(
        case
            when summed.share <= summed.usual then compared.accounts
            else
                compared.accounts
                * exp(
                    -summed.posts
                    * (
                        summed.share * ln(summed.share / summed.usual)
                        + case
                            when summed.share < 1
                                then
                                    (1 - summed.share)
                                    * ln((1 - summed.share) / (1 - summed.usual))
                            else 0
                        end
                    )
                )
        end,
        6
    ) as coacted_by_chance
from summed
inner join compared on summed.platform = compared.platform
inner join intermediate.numbered_accounts as accounts
    on summed.account_no = accounts.account_no
