-- Something that somebody should look at: a rise of negative voice, a campaign's day with
-- many likely phantoms, with praise that came from them, or with less of the platform's count collected than before, a source
-- that is late, a partner whose promise was missed. A finding that lasts has one row, at
-- its first day; one about a promise stands at the campaign's last. Null is what it is
-- not about: no campaign, all of its networks.
--
-- grain: finding_id
-- params: $alarm_phantom_share, $alarm_completeness_drop
-- replace: all
-- time axis: activity day
-- columns:
--   finding_id [id]: kind, campaign, brand, source or partner, network and day of it in one text
--   finding_kind [text]: negative_rise, praise_burst, phantom_burst, completeness_drop, source_late, promise_missed, claim_supported or sales_unmatched
--   campaign_id [id]: the campaign's id in workspace.toml
--   partner_id [id]: the partner's id in workspace.toml; no pseudonym
--   source [text]: the source's name in workspace.toml
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   message [text]: what was seen, in a sentence
--   advice [text]: what to do next, in a sentence
-- metrics:
--   finding_kind: this project | thresholds stand under [alarms] in workspace.toml

with

negative_rises as (
    select
        risen.campaign_id,
        risen.activity_day,
        risen.negative,
        risen.phantom_negative,
        risen.positive + risen.neutral + risen.negative as judged,
        cast(sum(earlier.negative) as bigint) as negative_before,
        cast(sum(earlier.positive + earlier.neutral + earlier.negative) as bigint)
            as judged_before
    from marts.feedback_daily as risen
    inner join marts.feedback_daily as earlier
        on
            risen.campaign_id = earlier.campaign_id
            and earlier.activity_day >= risen.activity_day - 14
            and risen.activity_day > earlier.activity_day
    where risen.is_negative_rise
    group by
        risen.campaign_id,
        risen.activity_day,
        risen.negative,
        risen.phantom_negative,
        risen.positive,
        risen.neutral
),

praise_bursts as (
    select
        risen.campaign_id,
        risen.activity_day,
        risen.positive,
        risen.phantom_positive,
        risen.phantom_positive_share_low,
        risen.positive + risen.neutral + risen.negative as judged,
        cast(sum(earlier.positive) as bigint) as positive_before,
        cast(sum(earlier.positive + earlier.neutral + earlier.negative) as bigint)
            as judged_before
    from marts.feedback_daily as risen
    inner join marts.feedback_daily as earlier
        on
            risen.campaign_id = earlier.campaign_id
            and earlier.activity_day >= risen.activity_day - 14
            and risen.activity_day > earlier.activity_day
    where risen.is_praise_burst
    group by
        risen.campaign_id,
        risen.activity_day,
        risen.positive,
        risen.phantom_positive,
        risen.phantom_positive_share_low,
        risen.neutral,
        risen.negative
),

-- Days with so few accounts or counts say nothing by themselves.
campaign_days as (
    select
        *,
        coalesce(
            engaged_accounts >= 30 and phantom_share_low >= $alarm_phantom_share, false
        ) as is_burst,
        sum(platform_collected) filter (where platform_engagements >= 50) over (
            partition by campaign_id, platform
            order by activity_day asc
            rows between 7 preceding and 1 preceding
        ) / sum(platform_engagements) filter (where platform_engagements >= 50) over (
            partition by campaign_id, platform
            order by activity_day asc
            rows between 7 preceding and 1 preceding
        ) as completeness_before,
        count(*) filter (where platform_engagements >= 50) over (
            partition by campaign_id, platform
            order by activity_day asc
            rows between 7 preceding and 1 preceding
        ) as days_before
    from marts.campaign_daily
),

marked_days as (
    select
        *,
        coalesce(
            platform_engagements >= 50
            and days_before >= 3
            and completeness < $alarm_completeness_drop * completeness_before,
            false
        ) as is_drop
    from campaign_days
),

first_days as (
    select
        *,
        coalesce(
            lag(is_burst) over (
                partition by campaign_id, platform order by activity_day asc
            ), false
        ) as was_burst,
        coalesce(
            lag(is_drop) over (
                partition by campaign_id, platform order by activity_day asc
            ), false
        ) as was_drop
    from marked_days
),

late_sources as (
    select
        source,
        platform,
        max(late_since_day) as late_since_day,
        max(last_record_day) as last_record_day
    from marts.data_coverage
    where late_since_day is not null
    group by source, platform
),

-- One finding for all lines without a link, one a campaign for those of other days.
unmatched as (
    select
        case when state = 'other days' then campaign_id end as campaign_id,
        min(activity_day) as activity_day,
        cast(sum(lines) as bigint) as lines,
        min(line) as first_line
    from intermediate.sales
    where state in ('unknown link', 'several links', 'other days')
    group by case when state = 'other days' then campaign_id end
),

findings as (
    select
        'negative_rise' as finding_kind,
        campaign_id,
        cast(null as varchar) as partner_id,
        cast(null as varchar) as source,
        cast(null as varchar) as platform,
        activity_day,
        negative || ' of ' || judged || ' judged comments sound negative; on the 14 days before '
        || negative_before || ' of ' || judged_before || ' did.'
        || coalesce(
            ' Of these negative ones ' || phantom_negative || ' are by likely phantoms.', ''
        ) as message,
        'Read what was blamed that day, in the report under What people said or in'
        || ' feedback_topics_daily, and answer it.' as advice
    from negative_rises

    union all by name

    select
        'praise_burst' as finding_kind,
        campaign_id,
        activity_day,
        positive || ' of ' || judged || ' judged comments sound positive; on the 14 days before '
        || positive_before || ' of ' || judged_before || ' did. Of these positive ones '
        || phantom_positive || ' are by likely phantoms, at least '
        || cast(floor(100 * phantom_positive_share_low) as integer)
        || ' % by the low end of the 95 % interval.' as message,
        'Leave this praise out of the tone, and look at which posts it came to and together'
        || ' with whom: the posts and the groups of accounts in the report, campaign_posts'
        || ' and campaign_groups.' as advice
    from praise_bursts

    union all by name

    select
        'phantom_burst' as finding_kind,
        campaign_id,
        platform,
        activity_day,
        'Of ' || engaged_accounts || ' accounts that engaged that day at least '
        || cast(floor(100 * phantom_share_low) as integer)
        || ' % are likely phantoms, by the low end of the 95 % interval.'
            as message,
        'Look at which posts they came to and together with whom: the posts and the groups'
        || ' of accounts in the report, campaign_posts and campaign_groups.' as advice
    from first_days
    where is_burst and not was_burst

    union all by name

    select
        'completeness_drop' as finding_kind,
        campaign_id,
        platform,
        activity_day,
        'Of ' || platform_engagements || ' engagements that the platform counts of that day '
        || cast(round(100 * completeness) as integer)
        || ' % were collected; on the days before it was '
        || cast(round(100 * completeness_before) as integer) || ' %.' as message,
        'See whether the export or the API''s budget was cut: status, data_coverage.'
            as advice
    from first_days
    where is_drop and not was_drop

    union all by name

    select
        'source_late' as finding_kind,
        source,
        platform,
        late_since_day as activity_day,
        'It was to give something by ' || late_since_day || '; its last record is of '
        || coalesce(cast(last_record_day as varchar), 'no day') || '.' as message,
        'See whether the export is still made and put where workspace.toml looks for it.'
            as advice
    from late_sources

    union all by name

    select
        'promise_missed' as finding_kind,
        campaign_id,
        partner_id,
        platform,
        window_end as activity_day,
        'It promised ' || promised_engagements || ' engagements; '
        || case
            when platform_promise_met = 'no'
                then 'the platform counts ' || platform_engagements || '.'
            else
                'genuine ones are at most ' || estimated_genuine_engagements_high
                || ', by the high end of the 95 % interval.'
        end as message,
        'Before paying, compare what it delivered: the report under Paid partners,'
        || ' partner_results, the command claim.' as advice
    from marts.partner_results
    where platform_promise_met = 'no' or promise_met = 'no'

    union all by name

    select
        'claim_supported' as finding_kind,
        campaign_id,
        partner_id,
        platform,
        window_end as activity_day,
        'Likely phantoms among the accounts that engaged with its posts are '
        || cast(round(100 * phantom_share) as integer) || ' %, among those of unpaid posts of'
        || ' the campaign ' || cast(round(100 * unpaid_phantom_share) as integer) || ' %.'
            as message,
        'Write the claim: python -m flows claim --campaign ' || campaign_id || ' --partner '
        || partner_id as advice
    from marts.partner_results
    where claim_grounds like '%phantoms%'

    union all by name

    select
        'sales_unmatched' as finding_kind,
        campaign_id,
        activity_day,
        case
            when campaign_id is not null
                then
                    'Lines of seeds/conversions.csv with a link of the campaign that lie'
                    || ' before its first day or too long after its last: ' || lines
                    || ', the first is line ' || first_line || '.'
            else
                'Lines of seeds/conversions.csv that count for no campaign, since they name'
                || ' no tracked link of workspace.toml or those of several campaigns: '
                || lines || ', the first is line ' || first_line || '.'
        end as message,
        case
            when campaign_id is not null
                then 'Correct their time, or raise policies.order_days.'
            else 'Write the link under [[campaigns.tracked_links]], or correct the lines.'
        end as advice
    from unmatched
)

select
    concat_ws(
        ':', finding_kind, campaign_id, partner_id, source, platform, activity_day
    ) as finding_id,
    finding_kind,
    campaign_id,
    partner_id,
    source,
    platform,
    activity_day,
    message,
    advice
from findings
