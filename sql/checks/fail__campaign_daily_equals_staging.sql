-- Bad rows: a campaign's flow per platform, day and kind that differs from the
-- staged interactions of its posts, and mentions that differ from the share of voice.
--
-- grain: campaign_id, platform, activity_day, kind
-- params: none

with

stated as (
    select
        campaign_id,
        platform,
        activity_day,
        unnest(['repost', 'comment', 'like']) as kind,
        unnest([reposts, comments, likes]) as stated_rows
    from marts.campaign_daily
),

staged as (
    select
        posts.campaign_id,
        interactions.platform,
        interactions.date_day as activity_day,
        interactions.kind,
        count(*) as staged_rows
    from staging.interactions as interactions
    inner join intermediate.campaign_posts as posts
        on
            interactions.platform = posts.platform
            and interactions.root_post_id = posts.post_id
    inner join meta.campaigns as campaigns
        on
            posts.campaign_id = campaigns.campaign_id
            and interactions.date_day
            between campaigns.window_start and campaigns.window_end
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind <> 'mention'
    group by all
),

mentioned as (
    select
        campaign_id,
        activity_day,
        cast(sum(mentions) as bigint) as mentions,
        -- Known of the day where it is known of each network.
        case
            when count(genuine_mentions) = count(*)
                then cast(sum(genuine_mentions) as bigint)
        end as genuine_mentions
    from marts.campaign_daily
    group by campaign_id, activity_day
)

select
    coalesce(stated.campaign_id, staged.campaign_id) as campaign_id,
    coalesce(stated.activity_day, staged.activity_day) as activity_day,
    coalesce(stated.kind, staged.kind) as kind,
    stated.stated_rows,
    staged.staged_rows
from stated
full join staged
    on
        stated.campaign_id = staged.campaign_id
        and stated.platform = staged.platform
        and stated.activity_day = staged.activity_day
        and stated.kind = staged.kind
where coalesce(stated.stated_rows, 0) <> coalesce(staged.staged_rows, 0)
union all
select
    campaigns.campaign_id,
    voices.activity_day,
    'mention' as kind,
    mentioned.mentions as stated_rows,
    voices.mentions as staged_rows
from marts.share_of_voice as voices
inner join meta.campaigns as campaigns
    on
        voices.brand_id = campaigns.brand_id
        and voices.activity_day
        between campaigns.window_start and campaigns.window_end
left join mentioned
    on
        campaigns.campaign_id = mentioned.campaign_id
        and voices.activity_day = mentioned.activity_day
where
    coalesce(mentioned.mentions, 0) <> voices.mentions
    or case when mentioned.campaign_id is null then 0 else mentioned.genuine_mentions end
    <> voices.genuine_mentions
