-- What kind of accounts an audience is made of: of those that engaged in a campaign between
-- its first and last day, and, where campaign_id is null, of those that engaged with a
-- brand's posts on covered days or follow it. Values of fewer than policies.min_cell
-- accounts stand together as "other"; an audience of fewer is not told.
--
-- grain: brand_id, campaign_id?, audience, dimension, value
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   audience [text]: engagers or followers
--   dimension [text]: platform, region (the first word of the place that a profile names), gender, verification, influence_level (as in accounts),
--     registered_year, client (the app of its newest post) or hour (in which it engaged, 00 to 23 in the workspace's time zone; an account is in each of its hours)
--   value [text]: of the dimension; unknown: nobody says it; other: values of too few accounts
--   accounts [accounts]: accounts of which this is told
--   audience_accounts [accounts]: accounts in the audience
--   told_accounts [accounts]: accounts in the audience of which the dimension is known
--   share_of_told [share]: accounts / told_accounts; null for unknown
--   genuine_account_share [share]: accounts that are no likely phantoms / accounts, to the next twentieth; null under four times policies.min_cell accounts,
--     where fewer than half are known by more than a name, and where it would call nearly everybody of a kind a likely phantom
-- metrics:
--   share_of_told: this project | profiles say what people write there; many say nothing
--   genuine_account_share: this project | as good as the phantom score, no surer than genuine_engaged_accounts and its interval; a twentieth is how finely it may be told without telling of persons

with

-- Each account once, with the hours in which it acted as bits of a number.
members as (
    select
        brand_id,
        cast(null as varchar) as campaign_id,
        'engagers' as audience,
        platform,
        account_id,
        bit_or(case when activity_hour is null then 0 else 1 << activity_hour end)
            as hours
    from intermediate.brand_interactions
    where act = 'engagement' and account_id is not null
    group by brand_id, platform, account_id
    union all
    select
        campaigns.brand_id,
        acts.campaign_id,
        'engagers' as audience,
        acts.platform,
        acts.account_id,
        bit_or(
            case when acts.activity_hour is null then 0 else 1 << acts.activity_hour end
        ) as hours
    from intermediate.campaign_interactions as acts
    inner join meta.campaigns as campaigns
        on acts.campaign_id = campaigns.campaign_id
    where acts.is_in_window and acts.kind <> 'mention' and acts.account_id is not null
    group by campaigns.brand_id, acts.campaign_id, acts.platform, acts.account_id
    union all
    select
        brand_id,
        cast(null as varchar) as campaign_id,
        audience,
        platform,
        account_id,
        0 as hours
    from intermediate.audience_members
    where audience = 'followers'
),

judged as (
    select
        members.brand_id,
        members.campaign_id,
        members.audience,
        members.platform,
        members.hours,
        traits.region,
        traits.gender,
        traits.verification,
        traits.influence_level,
        traits.registered_year,
        traits.client,
        coalesce(accounts.is_genuine, false) as is_genuine,
        coalesce(accounts.shown <> 'name' or accounts.score_bin > 0, false)
            as has_profile
    from members
    left join intermediate.account_traits as traits
        on
            members.platform = traits.platform
            and members.account_id = traits.account_id
    left join intermediate.accounts as accounts
        on
            members.platform = accounts.platform
            and members.account_id = accounts.account_id
),

by_hours as (
    select
        brand_id,
        campaign_id,
        audience,
        hours,
        is_genuine,
        has_profile,
        count(*) as accounts
    from judged
    where hours > 0
    group by brand_id, campaign_id, audience, hours, is_genuine, has_profile
),

-- Accounts that are alike in all of it, so that few rows are told by dimension.
alike as (
    select
        brand_id,
        campaign_id,
        audience,
        platform,
        region,
        gender,
        verification,
        influence_level,
        registered_year,
        client,
        is_genuine,
        has_profile,
        count(*) as accounts
    from judged
    group by
        brand_id,
        campaign_id,
        audience,
        platform,
        region,
        gender,
        verification,
        influence_level,
        registered_year,
        client,
        is_genuine,
        has_profile
),

told_of as (
    select
        brand_id,
        campaign_id,
        audience,
        is_genuine,
        has_profile,
        accounts,
        unnest([
            struct_pack(dimension := 'platform', value := platform),
            struct_pack(dimension := 'region', value := region),
            struct_pack(dimension := 'gender', value := gender),
            struct_pack(dimension := 'verification', value := verification),
            struct_pack(dimension := 'influence_level', value := influence_level),
            struct_pack(dimension := 'registered_year', value := registered_year),
            struct_pack(dimension := 'client', value := client)
        ]) as cell
    from alike
    union all
    select
        by_hours.brand_id,
        by_hours.campaign_id,
        by_hours.audience,
        by_hours.is_genuine,
        by_hours.has_profile,
        by_hours.accounts,
        struct_pack(
            dimension := 'hour', value := lpad(cast(hours.hour as varchar), 2, '0')
        ) as cell
    from by_hours
    inner join range(24) as hours (hour)
        on by_hours.hours & (1 << hours.hour) > 0
),

cells as (
    select
        brand_id,
        campaign_id,
        audience,
        cell.dimension as dimension,
        coalesce(cell.value, 'unknown') as value,
        cell.value is not null as is_known,
        cast(sum(accounts) as bigint) as accounts,
        cast(coalesce(sum(accounts) filter (where is_genuine), 0) as bigint)
            as genuine_accounts,
        cast(coalesce(sum(accounts) filter (where has_profile), 0) as bigint)
            as profiles
    from told_of
    group by
        brand_id,
        campaign_id,
        audience,
        cell.dimension,
        coalesce(cell.value, 'unknown'),
        cell.value is not null
),

-- Values of too few accounts stand together; where these are too few as well, the
-- smallest value of enough joins them.
ranked as (
    select
        *,
        sum(case when accounts < $min_cell then accounts else 0 end)
            over (partition by brand_id, campaign_id, audience, dimension, is_known)
            as left_over,
        row_number() over (
            partition by
                brand_id,
                campaign_id,
                audience,
                dimension,
                is_known,
                accounts < $min_cell
            order by accounts asc, value asc
        ) as place
    from cells
),

folded as (
    select
        brand_id,
        campaign_id,
        audience,
        dimension,
        case
            when
                is_known
                and dimension <> 'hour'
                and (
                    accounts < $min_cell
                    or (place = 1 and left_over between 1 and $min_cell - 1)
                )
                then 'other'
            else value
        end as value,
        is_known,
        accounts,
        genuine_accounts,
        profiles
    from ranked
),

sizes as (
    select
        brand_id,
        campaign_id,
        audience,
        count(*) as accounts
    from members
    group by brand_id, campaign_id, audience
),

told as (
    select
        brand_id,
        campaign_id,
        audience,
        dimension,
        value,
        cast(sum(accounts) as bigint) as accounts,
        cast(sum(genuine_accounts) as bigint) as genuine_accounts,
        cast(sum(profiles) as bigint) as profiles
    from folded
    group by brand_id, campaign_id, audience, dimension, value
),

known as (
    select
        brand_id,
        campaign_id,
        audience,
        dimension,
        cast(sum(accounts) filter (where is_known) as bigint) as accounts
    from cells
    where dimension <> 'hour'
    group by brand_id, campaign_id, audience, dimension
    union all
    select
        brand_id,
        campaign_id,
        audience,
        'hour' as dimension,
        cast(sum(accounts) as bigint) as accounts
    from by_hours
    group by brand_id, campaign_id, audience
)

select
    told.brand_id,
    brands.brand_name,
    told.campaign_id,
    campaigns.campaign_name,
    told.audience,
    told.dimension,
    told.value,
    told.accounts,
    sizes.accounts as audience_accounts,
    coalesce(known.accounts, 0) as told_accounts,
    case
        when told.value <> 'unknown' then round(told.accounts / known.accounts, 6)
    end as share_of_told,
    case
        when
            told.accounts >= 4 * $min_cell
            and 2 * told.profiles >= told.accounts
            and (told.accounts - told.genuine_accounts) * $min_cell
            <= greatest($min_cell - 1, 1) * told.accounts
            then round(20 * told.genuine_accounts / told.accounts) / 20
    end as genuine_account_share
from told
inner join meta.brands as brands on told.brand_id = brands.brand_id
left join meta.campaigns as campaigns on told.campaign_id = campaigns.campaign_id
inner join sizes
    on
        told.brand_id = sizes.brand_id
        and told.campaign_id is not distinct from sizes.campaign_id
        and told.audience = sizes.audience
inner join known
    on
        told.brand_id = known.brand_id
        and told.campaign_id is not distinct from known.campaign_id
        and told.audience = known.audience
        and told.dimension = known.dimension
where sizes.accounts >= $min_cell and told.accounts >= $min_cell
