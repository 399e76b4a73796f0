-- A number that readers act on and that differs from the publication before, or whose
-- interval does: what it was, what it is, and what is known to have changed between.
-- Unlike all other tables this one depends on the road: it compares with what readers
-- saw before, so the same days in other pieces have other changes; its Parquet stands apart,
-- in `history/`. It is empty in a first publication and in one that an erasure made: what
-- was before holds who is gone.
--
-- grain: publication, mart, key, metric
-- params: $publication, $publication_before, $changed_causes, $reconfigured_campaigns
-- replace: all
-- time axis: none
-- columns:
--   publication [id]: this publication, named by its content
--   publication_before [id]: the one that it is compared with: what readers saw before it
--   mart [text]: the table that the number stands in: campaigns, partner_results or audience_quality
--   key [text]: which row of it: campaign; campaign and partner; brand and audience (its newest day)
--   campaign_id [id]: the campaign's id in workspace.toml; null for an audience
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   partner_id [id]: the partner's id in workspace.toml; no pseudonym
--   metric [text]: the column that the number stands in
--   unit [text]: its unit, see metric_definitions
--   currency [text]: of costs: in which currency they are now, else before
--   before [see unit]: the number before; null where it was not known or not there
--   before_low [see unit]: low end of its interval before; null where it has none
--   before_high [see unit]: high end of that interval
--   after [see unit]: the number now; null where it is not known or not there any more
--   after_low [see unit]: low end of its interval now; null where it has none
--   after_high [see unit]: high end of that interval
--   why [text]: what changed between and moves such a number: not there before; not there any more; new days;
--     days taken out; late rows (of days that were covered before); other posts; newer counters; budget;
--     configuration (what workspace.toml says of the campaign); changed verdicts; overrides; policies;
--     model; time zone; code; else unknown
-- metrics:
--   why: this project | what may have moved it, all together: how much each of them did is not told

with

given as (
    select
        cast($publication as varchar) as publication,
        cast($publication_before as varchar) as publication_before,
        list_contains($changed_causes, 'overrides') as has_other_overrides,
        list_contains($changed_causes, 'policies') as has_other_policies,
        list_contains($changed_causes, 'model') as has_other_model,
        list_contains($changed_causes, 'time_zone') as has_other_time_zone,
        list_contains($changed_causes, 'code') as has_other_code,
        $reconfigured_campaigns as reconfigured_campaigns
),

-- Which numbers, and what moves each.
metrics as (
    select metrics.*
    from (
        values
        ('campaigns', 'posts', true, false, false, false),
        ('campaigns', 'platform_engagements', false, true, false, false),
        ('campaigns', 'engagements', true, false, false, false),
        ('campaigns', 'completeness', true, true, false, false),
        ('campaigns', 'genuine_engagements', true, false, true, false),
        ('campaigns', 'estimated_genuine_engagements', true, true, true, false),
        ('campaigns', 'engaged_accounts', true, false, false, false),
        ('campaigns', 'genuine_engaged_people', true, false, true, false),
        ('campaigns', 'phantom_share', true, false, true, false),
        ('campaigns', 'potential_reach', true, false, false, false),
        ('campaigns', 'sentiment_net', true, false, false, false),
        ('campaigns', 'cost_per_platform_engagement', false, true, false, true),
        ('campaigns', 'cost_per_genuine_engagement', true, false, true, true),
        ('campaigns', 'cost_per_estimated_genuine_engagement', true, true, true, true),
        ('partner_results', 'platform_engagements', false, true, false, false),
        ('partner_results', 'lifetime_engagements', true, false, false, false),
        ('partner_results', 'estimated_genuine_engagements', true, true, true, false),
        ('partner_results', 'phantom_share', true, false, true, false),
        (
            'partner_results',
            'cost_per_estimated_genuine_engagement',
            true, true, true, true
        ),
        ('audience_quality', 'accounts', true, false, false, false),
        ('audience_quality', 'phantom_share', true, false, true, false),
        ('audience_quality', 'quality_score', true, false, true, false)
    ) as metrics (mart, metric, by_rows, by_counters, by_verdicts, by_cost)
),

-- What both publications say of each row, as one document: one of an older version
-- may lack a column.
documents as (
    select
        true as is_now,
        'campaigns' as mart,
        to_json(campaigns) as told
    from marts.campaigns
    union all
    select
        false as is_now,
        'campaigns' as mart,
        to_json(campaigns) as told
    from before.campaigns
    union all
    select
        true as is_now,
        'partner_results' as mart,
        to_json(partner_results) as told
    from marts.partner_results
    union all
    select
        false as is_now,
        'partner_results' as mart,
        to_json(partner_results) as told
    from before.partner_results
    union all
    select
        true as is_now,
        'audience_quality' as mart,
        to_json(audience_quality) as told
    from marts.audience_quality
    union all
    select
        false as is_now,
        'audience_quality' as mart,
        to_json(audience_quality) as told
    from before.audience_quality
),

keyed as (
    select
        is_now,
        mart,
        told,
        json_extract_string(told, '$.campaign_id') as campaign_id,
        json_extract_string(told, '$.brand_id') as brand_id,
        json_extract_string(told, '$.brand_name') as brand_name,
        json_extract_string(told, '$.partner_id') as partner_id,
        json_extract_string(told, '$.day') as day,
        coalesce(
            json_extract_string(told, '$.budget_currency'),
            json_extract_string(told, '$.fee_currency')
        ) as currency,
        case
            when mart = 'audience_quality'
                then concat_ws(
                    ':',
                    json_extract_string(told, '$.brand_id'),
                    json_extract_string(told, '$.audience')
                )
            else
                concat_ws(
                    ':',
                    json_extract_string(told, '$.campaign_id'),
                    json_extract_string(told, '$.partner_id')
                )
        end as key
    from documents
),

newest as (
    select *
    from keyed
    qualify row_number() over (
        partition by is_now, mart, key
        order by day desc
    ) = 1
),

told_before as (
    select * from newest
    where not is_now
),

told_after as (
    select * from newest
    where is_now
),

-- A number as text is the same number on both sides.
both_told as (
    select
        metrics.*,
        coalesce(told_after.key, told_before.key) as key,
        coalesce(told_after.campaign_id, told_before.campaign_id) as campaign_id,
        coalesce(told_after.brand_id, told_before.brand_id) as brand_id,
        coalesce(told_after.brand_name, told_before.brand_name) as brand_name,
        coalesce(told_after.partner_id, told_before.partner_id) as partner_id,
        coalesce(told_after.currency, told_before.currency) as currency,
        told_before.key is null as is_new,
        told_after.key is null as is_gone,
        coalesce(told_before.day is distinct from told_after.day, false)
            as is_of_another_day,
        cast(
            json_extract_string(told_before.told, '$.' || metrics.metric) as double
        ) as before,
        cast(
            json_extract_string(told_before.told, '$.' || metrics.metric || '_low')
            as double
        ) as before_low,
        cast(
            json_extract_string(told_before.told, '$.' || metrics.metric || '_high')
            as double
        ) as before_high,
        cast(
            json_extract_string(told_after.told, '$.' || metrics.metric) as double
        ) as after,
        cast(
            json_extract_string(told_after.told, '$.' || metrics.metric || '_low')
            as double
        ) as after_low,
        cast(
            json_extract_string(told_after.told, '$.' || metrics.metric || '_high')
            as double
        ) as after_high
    from told_after
    full join told_before
        on told_after.mart = told_before.mart and told_after.key = told_before.key
    inner join metrics
        on coalesce(told_after.mart, told_before.mart) = metrics.mart
),

days_before as (
    select distinct activity_day
    from before.data_coverage
    where is_covered
),

days_after as (
    select distinct activity_day
    from marts.data_coverage
    where is_covered
),

daily_before as (
    select *
    from before.campaign_daily
    where activity_day is not null and platform is not null
),

daily_after as (
    select *
    from marts.campaign_daily
    where activity_day is not null and platform is not null
),

-- Days by what differs: rows, or with the very same rows the verdicts.
days as (
    select
        coalesce(daily_after.campaign_id, daily_before.campaign_id) as campaign_id,
        days_before.activity_day is not null as was_covered,
        days_after.activity_day is not null as is_covered,
        coalesce(daily_after.engagements, 0) = coalesce(daily_before.engagements, 0)
        and coalesce(daily_after.posts, 0) = coalesce(daily_before.posts, 0)
        and coalesce(daily_after.engaged_accounts, 0)
        = coalesce(daily_before.engaged_accounts, 0)
        and coalesce(daily_after.known_engagements, 0)
        = coalesce(daily_before.known_engagements, 0) as has_same_rows,
        coalesce(
            daily_after.genuine_engagements
            is distinct from daily_before.genuine_engagements
            or daily_after.genuine_engaged_accounts
            is distinct from daily_before.genuine_engaged_accounts,
            false
        ) as has_other_verdicts
    from daily_after
    full join daily_before
        on
            daily_after.campaign_id = daily_before.campaign_id
            and daily_after.platform = daily_before.platform
            and daily_after.activity_day = daily_before.activity_day
    left join days_before
        on
            coalesce(daily_after.activity_day, daily_before.activity_day)
            = days_before.activity_day
    left join days_after
        on
            coalesce(daily_after.activity_day, daily_before.activity_day)
            = days_after.activity_day
),

differing_days as (
    select
        campaign_id,
        bool_or(is_covered and not was_covered) as has_new_days,
        bool_or(was_covered and not is_covered) as has_days_taken_out,
        bool_or(was_covered and is_covered and not has_same_rows) as has_late_rows,
        bool_or(has_same_rows and has_other_verdicts) as has_changed_verdicts,
        bool_or(has_same_rows) as has_same_days
    from days
    group by campaign_id
),

campaign_causes as (
    select
        campaigns.campaign_id as compared_campaign_id,
        coalesce(
            differing_days.has_new_days
            or campaigns.days_covered > campaigns_before.days_covered,
            false
        ) as has_new_days,
        coalesce(
            differing_days.has_days_taken_out
            or campaigns.days_covered < campaigns_before.days_covered,
            false
        ) as has_days_taken_out,
        coalesce(differing_days.has_late_rows, false) as has_late_rows,
        coalesce(differing_days.has_changed_verdicts, false) as has_changed_verdicts,
        coalesce(differing_days.has_same_days, false) as has_same_days,
        coalesce(campaigns.posts is distinct from campaigns_before.posts, false)
            as has_other_posts,
        coalesce(
            campaigns.platform_counted_at
            is distinct from campaigns_before.platform_counted_at
            or campaigns.platform_counted_posts
            is distinct from campaigns_before.platform_counted_posts,
            false
        ) as has_newer_counters,
        coalesce(
            campaigns.budget_amount is distinct from campaigns_before.budget_amount
            or campaigns.budget_currency
            is distinct from campaigns_before.budget_currency,
            false
        ) as has_other_budget
    from marts.campaigns as campaigns
    inner join before.campaigns as campaigns_before
        on campaigns.campaign_id = campaigns_before.campaign_id
    left join differing_days
        on campaigns.campaign_id = differing_days.campaign_id
),

differing as (
    select
        given.*,
        both_told.*,
        campaign_causes.*,
        coalesce(
            list_contains(given.reconfigured_campaigns, both_told.campaign_id), false
        ) as is_reconfigured,
        -- Where some days have the same rows and the same verdicts, decisions and
        -- models moved nothing.
        both_told.by_verdicts
        and (
            coalesce(campaign_causes.has_changed_verdicts, false)
            or not coalesce(campaign_causes.has_same_days, false)
        ) as by_judgement
    from both_told
    cross join given
    left join campaign_causes
        on both_told.campaign_id = campaign_causes.compared_campaign_id
    where
        given.publication_before is not null
        and (
            both_told.before is distinct from both_told.after
            or both_told.before_low is distinct from both_told.after_low
            or both_told.before_high is distinct from both_told.after_high
        )
),

-- Each cause where it moves such a number; in this order.
explained as (
    select
        differing.*,
        concat_ws(
            '; ',
            case when by_rows and (has_new_days or is_of_another_day) then 'new days' end,
            case when by_rows and has_days_taken_out then 'days taken out' end,
            case
                when by_rows and has_late_rows and not is_reconfigured
                    then 'late rows'
            end,
            case when has_other_posts then 'other posts' end,
            case when by_counters and has_newer_counters then 'newer counters' end,
            case when by_cost and has_other_budget then 'budget' end,
            case when is_reconfigured then 'configuration' end,
            case when by_verdicts and has_changed_verdicts then 'changed verdicts' end,
            case when by_judgement and has_other_overrides then 'overrides' end,
            case when by_judgement and has_other_policies then 'policies' end,
            case when by_judgement and has_other_model then 'model' end,
            case when has_other_time_zone then 'time zone' end,
            case when has_other_code then 'code' end
        ) as causes
    from differing
)

select
    explained.publication,
    explained.publication_before,
    explained.mart,
    explained.key,
    explained.campaign_id,
    explained.brand_id,
    explained.brand_name,
    explained.partner_id,
    explained.metric,
    definitions.unit,
    case when explained.by_cost then explained.currency end as currency,
    explained.before,
    explained.before_low,
    explained.before_high,
    explained.after,
    explained.after_low,
    explained.after_high,
    case
        when explained.is_new then 'not there before'
        when explained.is_gone then 'not there any more'
        when explained.causes = '' then 'unknown'
        else explained.causes
    end as why
from explained
left join marts.metric_definitions as definitions
    on
        explained.mart = definitions.mart
        and explained.metric = definitions.column_name
