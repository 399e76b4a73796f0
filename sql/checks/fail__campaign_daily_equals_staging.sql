-- Bad rows: a campaign's flow per platform, day and kind that differs from the
-- staged interactions of its posts.
--
-- grain: campaign_id, platform, activity_day, kind
-- params: none

with

stated as (
    select
        campaign_id,
        platform,
        activity_day,
        unnest(['repost', 'comment', 'like', 'mention']) as kind,
        unnest([reposts, comments, likes, mentions]) as stated_rows
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
    group by all
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
