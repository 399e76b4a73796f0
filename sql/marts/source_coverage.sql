-- What a source can tell and what it did tell, over all that is landed: the ground for
-- null instead of zero. A kind counts as given when the source's format can carry it
-- (declared beside the formats) and, for an API, when `collect` asks for it; what came
-- stands beside. A source that stands no longer in workspace.toml has no format.
--
-- grain: source, platform
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   source [text]: the source's name in workspace.toml
--   platform [text]: the network
--   format [text]: the format of its records
--   gives_reposts [yes or no]: it can tell reposts one by one
--   gives_comments [yes or no]: it can tell comments one by one
--   gives_likes [yes or no]: it can tell likes one by one
--   gives_accounts [text]: kinds of which it can tell who acted
--   gives_times [text]: kinds of which it can tell when; others count for the day they were first seen
--   gives_counters [text]: kinds that it can tell as the platform counts them
--   gives_followers [yes or no]: it can tell how many followers an account has
--   gives_follower_lists [yes or no]: it can tell who follows an account
--   posts [posts]: posts that came from it
--   counted_posts [posts]: of these, posts with a counter of the platform, from whatever source
--   reposts [reposts]: reposts that came from it; null where it can't give them
--   comments [comments]: comments that came from it; null where it can't give them
--   likes [likes]: likes that came from it; null where it can't give them
--   reposts_with_account [reposts]: of these, reposts that say who acted
--   comments_with_account [comments]: of these, comments that say who acted
--   likes_with_account [likes]: of these, likes that say who acted
--   acting_accounts [accounts]: accounts that acted in its rows
--   acting_accounts_with_followers [accounts]: of these, accounts whose followers are known, from whatever source
--   lacks [text]: what it does not tell, in words; empty where nothing lacks

with

rows_of as (
    select
        source,
        platform,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(account_id) filter (where kind = 'repost') as reposts_with_account,
        count(account_id) filter (where kind = 'comment') as comments_with_account,
        count(account_id) filter (where kind = 'like') as likes_with_account
    from staging.interactions
    group by source, platform
),

acting as (
    select distinct
        source,
        platform,
        account_id
    from staging.interactions
    where account_id is not null and kind <> 'mention'
),

actors as (
    select
        acting.source,
        acting.platform,
        count(*) as accounts,
        count(accounts.followers_count) as with_followers
    from acting
    left join intermediate.accounts as accounts
        on
            acting.platform = accounts.platform
            and acting.account_id = accounts.account_id
    group by acting.source, acting.platform
),

counters as (
    select distinct
        platform,
        post_id
    from staging.post_counters
),

posts_of as (
    select
        posts.source,
        posts.platform,
        count(*) as posts,
        count(counters.post_id) as counted_posts
    from staging.posts as posts
    left join counters
        on posts.platform = counters.platform and posts.post_id = counters.post_id
    group by posts.source, posts.platform
),

-- One source of archives may hold records of several networks.
named as (
    select
        source,
        platform
    from meta.sources
    union
    select
        source,
        platform
    from rows_of
    union
    select
        source,
        platform
    from posts_of
),

declared as (
    select
        source,
        bool_or(gives_rows) filter (where kind = 'repost') as gives_reposts,
        bool_or(gives_rows) filter (where kind = 'comment') as gives_comments,
        bool_or(gives_rows) filter (where kind = 'like') as gives_likes,
        coalesce(
            string_agg(kind || 's', ', ' order by place) filter (where gives_accounts), ''
        ) as gives_accounts,
        coalesce(
            string_agg(kind || 's', ', ' order by place) filter (where gives_times), ''
        ) as gives_times,
        coalesce(
            string_agg(kind || 's', ', ' order by place) filter (where gives_counters), ''
        ) as gives_counters
    from meta.source_gives
    group by source
)

select
    named.source,
    named.platform,
    sources.format,
    declared.gives_reposts,
    declared.gives_comments,
    declared.gives_likes,
    declared.gives_accounts,
    declared.gives_times,
    declared.gives_counters,
    sources.gives_followers,
    sources.gives_follower_lists,
    coalesce(posts_of.posts, 0) as posts,
    coalesce(posts_of.counted_posts, 0) as counted_posts,
    case
        when declared.gives_reposts or rows_of.reposts > 0
            then coalesce(rows_of.reposts, 0)
    end as reposts,
    case
        when declared.gives_comments or rows_of.comments > 0
            then coalesce(rows_of.comments, 0)
    end as comments,
    case
        when declared.gives_likes or rows_of.likes > 0
            then coalesce(rows_of.likes, 0)
    end as likes,
    case
        when declared.gives_reposts or rows_of.reposts > 0
            then coalesce(rows_of.reposts_with_account, 0)
    end as reposts_with_account,
    case
        when declared.gives_comments or rows_of.comments > 0
            then coalesce(rows_of.comments_with_account, 0)
    end as comments_with_account,
    case
        when declared.gives_likes or rows_of.likes > 0
            then coalesce(rows_of.likes_with_account, 0)
    end as likes_with_account,
    coalesce(actors.accounts, 0) as acting_accounts,
    coalesce(actors.with_followers, 0) as acting_accounts_with_followers,
    concat_ws(
        '; ',
        nullif(sources.lacks, ''),
        case
            when rows_of.reposts > 0 and rows_of.reposts_with_account = 0
                then 'who gave reposts'
        end,
        case
            when rows_of.comments > 0 and rows_of.comments_with_account = 0
                then 'who gave comments'
        end,
        case
            when rows_of.likes > 0 and rows_of.likes_with_account = 0
                then 'who gave likes'
        end
    ) as lacks
from named
left join meta.sources as sources on named.source = sources.source
left join declared on named.source = declared.source
left join rows_of
    on named.source = rows_of.source and named.platform = rows_of.platform
left join posts_of
    on named.source = posts_of.source and named.platform = posts_of.platform
left join actors
    on named.source = actors.source and named.platform = actors.platform
