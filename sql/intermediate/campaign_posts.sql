-- One row per campaign and post that belongs to it, with the rule that says so:
-- listed (by the campaign or by one of its partners), else hashtag, link, keyword within
-- the window (hashtags and keywords in all spellings, as `text_names` compares them),
-- else the account and the days of a partner. A campaign that names nothing of its own
-- takes the posts of its brand's accounts in the window.
--
-- grain: campaign_id, platform, post_id
-- params: $key_inner, $key_outer
-- replace: all

with

campaigns as (
    select
        campaign_id,
        brand_id,
        window_start,
        window_end
    from meta.campaigns
),

selectors as (
    select
        campaign_id,
        kind,
        platform,
        value
    from meta.campaign_selectors
),

posts as (
    select
        platform,
        post_id,
        account_id,
        posted_at,
        date_day,
        links
    from staging.posts
),

listed as (
    select
        campaign_id,
        platform,
        value as post_id,
        1 as priority,
        'post_id' as rule
    from selectors
    where kind = 'post_id'
    union all
    select
        campaign_id,
        platform,
        post_id,
        1 as priority,
        'post_id' as rule
    from meta.partner_posts
),

by_name as (
    select
        campaigns.campaign_id,
        posts.platform,
        posts.post_id,
        case when names.kind = 'hashtag' then 2 else 4 end as priority,
        names.kind as rule
    from intermediate.text_names as names
    inner join campaigns on names.owner_id = campaigns.campaign_id
    inner join posts
        on
            names.platform = posts.platform
            and names.post_id = posts.post_id
            and posts.date_day between campaigns.window_start and campaigns.window_end
    where names.owner = 'campaign'
),

by_link as (
    select
        campaigns.campaign_id,
        posts.platform,
        posts.post_id,
        3 as priority,
        'link' as rule
    from selectors
    inner join campaigns on selectors.campaign_id = campaigns.campaign_id
    inner join posts
        on
            posts.date_day between campaigns.window_start and campaigns.window_end
            and contains(array_to_string(posts.links, ' '), selectors.value)
    where selectors.kind = 'link'
),

by_brand as (
    select
        campaigns.campaign_id,
        posts.platform,
        posts.post_id,
        5 as priority,
        'brand_account' as rule
    from campaigns
    inner join meta.brand_accounts as brand_accounts
        on campaigns.brand_id = brand_accounts.brand_id
    inner join posts
        on
            brand_accounts.platform = posts.platform
            and brand_accounts.account_id = posts.account_id
            and posts.date_day between campaigns.window_start and campaigns.window_end
    where
        campaigns.campaign_id not in (
            select selectors.campaign_id
            from selectors
        )
),

by_partner as (
    select
        partners.campaign_id,
        posts.platform,
        posts.post_id,
        6 as priority,
        'partner' as rule
    from meta.partner_accounts as partners
    inner join posts
        on
            partners.platform = posts.platform
            and partners.account_id = posts.account_id
            and posts.date_day between partners.first_day and partners.last_day
),

attributed as (
    select
        campaign_id,
        platform,
        post_id,
        min(priority) as priority,
        arg_min(rule, priority) as rule
    from (
        select * from listed
        union all
        select * from by_name
        union all
        select * from by_link
        union all
        select * from by_brand
        union all
        select * from by_partner
    ) as found
    group by campaign_id, platform, post_id
),

own_accounts as (
    select distinct
        platform,
        account_id
    from meta.brand_accounts
)

select
    attributed.campaign_id,
    attributed.platform,
    attributed.post_id,
    attributed.rule,
    posts.account_id,
    posts.posted_at,
    posts.date_day as post_day,
    -- Other people's posts stand under a key only: their id is a web address.
    attributed.rule = 'post_id' or own_accounts.account_id is not null as is_named,
    left(
        sha256($key_outer || unhex(sha256(
            $key_inner
            || encode('post:' || attributed.platform || ':' || attributed.post_id)
        ))),
        32
    ) as post_key
from attributed
left join posts
    on
        attributed.platform = posts.platform
        and attributed.post_id = posts.post_id
left join own_accounts
    on
        posts.platform = own_accounts.platform
        and posts.account_id = own_accounts.account_id
