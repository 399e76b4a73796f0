-- One row per set of a campaign's posts, post of it and interaction so far: each partner's
-- paid posts are a set (`paid`), the unpaid ones are three: `owned`, `earned` and
-- `unpaid`, which is both. Only of campaigns with partners. Mentions are no engagements.
-- `age_seconds` is null where post or act are not told to the minute.
-- Cost: linear in the interactions with posts of campaigns that have partners.
--
-- grain: campaign_id, post_set, partner_id, platform, post_id, kind, interaction_id
-- params: none
-- replace: all

with

sets as (
    select
        classes.campaign_id,
        classes.platform,
        classes.post_id,
        classes.post_class as post_set,
        classes.partner_id
    from intermediate.campaign_post_classes as classes
    where classes.post_class is not null
    union all
    select
        classes.campaign_id,
        classes.platform,
        classes.post_id,
        'unpaid' as post_set,
        cast(null as varchar) as partner_id
    from intermediate.campaign_post_classes as classes
    where classes.post_class in ('owned', 'earned')
),

paying as (
    select distinct campaign_id
    from meta.partners
)

select
    sets.campaign_id,
    sets.post_set,
    sets.partner_id,
    sets.platform,
    sets.post_id,
    interactions.kind,
    interactions.interaction_id,
    interactions.account_id,
    interactions.is_genuine,
    interactions.acted_at,
    case
        when posts.precision_seconds <= 60 and staged.precision_seconds <= 60
            then interactions.age_seconds
    end as age_seconds
from sets
inner join paying on sets.campaign_id = paying.campaign_id
inner join intermediate.campaign_interactions as interactions
    on
        sets.campaign_id = interactions.campaign_id
        and sets.platform = interactions.platform
        and sets.post_id = interactions.root_post_id
left join staging.interactions as staged
    on
        interactions.platform = staged.platform
        and interactions.root_post_id = staged.root_post_id
        and interactions.kind = staged.kind
        and interactions.interaction_id = staged.interaction_id
left join staging.posts as posts
    on
        sets.platform = posts.platform
        and sets.post_id = posts.post_id
where interactions.kind <> 'mention'
