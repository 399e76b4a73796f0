-- A paid partner in a campaign: what it promised and was paid, and what its posts drew in
-- their life so far, over the activity days that are covered, whether or not the campaign
-- has ended. Partners stand with the id and name that workspace.toml gives them.
--
-- grain: campaign_id, partner_id
-- params: $min_cell, $time_zone
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   window_start [day]: first day of the campaign
--   window_end [day]: last day of the campaign
--   partner_id [id]: the partner's id in workspace.toml; no pseudonym
--   partner_name [text]: its name there, else its id; no pseudonym
--   platform [text]: the network
--   posts [posts]: its paid posts that belong to the campaign: those listed, else those of its account, on its days where it has some
--   missing_posts [posts]: of these the ones that are listed and of which no source gave the post
--   fee_amount [currency]: what it was paid for them
--   fee_currency [text]: in which currency
--   promised_engagements [interactions]: what it promised that its posts would draw
--   promised_reach [people]: how many people it promised to reach
--   lifetime_engagements [interactions]: reposts + comments + likes of its posts so far, as collected, those that a source can give
--   engagement_kinds [text]: the kinds that lifetime_engagements of its posts holds
--   platform_engagements [interactions]: reposts + comments + likes that the platform itself counts of its posts since publication, newest readings, those that the platform counts
--   platform_counted_posts [posts]: its posts of which the platform counts engagements
--   platform_counted_since [time in UTC]: moment of the oldest of these readings of its posts; null where one does not tell it
--   platform_counted_at [time in UTC]: moment of the newest of these readings of its posts; null where none tells it
--   platform_reads [reads]: reads that the platform itself counts of its posts since publication; null where it tells none of one of them
--   platform_collected [interactions]: what was collected row by row of platform_engagements of its posts: of the same posts and kinds, up to the day of the reading
--   completeness [share]: platform_collected / platform_engagements of its posts, at most 1; null where the platform counts nothing
--   genuine_lifetime_engagements [interactions]: engagements of its posts so far without those of likely phantoms and hidden accounts; null where most accounts are unknown or too few
--   genuine_lifetime_engagements_low [interactions]: low end of its 95 % interval, for errors of the score and for unknown accounts; null where no account is known
--   genuine_lifetime_engagements_high [interactions]: high end of that interval
--   known_lifetime_engagements [interactions]: engagements of its posts by accounts known by more than a name
--   estimated_genuine_engagements [interactions]: what is genuine of platform_engagements of its posts, less what the score likely misses; null where most accounts are unknown
--   estimated_genuine_engagements_low [interactions]: low end of its 95 % interval, for errors of the score, unknown accounts, and what nobody collected
--   estimated_genuine_engagements_high [interactions]: high end of that interval
--   genuine_share [share]: genuine_lifetime_engagements / lifetime_engagements
--   genuine_share_low [share]: low end of its 95 % interval
--   genuine_share_high [share]: high end of that interval
--   engaged_accounts [accounts]: accounts that engaged with its posts so far; null where these are fewer than policies.min_cell, as all that is told of them
--   genuine_engaged_accounts [accounts]: accounts that engaged with its posts and are no likely phantoms
--   phantom_share [share]: likely phantoms among accounts that engaged with its posts
--   phantom_share_low [share]: low end of the 95 % interval of likely phantoms among accounts that engaged with its posts
--   phantom_share_high [share]: high end of that interval
--   unpaid_engaged_accounts [accounts]: accounts that engaged so far with posts of the same campaign that no partner was paid for, by the brand or by others
--   unpaid_phantom_share [share]: likely phantoms among unpaid_engaged_accounts
--   unpaid_phantom_share_low [share]: low end of its 95 % interval
--   unpaid_phantom_share_high [share]: high end of that interval
--   owned_engaged_accounts [accounts]: accounts that engaged with posts of the campaign by the brand's own accounts
--   owned_phantom_share [share]: likely phantoms among owned_engaged_accounts
--   earned_engaged_accounts [accounts]: accounts that engaged with posts of the campaign by others, who are not paid
--   earned_phantom_share [share]: likely phantoms among earned_engaged_accounts
--   phantom_excess [share]: phantom_share - unpaid_phantom_share; null where one of them has fewer than 30 accounts or most are unknown
--   phantom_excess_low [share]: phantom_excess less three standard errors, for chance and for how much unpaid posts of the campaign differ among themselves
--   first_hour_share [share]: engagements of its posts within an hour after publication, of those that are timed to the minute; null where these are fewer than half
--   unpaid_first_hour_share [share]: the same of the campaign's unpaid posts
--   burst_share [share]: engagements in the densest ten minutes of each of its posts, of those that are timed to the minute; null where these are fewer than half
--   unpaid_burst_share [share]: the same of the campaign's unpaid posts
--   operators [groups]: operators of whom two accounts or more engaged with its posts
--   operated_accounts [accounts]: their accounts that did; null where these are fewer than policies.min_cell
--   coordinated_groups [groups]: coordinated groups of which two accounts or more engaged with its posts
--   coordinated_accounts [accounts]: their accounts that did; null where these are fewer than policies.min_cell
--   coordinated_share [share]: coordinated_accounts / engaged_accounts
--   unpaid_coordinated_share [share]: the same of the campaign's unpaid posts
--   cost_per_engagement [currency]: fee_amount / lifetime_engagements
--   cost_per_platform_engagement [currency]: fee_amount / platform_engagements
--   cost_per_genuine_engagement [currency]: fee_amount / genuine_lifetime_engagements
--   cost_per_estimated_genuine_engagement [currency]: fee_amount / estimated_genuine_engagements
--   clicks [clicks]: clicks on its tracked links; null where none were told of the campaign, and of codes without an address
--   orders [orders]: orders by its tracked links; null where none were told of the campaign
--   priced_orders [orders]: of orders those whose amount is told
--   revenue [currency]: sum of the amounts of priced_orders; null where they are in several currencies
--   revenue_currency [text]: in which currency
--   cost_per_click [currency]: fee_amount / clicks
--   cost_per_order [currency]: fee_amount / orders
--   return_on_spend [revenue per cost]: revenue / fee_amount; null where an order has no amount, or another currency than the fee
--   genuine_rank [place, 1 the first]: place by genuine_share among the campaign's partners that have one
--   genuine_rank_best [place, 1 the first]: the best place that the intervals of genuine_share allow
--   genuine_rank_worst [place, 1 the first]: the worst one; the place is certain where both are the same
--   ranked_partners [partners]: partners of the campaign that have a genuine_share
--   platform_promise_met [text]: whether the platform counts what was promised: yes, no, can't tell (not all kinds of all posts were read after the campaign); null without a promise
--   promise_met [text]: whether as many genuine ones came: yes (the low end of the interval reaches it), no (the high end does not), can't tell; null where none were promised
--   reach_promise_met [text]: whether the promised reach came: no (fewer reads than that) or can't tell (reads are no people); null where none was promised
--   claim_grounds [text]: what supports a claim: shortfall (platform_promise_met is no), phantoms (phantom_excess is .1 or more, phantom_excess_low above 0); empty if nothing; null if untold
-- metrics:
--   lifetime_engagements: KAWO post metrics | grows as long as days are added; an account's acts on two partners' posts count for both
--   platform_engagements: KAWO help centre | counts since publication, deleted and hidden interactions included; posts without a reading are left out
--   genuine_lifetime_engagements: Forman 2008, adjusted classify and count, with rates drawn | its interval holds as far as phantoms hide no better than those of labelled accounts and planted worlds
--   phantom_excess: DerSimonian and Laird 1986, variance between posts | that phantoms came does not say who sent them
--   genuine_rank: this project | as good as the phantom score
--   cost_per_engagement: common usage | the whole fee, whatever part of the posts' life is covered
--   cost_per_click: common usage | the whole fee, against clicks on tracked links alone
--   cost_per_order: common usage | the whole fee, against orders by tracked links alone: at most this
--   return_on_spend: common usage, ROAS | revenue, no profit; orders by tracked links alone: at least this

with

sets as (
    select
        campaign_id,
        post_set,
        partner_id,
        cast(sum(acts) as bigint) as engagements,
        cast(sum(genuine_acts) as bigint) as genuine_engagements,
        cast(sum(accounts) as bigint) as accounts,
        cast(sum(genuine_accounts) as bigint) as genuine_accounts
    from intermediate.partner_scores
    group by campaign_id, post_set, partner_id
),

shares as (
    select
        sets.campaign_id,
        sets.post_set,
        sets.partner_id,
        sets.engagements,
        sets.genuine_engagements,
        case when sets.accounts >= $min_cell then sets.accounts end as accounts,
        case when bounds.is_told then sets.genuine_accounts end as genuine_accounts,
        bounds.known_acts,
        bounds.is_told,
        bounds.acts_low,
        bounds.acts_high,
        bounds.accounts_low,
        bounds.accounts_high
    from sets
    inner join intermediate.partner_bounds as bounds
        on
            sets.campaign_id = bounds.campaign_id
            and sets.post_set = bounds.post_set
            and sets.partner_id is not distinct from bounds.partner_id
),

phantoms as (
    select
        *,
        round((accounts - genuine_accounts) / nullif(accounts, 0), 6) as phantom_share,
        round((accounts - accounts_high) / nullif(accounts, 0), 6) as phantom_share_low,
        round((accounts - accounts_low) / nullif(accounts, 0), 6) as phantom_share_high
    from shares
),

timing as (
    select
        timed.campaign_id,
        timed.post_set,
        timed.partner_id,
        round(timed.first_hour_engagements / timed.timed_engagements, 6)
            as first_hour_share,
        round(timed.burst_engagements / timed.timed_engagements, 6) as burst_share
    from intermediate.partner_timing as timed
    inner join shares
        on
            timed.campaign_id = shares.campaign_id
            and timed.post_set = shares.post_set
            and timed.partner_id is not distinct from shares.partner_id
    where timed.timed_engagements * 2 >= shares.engagements
),

behind as (
    select
        grouped.campaign_id,
        grouped.post_set,
        grouped.partner_id,
        count(*) filter (where grouped.kind = 'multiple_accounts') as operators,
        coalesce(sum(grouped.accounts) filter (where grouped.kind = 'multiple_accounts'), 0)
            as operator_accounts,
        count(*) filter (where grouped.kind = 'coordinated') as coordinated_groups,
        coalesce(sum(grouped.accounts) filter (where grouped.kind = 'coordinated'), 0)
            as coordinated_accounts
    from intermediate.partner_groups as grouped
    group by grouped.campaign_id, grouped.post_set, grouped.partner_id
),

unpaid as (
    select
        phantoms.campaign_id,
        phantoms.post_set,
        phantoms.accounts,
        phantoms.phantom_share,
        phantoms.phantom_share_low,
        phantoms.phantom_share_high,
        timing.first_hour_share,
        timing.burst_share,
        round(coalesce(behind.coordinated_accounts, 0) / phantoms.accounts, 6)
            as coordinated_share
    from phantoms
    left join timing
        on
            phantoms.campaign_id = timing.campaign_id
            and phantoms.post_set = timing.post_set
            and timing.partner_id is null
    left join behind
        on
            phantoms.campaign_id = behind.campaign_id
            and phantoms.post_set = behind.post_set
            and behind.partner_id is null
    where phantoms.partner_id is null
),

kinds as (
    select
        classes.campaign_id,
        classes.partner_id,
        concat_ws(
            ', ',
            case when bool_or(kinds.kind = 'repost') then 'reposts' end,
            case when bool_or(kinds.kind = 'comment') then 'comments' end,
            case when bool_or(kinds.kind = 'like') then 'likes' end
        ) as engagement_kinds
    from intermediate.campaign_post_classes as classes
    inner join intermediate.campaign_kinds as kinds
        on
            classes.campaign_id = kinds.campaign_id
            and classes.platform = kinds.platform
            and classes.post_id = kinds.post_id
    where classes.partner_id is not null
    group by classes.campaign_id, classes.partner_id
),

published as (
    select
        classes.campaign_id,
        classes.partner_id,
        count(*) as posts,
        count(*) - count(posts.posted_at) as missing_posts
    from intermediate.campaign_post_classes as classes
    inner join intermediate.campaign_posts as posts
        on
            classes.campaign_id = posts.campaign_id
            and classes.platform = posts.platform
            and classes.post_id = posts.post_id
    where classes.partner_id is not null
    group by classes.campaign_id, classes.partner_id
),

counted_posts as (
    select
        classes.campaign_id,
        classes.partner_id,
        classes.platform,
        classes.post_id,
        sum(counters.lifetime_count) filter (where counters.kind <> 'read')
            as engagements,
        sum(counters.lifetime_collected) filter (where counters.kind <> 'read')
            as collected,
        sum(counters.lifetime_count) filter (where counters.kind = 'read') as reads,
        min(counters.lifetime_counted_at) filter (where counters.kind <> 'read')
            as counted_since,
        max(counters.lifetime_counted_at) filter (where counters.kind <> 'read')
            as counted_at,
        count(*) filter (where counters.kind <> 'read') as kinds,
        count(*) filter (
            where counters.kind <> 'read' and counters.lifetime_counted_at is null
        ) as undated
    from intermediate.campaign_post_classes as classes
    inner join intermediate.campaign_counters as counters
        on
            classes.campaign_id = counters.campaign_id
            and classes.platform = counters.platform
            and classes.post_id = counters.post_id
    where classes.partner_id is not null
    group by
        classes.campaign_id, classes.partner_id, classes.platform, classes.post_id
),

counted as (
    select
        campaign_id,
        partner_id,
        cast(sum(engagements) as bigint) as engagements,
        cast(sum(collected) as bigint) as collected,
        cast(sum(reads) as bigint) as reads,
        count(reads) as posts_with_reads,
        count(engagements) as posts,
        min(kinds) as kinds,
        case when sum(undated) = 0 then min(counted_since) end as counted_since,
        max(counted_at) as counted_at
    from counted_posts
    group by campaign_id, partner_id
),

totals as (
    select
        partners.campaign_id,
        partners.partner_id,
        partners.partner_name,
        partners.platform,
        partners.fee_amount,
        partners.fee_currency,
        partners.promised_engagements,
        partners.promised_reach,
        coalesce(published.posts, 0) as posts,
        coalesce(published.missing_posts, 0) as missing_posts,
        case when kinds.partner_id is not null then coalesce(paid.engagements, 0) end
            as engagements,
        coalesce(kinds.engagement_kinds, '') as engagement_kinds,
        counted.engagements as platform_engagements,
        counted.collected as platform_collected,
        case when counted.posts_with_reads = published.posts then counted.reads end
            as platform_reads,
        coalesce(counted.posts, 0) as platform_counted_posts,
        counted.counted_since,
        counted.counted_at,
        -- Read after the campaign's last day, so that nothing of it is to come; reposts,
        -- comments and likes, so that nothing of it is left out.
        coalesce(
            counted.posts = published.posts
            and counted.kinds = 3
            and counted.counted_since
            >= cast(campaigns.window_end + interval 1 day as timestamp)
            at time zone $time_zone at time zone 'UTC',
            false
        ) as is_final,
        case
            when kinds.partner_id is null then null
            when coalesce(paid.engagements, 0) = 0 then 0
            when paid.is_told and paid.accounts is not null then paid.genuine_engagements
        end as genuine_engagements,
        case
            when kinds.partner_id is null then null
            when coalesce(paid.engagements, 0) = 0 then 0
            when paid.accounts is not null then paid.acts_low
        end as genuine_low,
        case
            when kinds.partner_id is null then null
            when coalesce(paid.engagements, 0) = 0 then 0
            when paid.accounts is not null then paid.acts_high
        end as genuine_high,
        coalesce(paid.known_acts, 0) as known_engagements,
        case when paid.accounts is not null then bounds.whole end as whole,
        case when paid.accounts is not null then bounds.whole_low end as whole_low,
        case when paid.accounts is not null then bounds.whole_high end as whole_high,
        paid.accounts,
        case when paid.accounts is not null then paid.genuine_accounts end
            as genuine_accounts,
        paid.phantom_share,
        paid.phantom_share_low,
        paid.phantom_share_high,
        timing.first_hour_share,
        timing.burst_share,
        case when paid.accounts is not null then coalesce(behind.operators, 0) end
            as operators,
        case when paid.accounts is not null then coalesce(behind.operator_accounts, 0) end
            as operator_accounts,
        case when paid.accounts is not null then coalesce(behind.coordinated_groups, 0) end
            as coordinated_groups,
        case
            when paid.accounts is not null then coalesce(behind.coordinated_accounts, 0)
        end as coordinated_accounts,
        excess.excess,
        excess.excess_low,
        excess.is_beyond
    from meta.partners as partners
    inner join meta.campaigns as campaigns on partners.campaign_id = campaigns.campaign_id
    left join published
        on
            partners.campaign_id = published.campaign_id
            and partners.partner_id = published.partner_id
    left join kinds
        on
            partners.campaign_id = kinds.campaign_id
            and partners.partner_id = kinds.partner_id
    left join counted
        on
            partners.campaign_id = counted.campaign_id
            and partners.partner_id = counted.partner_id
    left join phantoms as paid
        on
            partners.campaign_id = paid.campaign_id
            and partners.partner_id = paid.partner_id
    left join intermediate.partner_bounds as bounds
        on
            partners.campaign_id = bounds.campaign_id
            and partners.partner_id = bounds.partner_id
    left join timing
        on
            partners.campaign_id = timing.campaign_id
            and partners.partner_id = timing.partner_id
    left join behind
        on
            partners.campaign_id = behind.campaign_id
            and partners.partner_id = behind.partner_id
    left join intermediate.partner_excess as excess
        on
            partners.campaign_id = excess.campaign_id
            and partners.partner_id = excess.partner_id
),

shared as (
    select
        campaign_id,
        partner_id,
        round(genuine_engagements / nullif(engagements, 0), 6) as genuine_share,
        round(genuine_low / nullif(engagements, 0), 6) as genuine_share_low,
        round(genuine_high / nullif(engagements, 0), 6) as genuine_share_high
    from totals
),

ranked as (
    select
        own.campaign_id,
        own.partner_id,
        1 + count(*) filter (where others.genuine_share > own.genuine_share) as place,
        1 + count(*) filter (where others.genuine_share_low > own.genuine_share_high)
            as best,
        count(*)
        - count(*) filter (where others.genuine_share_high < own.genuine_share_low)
            as worst,
        count(*) as partners
    from shared as own
    inner join shared as others on own.campaign_id = others.campaign_id
    where own.genuine_share is not null and others.genuine_share is not null
    group by own.campaign_id, own.partner_id
)

select
    totals.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    campaigns.window_start,
    campaigns.window_end,
    totals.partner_id,
    totals.partner_name,
    totals.platform,
    totals.posts,
    totals.missing_posts,
    cast(totals.fee_amount as decimal(18, 4)) as fee_amount,
    totals.fee_currency,
    totals.promised_engagements,
    totals.promised_reach,
    totals.engagements as lifetime_engagements,
    totals.engagement_kinds,
    totals.platform_engagements,
    totals.platform_counted_posts,
    totals.counted_since as platform_counted_since,
    totals.counted_at as platform_counted_at,
    totals.platform_reads,
    totals.platform_collected,
    case
        when totals.platform_engagements > 0
            then
                round(
                    least(totals.platform_collected / totals.platform_engagements, 1), 6
                )
    end as completeness,
    totals.genuine_engagements as genuine_lifetime_engagements,
    totals.genuine_low as genuine_lifetime_engagements_low,
    totals.genuine_high as genuine_lifetime_engagements_high,
    totals.known_engagements as known_lifetime_engagements,
    totals.whole as estimated_genuine_engagements,
    totals.whole_low as estimated_genuine_engagements_low,
    totals.whole_high as estimated_genuine_engagements_high,
    shared.genuine_share,
    shared.genuine_share_low,
    shared.genuine_share_high,
    totals.accounts as engaged_accounts,
    totals.genuine_accounts as genuine_engaged_accounts,
    totals.phantom_share,
    totals.phantom_share_low,
    totals.phantom_share_high,
    unpaid.accounts as unpaid_engaged_accounts,
    unpaid.phantom_share as unpaid_phantom_share,
    unpaid.phantom_share_low as unpaid_phantom_share_low,
    unpaid.phantom_share_high as unpaid_phantom_share_high,
    owned.accounts as owned_engaged_accounts,
    owned.phantom_share as owned_phantom_share,
    earned.accounts as earned_engaged_accounts,
    earned.phantom_share as earned_phantom_share,
    totals.excess as phantom_excess,
    totals.excess_low as phantom_excess_low,
    totals.first_hour_share,
    unpaid.first_hour_share as unpaid_first_hour_share,
    totals.burst_share,
    unpaid.burst_share as unpaid_burst_share,
    totals.operators,
    case
        when totals.operator_accounts = 0 or totals.operator_accounts >= $min_cell
            then cast(totals.operator_accounts as bigint)
    end as operated_accounts,
    totals.coordinated_groups,
    case
        when totals.coordinated_accounts = 0 or totals.coordinated_accounts >= $min_cell
            then cast(totals.coordinated_accounts as bigint)
    end as coordinated_accounts,
    case
        when totals.coordinated_accounts = 0 or totals.coordinated_accounts >= $min_cell
            then round(totals.coordinated_accounts / totals.accounts, 6)
    end as coordinated_share,
    unpaid.coordinated_share as unpaid_coordinated_share,
    round(totals.fee_amount / nullif(totals.engagements, 0), 4) as cost_per_engagement,
    round(totals.fee_amount / nullif(totals.platform_engagements, 0), 4)
        as cost_per_platform_engagement,
    round(totals.fee_amount / nullif(totals.genuine_engagements, 0), 4)
        as cost_per_genuine_engagement,
    round(totals.fee_amount / nullif(totals.whole, 0), 4)
        as cost_per_estimated_genuine_engagement,
    sales.clicks,
    sales.orders,
    sales.priced_orders,
    sales.revenue,
    sales.revenue_currency,
    round(totals.fee_amount / nullif(sales.clicks, 0), 4) as cost_per_click,
    round(totals.fee_amount / nullif(sales.orders, 0), 4) as cost_per_order,
    case
        when
            sales.priced_orders = sales.orders
            and sales.revenue_currency = totals.fee_currency
            then round(sales.revenue / nullif(totals.fee_amount, 0), 4)
    end as return_on_spend,
    ranked.place as genuine_rank,
    ranked.best as genuine_rank_best,
    ranked.worst as genuine_rank_worst,
    coalesce(ranked.partners, 0) as ranked_partners,
    case
        when totals.promised_engagements is null then null
        when totals.platform_engagements >= totals.promised_engagements then 'yes'
        when totals.is_final then 'no'
        else 'can''t tell'
    end as platform_promise_met,
    case
        when totals.promised_engagements is null then null
        when
            coalesce(totals.whole_low, totals.genuine_low) >= totals.promised_engagements
            then 'yes'
        when totals.is_final and totals.whole_high < totals.promised_engagements
            then 'no'
        else 'can''t tell'
    end as promise_met,
    case
        when totals.promised_reach is null then null
        when totals.is_final and totals.platform_reads < totals.promised_reach then 'no'
        else 'can''t tell'
    end as reach_promise_met,
    case
        when
            totals.excess is not null
            or totals.platform_engagements >= totals.promised_engagements
            or totals.is_final and totals.promised_engagements is not null
            then
                concat_ws(
                    ', ',
                    case
                        when
                            totals.is_final
                            and totals.platform_engagements < totals.promised_engagements
                            then 'shortfall'
                    end,
                    case when totals.is_beyond then 'phantoms' end
                )
    end as claim_grounds
from totals
inner join meta.campaigns as campaigns on totals.campaign_id = campaigns.campaign_id
inner join shared
    on
        totals.campaign_id = shared.campaign_id
        and totals.partner_id = shared.partner_id
left join intermediate.sales_sums as sales
    on
        totals.campaign_id = sales.campaign_id
        and totals.partner_id = sales.partner_id
        and sales.scope = 'partner'
left join ranked
    on
        totals.campaign_id = ranked.campaign_id
        and totals.partner_id = ranked.partner_id
left join unpaid
    on totals.campaign_id = unpaid.campaign_id and unpaid.post_set = 'unpaid'
left join unpaid as owned
    on totals.campaign_id = owned.campaign_id and owned.post_set = 'owned'
left join unpaid as earned
    on totals.campaign_id = earned.campaign_id and earned.post_set = 'earned'
