-- How well the ranking of contacts works for a brand: those in
-- seeds/contact_history.csv whose answer is known, each person's first contact, by the
-- score that they had on the morning of it. The part that counts former answers is left
-- out; reach and genuineness are as known now. Few contacts say little.
--
-- grain: brand_id
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   contacted_people [people]: people who were contacted, however often
--   judged_people [people]: contacted people whose first answer is known and who acted towards the brand
--   answered_people [people]: of the judged ones, those who answered
--   answer_rate [share]: answered_people / judged_people
--   upper_half_answer_rate [share]: answer_rate among the half that ranked higher; the middle one of an odd number belongs to it
--   lower_half_answer_rate [share]: answer_rate among the half that ranked lower
--   ranking_auc [probability]: that one who answered ranked above one who did not; 0.5 is no better than chance
-- metrics:
--   ranking_auc: Mann-Whitney U / (answered x not answered) | those contacted were chosen, mostly by their rank: it understates

with

history as (
    select
        history.brand_id,
        accounts.operator_id,
        history.platform,
        history.account_id,
        history.contacted_on,
        history.is_answered,
        row_number() over (
            partition by history.brand_id, accounts.operator_id
            order by
                history.contacted_on asc,
                history.platform asc,
                history.account_id asc,
                history.channel asc nulls last,
                history.is_answered desc nulls last
        ) as place
    from meta.contact_history as history
    inner join intermediate.accounts as accounts
        on
            history.platform = accounts.platform
            and history.account_id = accounts.account_id
),

judged as (
    select
        history.brand_id,
        history.operator_id,
        history.is_answered,
        round(
            (
                35 * moments.affinity + 15 * moments.reach + 25 * moments.genuineness
                + 15 * moments.recency
            )
            / 0.9, 2
        ) as score_then
    from history
    inner join intermediate.contact_moments as moments
        on
            history.brand_id = moments.brand_id
            and history.platform = moments.platform
            and history.account_id = moments.account_id
            and history.contacted_on = moments.weighed_day
            and not moments.is_now
    where history.place = 1 and history.is_answered is not null
),

ranked as (
    select
        brand_id,
        is_answered,
        -- Equal scores share their mean rank, the lowest score has rank 1.
        rank() over (partition by brand_id order by score_then)
        + (count(*) over (partition by brand_id, score_then) - 1) / 2 as score_rank,
        row_number() over (
            partition by brand_id order by score_then desc, operator_id asc
        ) as place,
        count(*) over (partition by brand_id) as people
    from judged
),

results as (
    select
        brand_id,
        count(*) as judged_people,
        count(*) filter (where is_answered) as answered_people,
        count(*) filter (where place <= (people + 1) // 2) as upper_people,
        count(*) filter (where place <= (people + 1) // 2 and is_answered)
            as upper_answers,
        sum(score_rank) filter (where is_answered) as answered_ranks
    from ranked
    group by brand_id
),

contacted as (
    select
        brand_id,
        count(distinct operator_id) as people
    from history
    group by brand_id
)

select
    brands.brand_id,
    brands.brand_name,
    coalesce(contacted.people, 0) as contacted_people,
    coalesce(results.judged_people, 0) as judged_people,
    coalesce(results.answered_people, 0) as answered_people,
    round(results.answered_people / nullif(results.judged_people, 0), 6)
        as answer_rate,
    round(results.upper_answers / nullif(results.upper_people, 0), 6)
        as upper_half_answer_rate,
    round(
        (results.answered_people - results.upper_answers)
        / nullif(results.judged_people - results.upper_people, 0), 6
    ) as lower_half_answer_rate,
    round(
        (
            results.answered_ranks
            - results.answered_people * (results.answered_people + 1) / 2
        )
        / nullif(
            results.answered_people * (results.judged_people - results.answered_people),
            0
        ), 6
    ) as ranking_auc
from meta.brands as brands
left join results on brands.brand_id = results.brand_id
left join contacted on brands.brand_id = contacted.brand_id
