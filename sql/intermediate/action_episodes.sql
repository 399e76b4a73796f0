-- Actions of brands that can't be told apart in time, from the first day to the last one
-- on which they may have an effect: one row per brand, episode and class. A post counts
-- where no other action falls into its days.
--
-- grain: brand_id, episode, class
-- params: none
-- replace: once

select
    brand_id,
    episode,
    class,
    min(first_day) as first_day,
    max(effect_until) as last_day
from intermediate.brand_actions
where class <> 'post' or is_alone
group by brand_id, episode, class
