-- One row per campaign and post of it, with its class: `paid` (a partner's: listed by it,
-- else by its account, on its days where it has some), `owned` (by an account of the
-- campaign's brand), `earned` (by anybody else); null where nobody knows who posted it.
-- The one place where these are told apart.
-- Cost: linear in the campaigns' posts.
--
-- grain: campaign_id, platform, post_id
-- params: none
-- replace: all

with

by_account as (
    select
        posts.campaign_id,
        posts.platform,
        posts.post_id,
        partners.partner_id
    from intermediate.campaign_posts as posts
    inner join meta.partner_accounts as partners
        on
            posts.campaign_id = partners.campaign_id
            and posts.platform = partners.platform
            and posts.account_id = partners.account_id
    where
        not partners.lists_posts
        and (
            partners.first_day is null
            or posts.post_day between partners.first_day and partners.last_day
        )
),

own as (
    select
        posts.campaign_id,
        posts.platform,
        posts.post_id
    from intermediate.campaign_posts as posts
    inner join meta.campaigns as campaigns
        on posts.campaign_id = campaigns.campaign_id
    inner join meta.brand_accounts as brand_accounts
        on
            campaigns.brand_id = brand_accounts.brand_id
            and posts.platform = brand_accounts.platform
            and posts.account_id = brand_accounts.account_id
)

select
    posts.campaign_id,
    posts.platform,
    posts.post_id,
    case
        when listed.partner_id is not null or by_account.partner_id is not null
            then 'paid'
        when own.post_id is not null then 'owned'
        when posts.account_id is not null then 'earned'
    end as post_class,
    coalesce(listed.partner_id, by_account.partner_id) as partner_id
from intermediate.campaign_posts as posts
left join meta.partner_posts as listed
    on
        posts.campaign_id = listed.campaign_id
        and posts.platform = listed.platform
        and posts.post_id = listed.post_id
left join by_account
    on
        posts.campaign_id = by_account.campaign_id
        and posts.platform = by_account.platform
        and posts.post_id = by_account.post_id
left join own
    on
        posts.campaign_id = own.campaign_id
        and posts.platform = own.platform
        and posts.post_id = own.post_id
