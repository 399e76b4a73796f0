-- Who posted a campaign's post.
--
-- grain: campaign_id, platform, post_key
-- params: none
-- replace: all
-- time axis: none
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   platform [text]: the network
--   post_key [id]: pseudonym of the post, as in campaign_posts
--   account_key [id]: keyed pseudonym of who posted

select
    posts.campaign_id,
    posts.platform,
    posts.post_key,
    accounts.account_key
from intermediate.campaign_posts as posts
inner join intermediate.accounts as accounts
    on
        posts.platform = accounts.platform
        and posts.account_id = accounts.account_id
