select
    brand_name, accounts, contactable_accounts, contacted_people, judged_people, answered_people,
    answer_rate, upper_half_answer_rate, lower_half_answer_rate
from (select 1) as always (one)
left join contact_results on true
order by brand_name
