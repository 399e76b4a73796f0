-- One row per brand, account and moment at which it is weighed: everybody at the end of
-- what has landed, and those in seeds/contact_history.csv on the morning of each
-- contact besides. Only what happened before the moment counts, so that the ranking
-- can be measured on contacts whose outcome is known.
--
-- Effort: a mention weighs 3, comment, repost and following 2, a like 1: a like costs
-- nothing, words cost most. Words that ask for the goods or tell of a purchase weigh 4
-- more, a comment that sounds positive 1 more, a negative one 2 less. A judgement.
-- Cost: linear in the brands' interactions, once more in those of contacted accounts.
--
-- grain: brand_id, platform, account_id, weighed_day
-- params: none
-- replace: once

with

weighed_until as (
    select
        coalesce(
            (select last_act_day from intermediate.last_landed),
            (select last_day from intermediate.last_landed),
            (select max(date_day) from staging.accounts)
        ) as last_day
),

followers as (
    select
        brand_accounts.brand_id,
        follows.platform,
        follows.follower_id as account_id
    from staging.follows as follows
    inner join meta.brand_accounts as brand_accounts
        on
            follows.platform = brand_accounts.platform
            and follows.account_id = brand_accounts.account_id
    group by brand_accounts.brand_id, follows.platform, follows.follower_id
),

engaged as (
    select
        brand_id,
        platform,
        account_id
    from intermediate.brand_interactions
    where account_id is not null
    group by brand_id, platform, account_id
),

people as (
    select
        brand_id,
        platform,
        account_id
    from engaged
    union
    select
        brand_id,
        platform,
        account_id
    from followers
),

moments as (
    select
        people.brand_id,
        people.platform,
        people.account_id,
        cast(weighed_until.last_day + interval 1 day as date) as weighed_day,
        true as is_now
    from people
    cross join weighed_until
    union all
    select
        people.brand_id,
        people.platform,
        people.account_id,
        history.contacted_on as weighed_day,
        false as is_now
    from meta.contact_history as history
    inner join people
        on
            history.brand_id = people.brand_id
            and history.platform = people.platform
            and history.account_id = people.account_id
    group by
        people.brand_id,
        people.platform,
        people.account_id,
        history.contacted_on
),

acts as (
    select
        moments.brand_id,
        moments.platform,
        moments.account_id,
        moments.weighed_day,
        moments.is_now,
        count(*) as acts,
        count(case when interactions.kind = 'comment' then 1 end) as comments,
        count(case when interactions.kind = 'repost' then 1 end) as reposts,
        count(case when interactions.kind = 'like' then 1 end) as likes,
        count(case when interactions.act = 'mention' then 1 end) as mentions,
        count(case when interactions.is_ask then 1 end) as asks,
        max(interactions.activity_day) as last_act_day
    from moments
    inner join intermediate.brand_interactions as interactions
        on
            moments.brand_id = interactions.brand_id
            and moments.platform = interactions.platform
            and moments.account_id = interactions.account_id
            and (
                moments.is_now
                or moments.weighed_day > interactions.activity_day
            )
    group by
        moments.brand_id,
        moments.platform,
        moments.account_id,
        moments.weighed_day,
        moments.is_now
),

tones as (
    select
        moments.brand_id,
        moments.platform,
        moments.account_id,
        moments.weighed_day,
        moments.is_now,
        count(case when comments.sentiment = 'positive' then 1 end) as positive,
        count(case when comments.sentiment = 'negative' then 1 end) as negative
    from moments
    inner join intermediate.brand_comments as comments
        on
            moments.brand_id = comments.brand_id
            and moments.platform = comments.platform
            and moments.account_id = comments.account_id
            and (moments.is_now or moments.weighed_day > comments.activity_day)
    where comments.sentiment in ('positive', 'negative')
    group by
        moments.brand_id,
        moments.platform,
        moments.account_id,
        moments.weighed_day,
        moments.is_now
),

weighed as (
    select
        moments.brand_id,
        moments.platform,
        moments.account_id,
        moments.weighed_day,
        moments.is_now,
        coalesce(acts.acts, 0) as acts,
        coalesce(acts.comments, 0) as comments,
        coalesce(acts.reposts, 0) as reposts,
        coalesce(acts.likes, 0) as likes,
        coalesce(acts.mentions, 0) as mentions,
        coalesce(acts.asks, 0) as asks,
        coalesce(tones.positive, 0) as positive,
        coalesce(tones.negative, 0) as negative,
        followers.account_id is not null as is_follower,
        acts.last_act_day,
        greatest(
            3 * coalesce(acts.mentions, 0)
            + 2 * coalesce(acts.comments + acts.reposts, 0)
            + coalesce(acts.likes, 0)
            + 4 * coalesce(acts.asks, 0)
            + coalesce(tones.positive, 0)
            - 2 * coalesce(tones.negative, 0)
            + case when followers.account_id is not null then 2 else 0 end,
            0
        ) as effort
    from moments
    left join acts
        on
            moments.brand_id = acts.brand_id
            and moments.platform = acts.platform
            and moments.account_id = acts.account_id
            and moments.weighed_day = acts.weighed_day
            and moments.is_now = acts.is_now
    left join tones
        on
            moments.brand_id = tones.brand_id
            and moments.platform = tones.platform
            and moments.account_id = tones.account_id
            and moments.weighed_day = tones.weighed_day
            and moments.is_now = tones.is_now
    left join followers
        on
            moments.brand_id = followers.brand_id
            and moments.platform = followers.platform
            and moments.account_id = followers.account_id
)

select
    weighed.brand_id,
    weighed.platform,
    weighed.account_id,
    weighed.weighed_day,
    weighed.is_now,
    weighed.acts,
    weighed.comments,
    weighed.reposts,
    weighed.likes,
    weighed.mentions,
    weighed.asks,
    weighed.positive,
    weighed.negative,
    weighed.is_follower,
    weighed.last_act_day,
    round(weighed.effort / (10 + weighed.effort), 4) as affinity,
    round(least(ln(1 + coalesce(accounts.followers_count, 0)) / ln(1000001), 1), 4)
        as reach,
    case
        when accounts.is_confirmed and accounts.phantom_level = 'genuine' then 1
        when accounts.is_confirmed and accounts.phantom_level = 'phantom' then 0
        else round(1 - accounts.phantom_probability, 4)
    end as genuineness,
    case
        when weighed.last_act_day is null then 0
        else
            round(
                power(
                    0.5,
                    greatest(
                        date_diff('day', weighed.last_act_day, weighed.weighed_day) - 1,
                        0
                    )
                    / 14
                ),
                4
            )
    end as recency
from weighed
inner join intermediate.accounts as accounts
    on
        weighed.platform = accounts.platform
        and weighed.account_id = accounts.account_id
