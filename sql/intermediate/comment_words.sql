-- Words of comments under campaigns' and brands' posts, on covered days: one row per
-- wording, however many wrote it, so that each is judged once.
-- Cost: linear in the interactions of these days.
--
-- grain: words
-- params: none
-- replace: once

select distinct own_words(comments.text) as words
from staging.interactions as comments
inner join meta.covered_days as days
    on comments.date_day = days.date_day
where
    comments.kind = 'comment'
    and length(trim(comments.text)) > 0
    and (comments.platform, comments.root_post_id) in (
        select
            campaign_acts.platform,
            campaign_acts.root_post_id
        from intermediate.campaign_interactions as campaign_acts
        union
        select
            posts.platform,
            posts.post_id
        from staging.posts as posts
        inner join meta.brand_accounts as brand_accounts
            on
                posts.platform = brand_accounts.platform
                and posts.account_id = brand_accounts.account_id
    )
