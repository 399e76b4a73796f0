-- One row per account, post and beginning of its texts there in the trailing window: how
-- many of its texts begin so.
--
-- A beginning is the first twelve letters of the own words, without names, topics,
-- links, emoticons, digits and marks: copies differ in these. Wishes for luck are what
-- people in lotteries write, day by day: left out, as are texts of less than eight
-- letters. Cost: linear in texts.
--
-- grain: platform, account_id, root_post_id, beginning
-- params: $behaviour_days
-- replace: all

with

texts as (
    select
        interactions.platform,
        interactions.account_id,
        interactions.root_post_id,
        left(
            regexp_replace(
                own_words(interactions.text),
                '^回复@[^:：]*[:：]|\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+|[^\p{L}]',
                '',
                'g'
            ),
            12
        ) as beginning
    from staging.interactions as interactions
    cross join intermediate.last_landed as last_landed
    where
        interactions.account_id is not null
        and interactions.kind in ('repost', 'comment')
        and length(interactions.text) >= 8
        and not regexp_matches(
            own_words(interactions.text),
            '抽奖|抽到|抽中|抽我|中奖|求中|选我|好运|欧气|锦鲤|许愿'
        )
        and date_diff('day', interactions.date_day, last_landed.last_act_day)
        < $behaviour_days
)

select
    platform,
    account_id,
    root_post_id,
    beginning,
    count(*) as texts
from texts
where length(beginning) >= 8
group by platform, account_id, root_post_id, beginning
