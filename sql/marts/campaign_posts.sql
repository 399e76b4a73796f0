-- A post of a campaign: what it drew in its life so far and at given ages, over
-- the activity days that are covered, whether or not the campaign has ended.
--
-- grain: campaign_id, platform, post_key
-- params: $named_authors, $organisations, $post_networks, $post_addresses
-- replace: all
-- time axis: lifetime
-- adds over: platform, post_key
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   platform [text]: the network
--   post_key [id]: pseudonym of the post
--   post_id [id]: the platform's id; only of listed posts and those of brand accounts
--   post_address [text]: where its network shows it; null of posts without a post_id, and of networks that show none by id
--   account_key [id]: keyed pseudonym of the brand's account that posted; null for others, whom a post would name (restricted/ has them)
--   author_name [text]: what its author is called there, where named under [report] in workspace.toml lets it stand (own, competitors, partners, verified organisations); null of others
--   attribution_rule [text]: why it belongs to the campaign (post_id, hashtag, link, keyword, brand_account, partner)
--   post_class [text]: paid (a partner's), owned (by the brand's own accounts) or earned (by others); null where nobody knows who posted it
--   post_text [text]: what it says, of paid and owned posts; null of others, whose authors it could name
--   media_kind [text]: picture, video, link (an address and neither of them) or none, of paid and owned posts; null where the source does not tell
--   media_count [pictures]: its pictures, where a source counts them; with videos and other attachments where a network counts them together
--   hashtags [list]: its topics, in the order in which it has them; of paid and owned posts, null of others
--   hashtags_text [text]: the same as one text
--   post_day [day]: the day it was published, in the workspace's time zone
--   posted_at [time in UTC]: UTC
--   lifetime_reposts [reposts]: reposts so far, as collected; null where no source can give them
--   lifetime_comments [comments]: comments and replies so far, as collected; null where no source can give them
--   lifetime_likes [likes]: likes known one by one so far; null where no source can give them
--   lifetime_mentions [mentions]: reposts, comments and links under it so far that mention the campaign's brand (see share_of_voice); not part of engagements
--   lifetime_engagements [interactions]: reposts + comments + likes so far, those that a source can give
--   engagement_kinds [text]: the kinds that lifetime_engagements holds
--   genuine_lifetime_reposts [reposts]: reposts so far without those of likely phantoms
--   genuine_lifetime_comments [comments]: comments so far without those of likely phantoms
--   genuine_lifetime_likes [likes]: likes so far without those of likely phantoms
--   genuine_lifetime_engagements [interactions]: engagements so far without those of likely phantoms
--   genuine_lifetime_engagements_low [interactions]: low end of the 95 % interval of what is genuine of lifetime_engagements; null where no account is known
--   genuine_lifetime_engagements_high [interactions]: high end of that interval
--   known_lifetime_engagements [interactions]: lifetime_engagements of accounts of which more than a name is known
--   estimated_genuine_engagements [interactions]: what is genuine of platform_engagements by what was collected, less what the score likely misses; null where fewer than half are of known accounts
--   estimated_genuine_engagements_low [interactions]: low end of its 95 % interval, for errors of the score, unknown accounts, and what nobody collected
--   estimated_genuine_engagements_high [interactions]: high end of that interval
--   engagements_1h [interactions; post day]: engagements in the first hour after publication
--   engagements_24h [interactions; post day]: engagements in the first 24 hours
--   engagements_7d [interactions; post day]: engagements in the first 7 days
--   genuine_engagements_1h [interactions; post day]: the same without likely phantoms
--   genuine_engagements_24h [interactions; post day]: the same without likely phantoms
--   genuine_engagements_7d [interactions; post day]: the same without likely phantoms
--   account_followers [followers]: followers of who posted, of the profile read nearest to the post
--   followers_observed_day [day]: the day on which that profile was read; null where its source does not say when
--   exposure [follower contacts]: followers of all its reposters so far, an account counted at each repost
--   genuine_exposure [follower contacts]: followers of its reposters that are no likely phantoms, an account counted at each repost
--   potential_reach [followers]: followers of its author and of its reposters so far, each account once; an upper bound
--   genuine_potential_reach [followers]: the same without likely phantoms
--   engagement_rate_by_followers [share]: lifetime_engagements / account_followers
--   genuine_engagement_rate_by_followers [share]: genuine_lifetime_engagements / account_followers
--   engagement_rate_by_reach [share]: lifetime_engagements / potential_reach
--   genuine_engagement_rate_by_reach [share]: genuine_lifetime_engagements / genuine_potential_reach
--   engagement_rate_by_impressions [share]: lifetime_engagements / platform_reads
--   genuine_engagement_rate_by_impressions [share]: genuine_lifetime_engagements / platform_reads
--   platform_engagement_rate_by_followers [share]: platform_engagements / account_followers
--   platform_engagement_rate_by_reach [share]: platform_engagements / potential_reach
--   platform_engagement_rate_by_impressions [share]: platform_engagements / platform_reads
--   platform_reposts [reposts]: reposts that the platform itself counts since publication, newest reading that tells them
--   platform_comments [comments]: comments that the platform itself counts since publication, newest reading that tells them
--   platform_likes [likes]: likes that the platform itself counts since publication, newest reading that tells them
--   platform_reads [reads]: reads that the platform itself counts since publication, newest reading that tells them
--   platform_engagements [interactions]: platform_reposts + platform_comments + platform_likes of the post, those that the platform counts
--   platform_engagement_kinds [text]: the kinds that platform_engagements holds
--   platform_counted_at [time in UTC]: moment of the newest of these readings; null where none tells it
--   platform_collected [interactions]: what was collected row by row of platform_engagements: of the same kinds, up to the day of the reading
--   completeness [share]: platform_collected / platform_engagements, at most 1; null where the platform counts nothing
--   clicks [clicks; activity day]: clicks on its tracked links; null where none were told of the campaign, and of codes without an address
--   orders [orders; activity day]: orders by its tracked links; null where none were told of the campaign
--   priced_orders [orders; activity day]: of orders those whose amount is told
--   revenue [currency; activity day]: sum of the amounts of priced_orders; null where they are in several currencies
--   revenue_currency [text]: in which currency
-- metrics:
--   lifetime_engagements: KAWO post metrics | grows as long as days are added
--   engagements_24h: common usage | the same for 1 hour and 7 days
--   platform_engagements: KAWO help centre | counts since publication, deleted and hidden interactions included
--   exposure: sunbookie 曝光量 | not deduplicated; never a number of people

with

drawn as (
    select
        campaign_id,
        platform,
        root_post_id,
        count(*) filter (where kind = 'repost') as reposts,
        count(*) filter (where kind = 'comment') as comments,
        count(*) filter (where kind = 'like') as likes,
        count(*) filter (where kind <> 'mention') as engagements,
        -- Of how many it is known who acted.
        count(account_id) filter (where kind = 'repost') as known_reposts,
        count(account_id) filter (where kind = 'comment') as known_comments,
        count(account_id) filter (where kind = 'like') as known_likes,
        count(account_id) filter (where kind <> 'mention') as known_engagements,
        count(followers_count) filter (where kind = 'repost') as known_followers,
        cast(coalesce(sum(followers_count) filter (where kind = 'repost'), 0) as bigint)
            as exposure,
        cast(
            coalesce(
                sum(followers_count) filter (where kind = 'repost' and is_genuine), 0
            ) as bigint
        ) as genuine_exposure,
        count(*) filter (where kind = 'repost' and is_genuine) as genuine_reposts,
        count(*) filter (where kind = 'comment' and is_genuine) as genuine_comments,
        count(*) filter (where kind = 'like' and is_genuine) as genuine_likes,
        count(*) filter (where kind <> 'mention' and is_genuine) as genuine_engagements,
        count(*) filter (where kind <> 'mention' and age_seconds <= 3600)
            as engagements_1h,
        count(*) filter (where kind <> 'mention' and age_seconds <= 86400)
            as engagements_24h,
        count(*) filter (where kind <> 'mention' and age_seconds <= 604800)
            as engagements_7d,
        count(*) filter (where kind <> 'mention' and is_genuine and age_seconds <= 3600)
            as genuine_engagements_1h,
        count(*) filter (
            where kind <> 'mention' and is_genuine and age_seconds <= 86400
        ) as genuine_engagements_24h,
        count(*) filter (
            where kind <> 'mention' and is_genuine and age_seconds <= 604800
        ) as genuine_engagements_7d
    from intermediate.campaign_interactions
    group by campaign_id, platform, root_post_id
),

mentioned as (
    select
        interactions.campaign_id,
        interactions.platform,
        interactions.root_post_id,
        count(*) as mentions
    from intermediate.campaign_interactions as interactions
    inner join meta.campaigns as campaigns
        on interactions.campaign_id = campaigns.campaign_id
    inner join intermediate.brand_mentions as mentions
        on
            campaigns.brand_id = mentions.brand_id
            and interactions.platform = mentions.platform
            and mentions.text_key
            = case
                when
                    interactions.kind = 'comment'
                    or mentions_are_comments(interactions.platform)
                    then 'comment:'
                else 'post:'
            end || interactions.interaction_id
    where interactions.kind <> 'like'
    group by
        interactions.campaign_id, interactions.platform, interactions.root_post_id
),

counted as (
    select
        campaign_id,
        platform,
        post_id,
        max(lifetime_count) filter (where kind = 'repost') as reposts,
        max(lifetime_count) filter (where kind = 'comment') as comments,
        max(lifetime_count) filter (where kind = 'like') as likes,
        max(lifetime_count) filter (where kind = 'read') as reads,
        cast(sum(lifetime_count) filter (where kind <> 'read') as bigint)
            as engagements,
        max(lifetime_counted_at) as counted_at,
        cast(sum(lifetime_collected) filter (where kind <> 'read') as bigint)
            as collected
    from intermediate.campaign_counters
    group by campaign_id, platform, post_id
),

reached as (
    select
        campaign_id,
        platform,
        post_id,
        cast(sum(lifetime_followers) as bigint) as potential_reach,
        cast(
            sum(case when is_genuine then coalesce(lifetime_followers, 0) else 0 end)
            as bigint
        ) as genuine_potential_reach
    from intermediate.campaign_audiences
    group by campaign_id, platform, post_id
),

-- What could have been collected: of other kinds nothing is known.
kinds as (
    select
        campaign_id,
        platform,
        post_id,
        bool_or(kind = 'repost') as reposts,
        bool_or(kind = 'comment') as comments,
        bool_or(kind = 'like') as likes
    from intermediate.campaign_kinds
    group by campaign_id, platform, post_id
),

bounds as (
    select *
    from intermediate.campaign_bounds
    where scope = 'post'
),

-- Null where nothing is known, 0 where it is known that nothing happened.
totals as (
    select
        posts.*,
        case when kinds.reposts then coalesce(drawn.reposts, 0) end as reposts,
        case when kinds.comments then coalesce(drawn.comments, 0) end as comments,
        case when kinds.likes then coalesce(drawn.likes, 0) end as likes,
        case when kinds.post_id is not null then coalesce(drawn.engagements, 0) end
            as engagements,
        concat_ws(
            ', ',
            case when kinds.reposts then 'reposts' end,
            case when kinds.comments then 'comments' end,
            case when kinds.likes then 'likes' end
        ) as engagement_kinds,
        coalesce(drawn.reposts, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(drawn.known_reposts, 0) > 0)
            as knows_reposters,
        coalesce(drawn.comments, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(drawn.known_comments, 0) > 0)
            as knows_commenters,
        coalesce(drawn.likes, 0) = 0
        or (coalesce(bounds.is_told, true) and coalesce(drawn.known_likes, 0) > 0)
            as knows_likers,
        kinds.post_id is not null
        and (
            coalesce(drawn.known_engagements, 0) > 0
            or coalesce(drawn.engagements, 0) = 0
        ) as knows_some,
        kinds.post_id is not null
        and coalesce(bounds.is_told, true)
        and (
            coalesce(drawn.known_engagements, 0) > 0
            or coalesce(drawn.engagements, 0) = 0
        ) as knows_accounts,
        coalesce(kinds.reposts, false)
        and (coalesce(drawn.known_followers, 0) > 0 or coalesce(drawn.reposts, 0) = 0)
            as knows_followers,
        kinds.post_id is not null and posts.posted_at is not null as knows_ages,
        authors.followers_count as account_followers,
        authors.followers_day as followers_observed_day,
        reached.potential_reach,
        case
            when reached.potential_reach is not null
                then reached.genuine_potential_reach
        end as genuine_potential_reach
    from intermediate.campaign_posts as posts
    left join drawn
        on
            posts.campaign_id = drawn.campaign_id
            and posts.platform = drawn.platform
            and posts.post_id = drawn.root_post_id
    left join kinds
        on
            posts.campaign_id = kinds.campaign_id
            and posts.platform = kinds.platform
            and posts.post_id = kinds.post_id
    left join bounds
        on
            posts.campaign_id = bounds.campaign_id
            and posts.platform = bounds.platform
            and posts.post_id = bounds.post_id
    left join intermediate.campaign_authors as authors
        on
            posts.campaign_id = authors.campaign_id
            and posts.platform = authors.platform
            and posts.post_id = authors.post_id
    left join reached
        on
            posts.campaign_id = reached.campaign_id
            and posts.platform = reached.platform
            and posts.post_id = reached.post_id
),

genuine as (
    select
        totals.campaign_id,
        totals.platform,
        totals.post_id,
        case
            when totals.reposts is not null and totals.knows_reposters
                then coalesce(drawn.genuine_reposts, 0)
        end as reposts,
        case
            when totals.comments is not null and totals.knows_commenters
                then coalesce(drawn.genuine_comments, 0)
        end as comments,
        case
            when totals.likes is not null and totals.knows_likers
                then coalesce(drawn.genuine_likes, 0)
        end as likes,
        case when totals.knows_accounts then coalesce(drawn.genuine_engagements, 0) end
            as engagements
    from totals
    left join drawn
        on
            totals.campaign_id = drawn.campaign_id
            and totals.platform = drawn.platform
            and totals.post_id = drawn.root_post_id
),

-- What stands before a post's id where its network shows it.
addresses as (
    select
        unnest($post_networks) as platform,
        unnest($post_addresses) as prefix
),

-- Public by what they are, and by what the policy says. Whoever else posted stays
-- unnamed: a post would tell of a person.
public_authors as (
    select
        campaigns.campaign_id,
        owned.platform,
        owned.account_id
    from meta.campaigns as campaigns
    inner join meta.brand_accounts as owned
        on
            case
                when campaigns.brand_id = owned.brand_id
                    then list_contains($named_authors, 'own')
                else list_contains($named_authors, 'competitors')
            end
    union
    select
        campaign_id,
        platform,
        account_id
    from meta.partner_accounts
    where list_contains($named_authors, 'partners')
    union
    select
        totals.campaign_id,
        totals.platform,
        totals.account_id
    from totals
    inner join intermediate.account_profiles as verified
        on
            totals.platform = verified.platform
            and totals.account_id = verified.account_id
    where
        list_contains($named_authors, 'organisations')
        and verified.is_verified
        and list_contains(
            $organisations, verified.platform || ':' || verified.verified_type
        )
)

select
    posts.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    campaigns.window_start,
    campaigns.window_end,
    posts.platform,
    posts.post_key,
    case when posts.is_named then posts.post_id end as post_id,
    case when posts.is_named then addresses.prefix || url_encode(posts.post_id) end
        as post_address,
    case
        when
            exists (
                select owned.brand_id
                from meta.brand_accounts as owned
                where
                    owned.platform = posts.platform
                    and owned.account_id = posts.account_id
            )
            then accounts.account_key
    end as account_key,
    case when public_authors.account_id is not null then profiles.screen_name end
        as author_name,
    posts.rule as attribution_rule,
    classes.post_class,
    case when classes.post_class in ('paid', 'owned') then said.text end as post_text,
    case
        when classes.post_class in ('paid', 'owned')
            then
                case
                    when said.media_kind = 'none' and len(said.links) > 0 then 'link'
                    else said.media_kind
                end
    end as media_kind,
    case when classes.post_class in ('paid', 'owned') then said.media_count end
        as media_count,
    case
        when classes.post_class in ('paid', 'owned') and said.post_id is not null
            then coalesce(said.hashtags, [])
    end as hashtags,
    case
        when classes.post_class in ('paid', 'owned') and said.post_id is not null
            then array_to_string(coalesce(said.hashtags, []), ', ')
    end as hashtags_text,
    posts.post_day,
    posts.posted_at,
    posts.reposts as lifetime_reposts,
    posts.comments as lifetime_comments,
    posts.likes as lifetime_likes,
    coalesce(mentioned.mentions, 0) as lifetime_mentions,
    posts.engagements as lifetime_engagements,
    posts.engagement_kinds,
    genuine.reposts as genuine_lifetime_reposts,
    genuine.comments as genuine_lifetime_comments,
    genuine.likes as genuine_lifetime_likes,
    genuine.engagements as genuine_lifetime_engagements,
    case
        when posts.knows_some and bounds.campaign_id is null then 0
        when posts.knows_some then bounds.acts_low
    end as genuine_lifetime_engagements_low,
    case
        when posts.knows_some and bounds.campaign_id is null then 0
        when posts.knows_some then bounds.acts_high
    end as genuine_lifetime_engagements_high,
    coalesce(bounds.known_acts, 0) as known_lifetime_engagements,
    bounds.whole as estimated_genuine_engagements,
    bounds.whole_low as estimated_genuine_engagements_low,
    bounds.whole_high as estimated_genuine_engagements_high,
    case when posts.knows_ages then coalesce(drawn.engagements_1h, 0) end
        as engagements_1h,
    case when posts.knows_ages then coalesce(drawn.engagements_24h, 0) end
        as engagements_24h,
    case when posts.knows_ages then coalesce(drawn.engagements_7d, 0) end
        as engagements_7d,
    case
        when posts.knows_ages and posts.knows_accounts
            then coalesce(drawn.genuine_engagements_1h, 0)
    end as genuine_engagements_1h,
    case
        when posts.knows_ages and posts.knows_accounts
            then coalesce(drawn.genuine_engagements_24h, 0)
    end as genuine_engagements_24h,
    case
        when posts.knows_ages and posts.knows_accounts
            then coalesce(drawn.genuine_engagements_7d, 0)
    end as genuine_engagements_7d,
    posts.account_followers,
    posts.followers_observed_day,
    case when posts.knows_followers then coalesce(drawn.exposure, 0) end as exposure,
    case when posts.knows_followers then coalesce(drawn.genuine_exposure, 0) end
        as genuine_exposure,
    posts.potential_reach,
    posts.genuine_potential_reach,
    round(posts.engagements / nullif(posts.account_followers, 0), 6)
        as engagement_rate_by_followers,
    round(genuine.engagements / nullif(posts.account_followers, 0), 6)
        as genuine_engagement_rate_by_followers,
    round(posts.engagements / nullif(posts.potential_reach, 0), 6)
        as engagement_rate_by_reach,
    round(genuine.engagements / nullif(posts.genuine_potential_reach, 0), 6)
        as genuine_engagement_rate_by_reach,
    round(posts.engagements / nullif(counted.reads, 0), 6)
        as engagement_rate_by_impressions,
    round(genuine.engagements / nullif(counted.reads, 0), 6)
        as genuine_engagement_rate_by_impressions,
    round(counted.engagements / nullif(posts.account_followers, 0), 6)
        as platform_engagement_rate_by_followers,
    round(counted.engagements / nullif(posts.potential_reach, 0), 6)
        as platform_engagement_rate_by_reach,
    round(counted.engagements / nullif(counted.reads, 0), 6)
        as platform_engagement_rate_by_impressions,
    counted.reposts as platform_reposts,
    counted.comments as platform_comments,
    counted.likes as platform_likes,
    counted.reads as platform_reads,
    counted.engagements as platform_engagements,
    concat_ws(
        ', ',
        case when counted.reposts is not null then 'reposts' end,
        case when counted.comments is not null then 'comments' end,
        case when counted.likes is not null then 'likes' end
    ) as platform_engagement_kinds,
    counted.counted_at as platform_counted_at,
    counted.collected as platform_collected,
    case
        when counted.engagements > 0
            then round(least(counted.collected / counted.engagements, 1), 6)
    end as completeness,
    sales.clicks,
    sales.orders,
    sales.priced_orders,
    sales.revenue,
    sales.revenue_currency
from totals as posts
inner join meta.campaigns as campaigns
    on posts.campaign_id = campaigns.campaign_id
inner join intermediate.campaign_post_classes as classes
    on
        posts.campaign_id = classes.campaign_id
        and posts.platform = classes.platform
        and posts.post_id = classes.post_id
inner join genuine
    on
        posts.campaign_id = genuine.campaign_id
        and posts.platform = genuine.platform
        and posts.post_id = genuine.post_id
left join drawn
    on
        posts.campaign_id = drawn.campaign_id
        and posts.platform = drawn.platform
        and posts.post_id = drawn.root_post_id
left join bounds
    on
        posts.campaign_id = bounds.campaign_id
        and posts.platform = bounds.platform
        and posts.post_id = bounds.post_id
left join staging.posts as said
    on
        posts.platform = said.platform
        and posts.post_id = said.post_id
left join addresses on posts.platform = addresses.platform
left join mentioned
    on
        posts.campaign_id = mentioned.campaign_id
        and posts.platform = mentioned.platform
        and posts.post_id = mentioned.root_post_id
left join intermediate.accounts as accounts
    on
        posts.platform = accounts.platform
        and posts.account_id = accounts.account_id
left join public_authors
    on
        posts.campaign_id = public_authors.campaign_id
        and posts.platform = public_authors.platform
        and posts.account_id = public_authors.account_id
left join intermediate.account_profiles as profiles
    on
        posts.platform = profiles.platform
        and posts.account_id = profiles.account_id
left join counted
    on
        posts.campaign_id = counted.campaign_id
        and posts.platform = counted.platform
        and posts.post_id = counted.post_id
left join intermediate.sales_sums as sales
    on
        posts.campaign_id = sales.campaign_id
        and posts.platform = sales.platform
        and posts.post_id = sales.post_id
        and sales.scope = 'post'
