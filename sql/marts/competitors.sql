-- A brand on a covered day, beside the others of its market: what its accounts posted, how
-- many follow them, what their posts drew and how much of that is genuine. Collect all
-- brands of a market alike: what was not collected looks like silence.
--
-- grain: brand_id, activity_day
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: activity_day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   market [id]: the market: the id of its first brand in the order of letters
--   brand_posts [posts]: posts of its accounts published that day, as collected; null for a brand without accounts
--   brand_followers [followers]: followers of its accounts together, each as last read up to that day; null where one was never read by then
--   followers_read_on [day]: the day of the oldest of these readings
--   engagements [interactions]: reposts, comments and likes of others on its accounts' posts
--   genuine_engagements [interactions]: the same without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   genuine_engagement_share [share]: genuine_engagements / engagements
--   engagements_per_1000_followers [interactions]: 1,000 x engagements / brand_followers
--   genuine_engagements_per_1000_followers [interactions]: 1,000 x genuine_engagements / brand_followers
-- metrics:
--   engagements_per_1000_followers: this project | followers of all networks together; large accounts have lower rates

with

brand_accounts as (
    select
        brand_id,
        platform,
        account_id
    from meta.brand_accounts
),

voices as (
    select
        brand_id,
        brand_name,
        activity_day,
        market,
        engagements,
        genuine_engagements
    from marts.share_of_voice
),

posted as (
    select
        brand_accounts.brand_id,
        posts.date_day,
        count(*) as posts
    from staging.posts as posts
    inner join brand_accounts
        on
            posts.platform = brand_accounts.platform
            and posts.account_id = brand_accounts.account_id
    group by brand_accounts.brand_id, posts.date_day
),

-- A reading holds until the next one.
readings as (
    select
        brand_accounts.brand_id,
        accounts.date_day as read_on,
        lead(accounts.date_day) over (
            partition by
                brand_accounts.brand_id, accounts.platform, accounts.account_id
            order by accounts.date_day
        ) as next_read_on,
        accounts.followers_count
    from staging.accounts as accounts
    inner join brand_accounts
        on
            accounts.platform = brand_accounts.platform
            and accounts.account_id = brand_accounts.account_id
    where accounts.followers_count is not null
),

followed as (
    select
        voices.brand_id,
        voices.activity_day,
        count(*) as read_accounts,
        cast(sum(readings.followers_count) as bigint) as followers,
        min(readings.read_on) as read_on
    from voices
    inner join readings
        on
            voices.brand_id = readings.brand_id
            and voices.activity_day >= readings.read_on
            and (
                readings.next_read_on is null
                or voices.activity_day < readings.next_read_on
            )
    group by voices.brand_id, voices.activity_day
),

owned as (
    select
        brand_id,
        count(*) as accounts
    from brand_accounts
    group by brand_id
),

complete as (
    select
        voices.*,
        case when owned.accounts is not null then coalesce(posted.posts, 0) end
            as brand_posts,
        case when followed.read_accounts = owned.accounts then followed.followers end
            as brand_followers,
        case when followed.read_accounts = owned.accounts then followed.read_on end
            as followers_read_on
    from voices
    left join owned on voices.brand_id = owned.brand_id
    left join posted
        on
            voices.brand_id = posted.brand_id
            and voices.activity_day = posted.date_day
    left join followed
        on
            voices.brand_id = followed.brand_id
            and voices.activity_day = followed.activity_day
)

select
    brand_id,
    brand_name,
    activity_day,
    market,
    brand_posts,
    brand_followers,
    followers_read_on,
    engagements,
    genuine_engagements,
    round(genuine_engagements / nullif(engagements, 0), 6) as genuine_engagement_share,
    round(1000 * engagements / nullif(brand_followers, 0), 6)
        as engagements_per_1000_followers,
    round(1000 * genuine_engagements / nullif(brand_followers, 0), 6)
        as genuine_engagements_per_1000_followers
from complete
