-- One row per line of seeds/conversions.csv that stands for itself, with the tracked link
-- that it counts for and why not: `counted`; `unknown link` (it names none);
-- `several links` (it names links of several campaigns on one of whose days it falls, or
-- of none); `other days` (before the first day of the link's campaign, or more than
-- policies.order_days after its last); `not covered` (a day that was not run).
-- Cost: linear in the lines.
--
-- grain: line
-- params: $order_days
-- replace: all

with

windows as (
    select
        campaign_id,
        window_start,
        window_end + cast($order_days as integer) as last_order_day
    from meta.campaigns
),

candidates as (
    select
        told.line,
        meanings.campaign_id,
        meanings.link_id,
        told.date_day between windows.window_start and windows.last_order_day
            as is_in_days
    from meta.conversions as told
    inner join intermediate.link_meanings as meanings on told.link = meanings.text
    inner join windows on meanings.campaign_id = windows.campaign_id
),

fitting as (
    select
        line,
        count(*) as links,
        count(*) filter (where is_in_days) as links_in_days,
        min(campaign_id) as campaign_id,
        min(link_id) as link_id
    from candidates
    group by line
),

-- The one whose days fit, else the only one.
meant as (
    select
        candidates.line,
        candidates.campaign_id,
        candidates.link_id
    from candidates
    inner join fitting on candidates.line = fitting.line
    where
        (candidates.is_in_days and fitting.links_in_days = 1)
        or fitting.links = 1
)

select
    told.line,
    told.lines,
    told.date_day as activity_day,
    told.converted_at,
    told.kind,
    told.conversions,
    told.amount,
    told.currency,
    meant.campaign_id,
    meant.link_id,
    case
        when fitting.line is null then 'unknown link'
        when meant.line is null then 'several links'
        when fitting.links_in_days = 0 then 'other days'
        when covered.date_day is null then 'not covered'
        else 'counted'
    end as state
from meta.conversions as told
left join fitting on told.line = fitting.line
left join meant on told.line = meant.line
left join meta.covered_days as covered on told.date_day = covered.date_day
