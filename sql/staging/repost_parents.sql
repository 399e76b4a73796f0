-- One row per repost whose text quotes those before it: who of them its parent may be.
--
-- A parent is an earlier repost of the same root that the text's first `//@name: words`
-- names: `quoted_id` is the newest with both the name and the words, `named_id` the
-- newest of that name, `worded_id` (accounts change their names) the only one with these
-- words, where they are of five characters or more. Which of them is taken, beside what
-- platform and source say themselves: `interactions.sql`.
--
-- grain: platform, root_post_id, interaction_id
-- params: none
-- replace: view

with

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
    from staging.newest_acts
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
)

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
