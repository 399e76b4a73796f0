-- One row per brand and comment of somebody else on a post of one of its accounts, on
-- covered days, with its words and how they sound (see campaign_comments).
-- Cost: linear in the comments on brands' posts.
--
-- grain: brand_id, platform, root_post_id, interaction_id
-- params: none
-- replace: once

select
    brand_accounts.brand_id,
    comments.platform,
    comments.root_post_id,
    comments.interaction_id,
    comments.account_id,
    comments.date_day as activity_day,
    sentiment.sentiment
from staging.interactions as comments
inner join meta.covered_days as covered_days
    on comments.date_day = covered_days.date_day
inner join staging.posts as posts
    on
        comments.platform = posts.platform
        and comments.root_post_id = posts.post_id
inner join meta.brand_accounts as brand_accounts
    on
        posts.platform = brand_accounts.platform
        and posts.account_id = brand_accounts.account_id
left join meta.brand_accounts as own
    on
        brand_accounts.brand_id = own.brand_id
        and comments.platform = own.platform
        and comments.account_id = own.account_id
left join intermediate.words_sentiment as sentiment
    on own_words(comments.text) = sentiment.words
where comments.kind = 'comment' and own.brand_id is null
