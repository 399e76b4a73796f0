-- One row per repost, comment, like or mention: its newest observation, and for
-- a repost its parent. A touched root's whole tree is made anew, because a repost
-- that lands late can be the parent of one that landed before.
--
-- The parent is the platform's own parent id; else the earlier repost of the root
-- that the text's first `//@name: words` names: the newest with both the name and
-- the words, else the one that the source found, else the newest of that name, else
-- (accounts change their names) the only one with these words, where they are of
-- five characters or more; else the root.
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

with

touched as (
    select distinct
        platform,
        root_post_id
    from staging.valid_interactions
),

observations as not materialized (
    select
        platform,
        interaction_id,
        kind,
        account_id,
        root_post_id,
        platform_parent_id,
        source_parent_id,
        author_name,
        acted_at,
        precision_seconds,
        text,
        mentions,
        likes_count,
        observed_at,
        source
    from staging.valid_interactions
    union all
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.kind,
        interactions.account_id,
        interactions.root_post_id,
        interactions.platform_parent_id,
        interactions.source_parent_id,
        interactions.author_name,
        interactions.acted_at,
        interactions.precision_seconds,
        interactions.text,
        interactions.mentions,
        interactions.likes_count,
        interactions.observed_at,
        interactions.source
    from staging.interactions as interactions
    inner join touched
        on
            interactions.platform = touched.platform
            and interactions.root_post_id = touched.root_post_id
),

-- Most interactions are seen once; only the others need a choice.
repeated as (
    select
        platform,
        kind,
        root_post_id,
        interaction_id
    from observations
    group by platform, kind, root_post_id, interaction_id
    having count(*) > 1
),

-- Values break the tie of two observations of one moment, never arrival.
ranked as (
    select
        observations.*,
        row_number() over (
            partition by
                observations.platform,
                observations.kind,
                observations.root_post_id,
                observations.interaction_id
            order by
                -- A notice that it is gone takes no words and no author away.
                case
                    when observations.account_id is not null then 0
                    when observations.author_name is not null then 1
                    when observations.text is not null then 2
                    else 3
                end asc,
                -- Of words that nobody stands for, those that more people liked, and of
                -- these the first ones: a notice comes later and is liked by nobody.
                case
                    when
                        observations.account_id is null
                        and observations.author_name is null
                        then observations.likes_count
                end desc nulls last,
                case
                    when
                        observations.account_id is null
                        and observations.author_name is null
                        and observations.text is not null
                        then observations.observed_at
                end asc,
                -- Where a list of likes names no time, an action happened when it
                -- was seen: first, then; and any time of its own is better.
                case
                    when
                        observations.kind in ('like', 'repost')
                        and observations.acted_at = observations.observed_at
                        then observations.observed_at
                end asc nulls first,
                observations.observed_at desc,
                observations.account_id is null asc,
                observations.likes_count desc nulls last,
                length(observations.text) desc nulls last,
                observations.text desc nulls last,
                observations.mentions desc nulls last,
                observations.platform_parent_id desc nulls last,
                observations.source_parent_id desc nulls last,
                observations.author_name desc nulls last,
                observations.account_id desc,
                observations.precision_seconds asc nulls last,
                observations.acted_at desc,
                observations.source asc
        ) as place
    from observations
    inner join repeated
        on
            observations.platform = repeated.platform
            and observations.kind = repeated.kind
            and observations.root_post_id = repeated.root_post_id
            and observations.interaction_id = repeated.interaction_id
),

chosen as not materialized (
    select
        observations.*,
        cast(1 as bigint) as place
    from observations
    anti join repeated
        on
            observations.platform = repeated.platform
            and observations.kind = repeated.kind
            and observations.root_post_id = repeated.root_post_id
            and observations.interaction_id = repeated.interaction_id
    union all
    select *
    from ranked
    where place = 1
),

-- What a chain quotes: the name and the words of the one before. Spaces are not
-- counted, nor is what stands behind forty characters: chains are cut.
newest as not materialized (
    select
        *,
        case
            when
                kind = 'repost'
                and not chains_have_bars(platform)
                and platform_parent_id is null
                and contains(text, '/')
                then nullif(
                    regexp_extract(text, '//?\s*@([^:：\s]+)\s*[:：]', 1), ''
                )
            when
                kind = 'repost'
                and chains_have_bars(platform)
                and platform_parent_id is null
                and contains(text, '||')
                then nullif(
                    regexp_extract(text, '\|\|\s*@([^:：\s]+)\s*[:：]', 1), ''
                )
        end as chain_name,
        case
            when not chains_have_bars(platform)
                then regexp_extract(text, '//?\s*@[^:：\s]+\s*[:：]([\s\S]*)$', 1)
            else regexp_extract(text, '\|\|\s*@[^:：\s]+\s*[:：]([\s\S]*)$', 1)
        end as chain_text
    from chosen
),

-- What the search for parents needs, and no more: it is read four times. (The wide
-- rows above are cheaper read again than kept.)
reposts as materialized (
    select
        platform,
        root_post_id,
        interaction_id,
        acted_at,
        author_name,
        chain_name,
        case
            when chain_name is not null
                then substr(regexp_replace(chain_text, '\s', '', 'g'), 1, 40)
        end as chain_words,
        substr(regexp_replace(text, '\s', '', 'g'), 1, 40) as words
    from newest
    where kind = 'repost'
),

-- The three ways to look for a parent, each with its key.
asked as (
    select distinct
        platform,
        root_post_id,
        'name and words' as rule,
        chain_name as name,
        chain_words as words
    from reposts
    where chain_name is not null
    union all
    select distinct
        platform,
        root_post_id,
        'name' as rule,
        chain_name as name,
        '' as words
    from reposts
    where chain_name is not null
    union all
    select distinct
        platform,
        root_post_id,
        'words' as rule,
        '' as name,
        chain_words as words
    from reposts
    where length(chain_words) >= 5
),

rules as (
    select distinct rule
    from asked
),

-- Who reposted under a name, or with words, that a chain asks for, and who asks, in
-- one line of time. A request stands before the same repost's own entry, so that
-- nobody is their own parent.
line_of_time as (
    select
        reposts.platform,
        reposts.root_post_id,
        asked.rule,
        asked.name,
        asked.words,
        reposts.acted_at,
        reposts.interaction_id,
        1 as is_candidate,
        reposts.interaction_id as candidate_id
    from reposts
    inner join asked
        on
            reposts.platform = asked.platform
            and reposts.root_post_id = asked.root_post_id
            and reposts.author_name = asked.name
            and reposts.words = asked.words
    where asked.rule = 'name and words'
    union all
    select
        reposts.platform,
        reposts.root_post_id,
        asked.rule,
        asked.name,
        asked.words,
        reposts.acted_at,
        reposts.interaction_id,
        1 as is_candidate,
        reposts.interaction_id as candidate_id
    from reposts
    inner join asked
        on
            reposts.platform = asked.platform
            and reposts.root_post_id = asked.root_post_id
            and reposts.author_name = asked.name
    where asked.rule = 'name'
    union all
    select
        reposts.platform,
        reposts.root_post_id,
        asked.rule,
        asked.name,
        asked.words,
        reposts.acted_at,
        reposts.interaction_id,
        1 as is_candidate,
        reposts.interaction_id as candidate_id
    from reposts
    inner join asked
        on
            reposts.platform = asked.platform
            and reposts.root_post_id = asked.root_post_id
            and reposts.words = asked.words
    where asked.rule = 'words'
    union all
    select
        reposts.platform,
        reposts.root_post_id,
        rules.rule,
        case when rules.rule = 'words' then '' else reposts.chain_name end as name,
        case when rules.rule = 'name' then '' else reposts.chain_words end as words,
        reposts.acted_at,
        reposts.interaction_id,
        0 as is_candidate,
        cast(null as varchar) as candidate_id
    from reposts
    cross join rules
    where reposts.chain_name is not null
),

answers as (
    select
        platform,
        root_post_id,
        interaction_id,
        rule,
        is_candidate,
        last_value(candidate_id ignore nulls) over (
            partition by platform, root_post_id, rule, name, words
            order by acted_at, length(interaction_id), interaction_id, is_candidate
            rows between unbounded preceding and current row
        ) as candidate_id,
        sum(is_candidate) over (
            partition by platform, root_post_id, rule, name, words
            order by acted_at, length(interaction_id), interaction_id, is_candidate
            rows between unbounded preceding and current row
        ) as candidates
    from line_of_time
),

chain_parents as (
    select
        platform,
        root_post_id,
        interaction_id,
        max(candidate_id) filter (where rule = 'name and words') as quoted_id,
        max(candidate_id) filter (where rule = 'name') as named_id,
        max(candidate_id) filter (where rule = 'words' and candidates = 1)
            as worded_id
    from answers
    where is_candidate = 0
    group by platform, root_post_id, interaction_id
)

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
from newest
left join chain_parents
    on
        newest.platform = chain_parents.platform
        and newest.root_post_id = chain_parents.root_post_id
        and newest.interaction_id = chain_parents.interaction_id
        and newest.kind = 'repost'
