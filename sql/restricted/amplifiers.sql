-- An account whose reposts were reposted on, in a campaign: what it brought, over the
-- activity days that are covered. Without it the reposts below its own would not have
-- come this way; some might have come another one.
--
-- grain: campaign_id, platform, account_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   influence_level [text]: low (under 100 followers), regular (under 10,000), influential (under 500,000), key_opinion_leader; null where followers are unknown
--   own_reposts [reposts]: its reposts of the campaign's posts
--   posts [posts]: posts of the campaign that it reposted
--   direct_reposts [reposts]: reposts made directly of its reposts
--   downstream_reposts [reposts]: all reposts below its reposts, its own not counted
--   genuine_downstream_reposts [reposts]: the same without those of likely phantoms and hidden accounts
--   downstream_share [share]: downstream_reposts / reposts of the campaign's posts so far: what would be lost without it, at most
--   exposure [follower contacts]: its followers, counted at each of its reposts
--   rank [place, 1 the first]: place in its campaign by genuine_downstream_reposts, then downstream_reposts, exposure and account_key
-- metrics:
--   downstream_reposts: this project | some might have come another way; parents that are missing stand under the root

with

-- A repost of its own below another one is no reach of its own: what hangs below
-- counts once.
brought as (
    select
        platform,
        root_post_id,
        account_id,
        count(*) as own_reposts,
        cast(sum(children) as bigint) as children,
        cast(
            coalesce(
                sum(subtree_size - 1) filter (where not is_below_own), 0
            ) - count(*) filter (where is_below_own) as bigint
        ) as downstream,
        cast(
            coalesce(
                sum(
                    genuine_subtree_size - case when is_genuine then 1 else 0 end
                ) filter (where not is_below_own),
                0
            ) - count(*) filter (where is_below_own and is_genuine) as bigint
        ) as genuine_downstream
    from intermediate.cascade_nodes
    where account_id is not null
    group by platform, root_post_id, account_id
),

sizes as (
    select
        posts.campaign_id,
        count(*) as reposts
    from intermediate.cascade_nodes as nodes
    inner join intermediate.campaign_posts as posts
        on
            nodes.platform = posts.platform
            and nodes.root_post_id = posts.post_id
    group by posts.campaign_id
),

exposed as (
    select
        campaign_id,
        platform,
        account_id,
        cast(sum(followers_count) as bigint) as exposure
    from intermediate.campaign_interactions
    where kind = 'repost' and account_id is not null
    group by campaign_id, platform, account_id
),

amplifiers as (
    select
        posts.campaign_id,
        brought.platform,
        brought.account_id,
        cast(sum(brought.own_reposts) as bigint) as own_reposts,
        count(*) as posts,
        cast(sum(brought.children) as bigint) as direct_reposts,
        cast(sum(brought.downstream) as bigint) as downstream_reposts,
        cast(sum(brought.genuine_downstream) as bigint) as genuine_downstream_reposts
    from brought
    inner join intermediate.campaign_posts as posts
        on
            brought.platform = posts.platform
            and brought.root_post_id = posts.post_id
    group by posts.campaign_id, brought.platform, brought.account_id
    having sum(brought.downstream) > 0
)

select
    amplifiers.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    amplifiers.platform,
    accounts.account_key,
    accounts.phantom_level,
    accounts.influence_level,
    amplifiers.own_reposts,
    amplifiers.posts,
    amplifiers.direct_reposts,
    amplifiers.downstream_reposts,
    amplifiers.genuine_downstream_reposts,
    round(amplifiers.downstream_reposts / sizes.reposts, 6) as downstream_share,
    coalesce(exposed.exposure, 0) as exposure,
    row_number() over (
        partition by amplifiers.campaign_id
        order by
            amplifiers.genuine_downstream_reposts desc,
            amplifiers.downstream_reposts desc,
            coalesce(exposed.exposure, 0) desc,
            accounts.account_key asc
    ) as rank
from amplifiers
inner join meta.campaigns as campaigns
    on amplifiers.campaign_id = campaigns.campaign_id
inner join intermediate.accounts as accounts
    on
        amplifiers.platform = accounts.platform
        and amplifiers.account_id = accounts.account_id
inner join sizes on amplifiers.campaign_id = sizes.campaign_id
left join exposed
    on
        amplifiers.campaign_id = exposed.campaign_id
        and amplifiers.platform = exposed.platform
        and amplifiers.account_id = exposed.account_id
