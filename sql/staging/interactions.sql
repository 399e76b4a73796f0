-- One row per repost, comment, like or mention: its newest observation, and for
-- a repost its parent. A touched root's whole tree is made anew (`newest_acts.sql`).
--
-- The parent is the platform's own parent id; else what the chain in the text tells
-- (`repost_parents.sql`): the repost with both name and words, else the one that the
-- source found, else the newest of that name, else the only one with the words; else
-- the root.
--
-- A repost of a repost that two threads both list belongs to both.
--
-- grain: platform, kind, root_post_id, interaction_id
-- params: $time_zone
-- replace: rows platform, root_post_id
-- columns:
--   platform varchar: the network
--   interaction_id varchar: the platform's id
--   kind varchar: repost, comment, like or mention
--   account_id varchar: who acted; null where the platform hides it
--   root_post_id varchar: the post that the interaction belongs to
--   parent_id varchar: what it directly answers or reposts
--   parent_method varchar: how the parent was found (platform, chain, root)
--   acted_at timestamp: UTC
--   precision_seconds bigint: seconds that the writing of acted_at leaves open: 1, 60 without seconds, 86400 for a day; null where the time is not its own
--   date_day date: the day in the workspace's time zone (activity day)
--   text varchar: plain text, emoticons as [name]
--   mentions varchar[]: whom the platform lists as called in it; null where it lists none
--   likes_count bigint: likes on it
--   observed_at timestamp: UTC, when this was seen
--   platform_parent_id varchar: the parent that the record itself names
--   source_parent_id varchar: the parent that the source found in the text
--   author_name varchar: the author's name at that time
--   source varchar: the source that this observation came from

select
    newest.platform,
    newest.interaction_id,
    newest.kind,
    newest.account_id,
    newest.root_post_id,
    coalesce(
        newest.platform_parent_id,
        chain_parents.quoted_id,
        newest.source_parent_id,
        chain_parents.named_id,
        chain_parents.worded_id,
        newest.root_post_id
    ) as parent_id,
    case
        when newest.platform_parent_id is not null then 'platform'
        when
            coalesce(
                chain_parents.quoted_id,
                newest.source_parent_id,
                chain_parents.named_id,
                chain_parents.worded_id
            ) is not null
            then 'chain'
        else 'root'
    end as parent_method,
    newest.acted_at,
    newest.precision_seconds,
    cast(newest.acted_at at time zone 'UTC' at time zone $time_zone as date)
        as date_day,
    newest.text,
    newest.mentions,
    newest.likes_count,
    newest.observed_at,
    newest.platform_parent_id,
    newest.source_parent_id,
    newest.author_name,
    newest.source
from staging.newest_acts as newest
left join staging.repost_parents as chain_parents
    on
        newest.platform = chain_parents.platform
        and newest.root_post_id = chain_parents.root_post_id
        and newest.interaction_id = chain_parents.interaction_id
        and newest.kind = 'repost'
