-- When engagements came to a set of a campaign's posts (see `partner_acts`): how many
-- are timed to the minute, how many came in the first hour of their post and how many in
-- the densest ten minutes of their post.
-- Cost: sorting `partner_acts` by post and time.
--
-- grain: campaign_id, post_set, partner_id
-- params: none
-- replace: once

with

timed as (
    select
        campaign_id,
        post_set,
        partner_id,
        platform,
        post_id,
        age_seconds,
        count(*) over (
            partition by campaign_id, post_set, partner_id, platform, post_id
            order by age_seconds
            range between current row and 599 following
        ) as next_ten_minutes
    from intermediate.partner_acts
    where age_seconds is not null
),

by_post as (
    select
        campaign_id,
        post_set,
        partner_id,
        platform,
        post_id,
        count(*) as timed,
        count(case when age_seconds <= 3600 then 1 end) as first_hour,
        max(next_ten_minutes) as densest
    from timed
    group by campaign_id, post_set, partner_id, platform, post_id
)

select
    campaign_id,
    post_set,
    partner_id,
    cast(sum(timed) as bigint) as timed_engagements,
    cast(sum(first_hour) as bigint) as first_hour_engagements,
    cast(sum(densest) as bigint) as burst_engagements
from by_post
group by campaign_id, post_set, partner_id
