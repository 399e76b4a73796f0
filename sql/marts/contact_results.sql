-- How many of a brand's contacts can be contacted, and how well their ranking works:
-- those in seeds/contact_history.csv whose answer is known, each person's first
-- contact, by the score that they had on the morning of it. The part that counts former
-- answers is left out; reach and genuineness are as known now. Few contacts say little,
-- and those of fewer than policies.min_cell people are not told.
--
-- grain: brand_id
-- params: $min_cell
-- replace: all
-- time axis: none
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   accounts [accounts]: accounts that engaged with it, named it or follow it
--   contactable_accounts [accounts]: of these, those that nothing known forbids to contact; one account a person
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

counted as (
    select
        brand_id,
        count(*) as accounts,
        count(*) filter (where is_contactable) as contactable_accounts
    from restricted.contacts
    group by brand_id
)

select
    results.brand_id,
    results.brand_name,
    coalesce(counted.accounts, 0) as accounts,
    coalesce(counted.contactable_accounts, 0) as contactable_accounts,
    results.contacted_people,
    results.judged_people,
    case when results.judged_people >= $min_cell then results.answered_people end
        as answered_people,
    case when results.judged_people >= $min_cell then results.answer_rate end
        as answer_rate,
    case when results.judged_people >= $min_cell then results.upper_half_answer_rate end
        as upper_half_answer_rate,
    case when results.judged_people >= $min_cell then results.lower_half_answer_rate end
        as lower_half_answer_rate,
    case when results.judged_people >= $min_cell then results.ranking_auc end
        as ranking_auc
from restricted.contact_results as results
left join counted on results.brand_id = counted.brand_id
