-- What happened around a campaign in an hour of an activity day, where a day is too
-- coarse: acts whose time says the hour, and in a row without an hour all others of the
-- day. Hours without a row had none.
--
-- grain: campaign_id, platform, activity_day, activity_hour?
-- params: $start_date, $end_date, $min_cell
-- replace: window activity_day
-- time axis: activity day
-- adds over: platform, activity_day, activity_hour
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   activity_day [day]: the day it happened, in the workspace's time zone
--   activity_hour [hour, 0 to 23]: the hour it began in, in the workspace's time zone; null of acts of which a day or less is known
--   reposts [reposts]: reposts, as collected; null where no source can give them
--   comments [comments]: comments and replies, as collected; null where no source can give them
--   likes [likes]: likes that are known one by one; null where no source can give them; platform_likes counts all
--   engagements [interactions]: reposts + comments + likes, those that a source can give
--   engaged_accounts [accounts]: accounts that reposted, commented or liked in that hour; one may have in several
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name,
--     and where policies.min_cell accounts did not engage in the hour, or in all the hours of the day that are not told

with

interactions as (
    select
        campaign_id,
        platform,
        kind,
        account_id,
        is_genuine,
        is_known,
        activity_day,
        activity_hour
    from intermediate.campaign_interactions
    where
        is_in_window
        and kind <> 'mention'
        and activity_day between $start_date and $end_date
),

hours as (
    select
        campaign_id,
        platform,
        activity_day,
        activity_hour,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) as engagements,
        count(*) filter (where is_genuine) as genuine_engagements,
        count(*) filter (where is_known) * 2 >= count(*) as is_half_known,
        count(distinct account_id) as engaged_accounts
    from interactions
    group by campaign_id, platform, activity_day, activity_hour
),

placed as (
    select
        *,
        is_half_known and engaged_accounts >= $min_cell as is_many,
        row_number() over (
            partition by campaign_id, platform, activity_day
            order by
                is_half_known and engaged_accounts >= $min_cell desc,
                engaged_accounts asc,
                activity_hour asc
        ) as place
    from hours
),

-- campaign_daily tells the day: the few acts of hours that are not told would be what is
-- left of it, so the smallest of the others joins them.
told as (
    select
        *,
        is_many
        and not (
            place = 1
            and sum(case when is_many then 0 else engaged_accounts end)
                over (partition by campaign_id, platform, activity_day)
            between 1 and $min_cell - 1
        ) as tells_genuine
    from placed
),

-- What could have been collected: of other kinds nothing is known.
kinds as (
    select
        campaign_id,
        platform,
        bool_or(kind = 'repost') as reposts,
        bool_or(kind = 'comment') as comments,
        bool_or(kind = 'like') as likes
    from intermediate.campaign_kinds
    group by campaign_id, platform
)

select
    told.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    told.platform,
    told.activity_day,
    cast(told.activity_hour as integer) as activity_hour,
    case when kinds.reposts then told.reposts end as reposts,
    case when kinds.comments then told.comments end as comments,
    case when kinds.likes then told.likes end as likes,
    case when kinds.campaign_id is not null then told.engagements end as engagements,
    told.engaged_accounts,
    case when told.tells_genuine then told.genuine_engagements end as genuine_engagements
from told
inner join meta.campaigns as campaigns on told.campaign_id = campaigns.campaign_id
left join kinds
    on
        told.campaign_id = kinds.campaign_id
        and told.platform = kinds.platform
