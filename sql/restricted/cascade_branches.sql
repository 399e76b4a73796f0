-- A repost that was reposted on, and where it hangs in the cascade of a campaign's post:
-- what a picture of the cascade is drawn from.
--
-- grain: campaign_id, platform, post_key, branch
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   platform [text]: the network
--   post_key [id]: pseudonym of the post, as in campaign_posts
--   branch [place, 1 the first]: number of the repost among those of its post that were reposted on, by time
--   above [place, 1 the first]: the branch that it hangs on; null directly on the post, and where its parent was not collected
--   account_key [id]: keyed pseudonym of who reposted; null where that is hidden
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins; null where the account is hidden
--   level [levels]: its distance from the post
--   reposts_below [reposts]: all reposts below it
--   genuine_reposts_below [reposts]: the same without those of likely phantoms and hidden accounts
--   direct_reposts [reposts]: reposts made directly of it
-- metrics:
--   reposts_below: this project | some might have come another way; parents that are missing stand under the root

with

branches as (
    select
        *,
        row_number() over (
            partition by platform, root_post_id
            order by acted_at, length(interaction_id), interaction_id
        ) as branch
    from intermediate.cascade_nodes
    where children > 0
)

select
    posts.campaign_id,
    branches.platform,
    posts.post_key,
    branches.branch,
    parents.branch as above,
    accounts.account_key,
    accounts.phantom_level,
    branches.level,
    branches.subtree_size - 1 as reposts_below,
    branches.genuine_subtree_size - case when branches.is_genuine then 1 else 0 end
        as genuine_reposts_below,
    branches.children as direct_reposts
from branches
inner join intermediate.campaign_posts as posts
    on
        branches.platform = posts.platform
        and branches.root_post_id = posts.post_id
left join branches as parents
    on
        branches.platform = parents.platform
        and branches.root_post_id = parents.root_post_id
        and branches.above_id = parents.interaction_id
left join intermediate.accounts as accounts
    on
        branches.platform = accounts.platform
        and branches.account_id = accounts.account_id
