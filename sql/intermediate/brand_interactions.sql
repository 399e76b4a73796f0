-- One row per brand, covered day and act of somebody else that concerns it: an
-- engagement with a post of one of its accounts, or a mention (`brand_mentions` says what
-- that is). A comment on its post that mentions it is both. `is_ask`: its own words ask
-- for the goods or tell of a purchase. `is_known`: more than a name is known of who acted.
-- `activity_hour` of an engagement as in `campaign_interactions`.
-- Cost: linear in the interactions with brands' posts and in mentions.
--
-- grain: brand_id, act, platform, interaction_id
-- params: $time_zone
-- replace: once

with

brand_accounts as (
    select
        brand_id,
        platform,
        account_id
    from meta.brand_accounts
),

interactions as (
    select
        interactions.platform,
        interactions.interaction_id,
        interactions.kind,
        interactions.account_id,
        interactions.root_post_id,
        interactions.acted_at,
        interactions.precision_seconds,
        interactions.date_day,
        interactions.text
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
),

on_posts as (
    select
        brand_accounts.brand_id,
        interactions.platform,
        interactions.interaction_id,
        interactions.kind,
        interactions.account_id,
        interactions.acted_at,
        interactions.date_day,
        case
            when interactions.precision_seconds <= 3600
                then
                    extract(
                        hour from
                        interactions.acted_at at time zone 'UTC' at time zone $time_zone
                    )
        end as activity_hour,
        own_words(interactions.text) as words
    from interactions
    inner join staging.posts as posts
        on
            interactions.platform = posts.platform
            and interactions.root_post_id = posts.post_id
    inner join brand_accounts
        on
            posts.platform = brand_accounts.platform
            and posts.account_id = brand_accounts.account_id
    where interactions.kind <> 'mention'
),

acts as (
    select
        brand_id,
        platform,
        interaction_id || ':' || kind as interaction_id,
        'engagement' as act,
        kind,
        account_id,
        acted_at,
        date_day as activity_day,
        activity_hour,
        words
    from on_posts
    union
    select
        brand_id,
        platform,
        text_key as interaction_id,
        'mention' as act,
        'mention' as kind,
        account_id,
        acted_at,
        activity_day,
        cast(null as bigint) as activity_hour,
        words
    from intermediate.brand_mentions
)

select
    acts.brand_id,
    acts.platform,
    acts.interaction_id,
    acts.act,
    acts.kind,
    acts.account_id,
    acts.acted_at,
    acts.activity_day,
    acts.activity_hour,
    -- Shoppers' words: where, how much, a link, bought, once more, restock.
    coalesce(
        regexp_matches(
            acts.words,
            '(怎么|哪里|哪儿|在哪|想|要|去|能)买|多少钱|什么价|求链接|链接呢|下单|已买|买了'
            || '|买过|回购|囤|种草|入手|补货|有货|包邮|拔草|复购|到货|门店|开店'
        ),
        false
    ) as is_ask,
    accounts.operator_id,
    accounts.phantom_level,
    coalesce(accounts.shown <> 'name' or accounts.score_bin > 0, false) as is_known,
    coalesce(accounts.is_genuine, false) as is_genuine
from acts
left join intermediate.accounts as accounts
    on
        acts.platform = accounts.platform
        and acts.account_id = accounts.account_id
left join brand_accounts
    on
        acts.brand_id = brand_accounts.brand_id
        and acts.platform = brand_accounts.platform
        and acts.account_id = brand_accounts.account_id
where brand_accounts.brand_id is null
