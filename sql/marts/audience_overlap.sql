-- Two audiences that share policies.min_cell accounts or more: two campaigns, two brands
-- (their engagers, their followers), two paid partners, or a partner and a brand. An
-- account is in an audience once, however often it engaged. A pair that is not here shares
-- fewer accounts, or none.
--
-- grain: one_kind, one_id, other_kind, other_id
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- columns:
--   one_kind [text]: campaign (accounts that engaged in it between its first and last day), brand (that engaged with posts of its accounts),
--     brand_followers (in the lists of its followers that were read), partner (that engaged with its paid posts in a campaign, so far)
--   one_id [id]: id of the campaign, brand, or campaign and partner (joined by a colon) in workspace.toml
--   one_name [text]: its name there
--   other_kind [text]: of the second audience, the same words as one_kind; each pair stands once
--   other_id [id]: of the second audience, the same ids as one_id
--   other_name [text]: its name there
--   one_accounts [accounts]: accounts in the first audience
--   other_accounts [accounts]: accounts in the second audience
--   shared_accounts [accounts]: accounts in both
--   share_of_smaller [share]: shared_accounts / the smaller of the two audiences
--   jaccard [share]: shared_accounts / accounts in either
--   genuine_shared_accounts [accounts]: shared accounts that are no likely phantoms; null where fewer than half are known by more than a name,
--     and where these, the likely phantoms among them, or the accounts that one of the two audiences has for itself are fewer than
--     policies.min_cell, though there are some
--   genuine_share_of_smaller [share]: genuine_shared_accounts / the smaller of the two audiences without likely phantoms
--   genuine_jaccard [share]: genuine_shared_accounts / accounts in either that are no likely phantoms
-- metrics:
--   shared_accounts: this project | of what was collected: audiences that were collected in part overlap less than they do
--   share_of_smaller: Szymkiewicz and Simpson, overlap coefficient | near 1 for any small audience within a large one
--   jaccard: Jaccard 1901 | small where the audiences differ in size

with

memberships as (
    select
        'campaign' as kind,
        campaign_id as id,
        platform,
        account_id
    from intermediate.campaign_people
    where engagements > 0
    union all
    select distinct
        case when audience = 'followers' then 'brand_followers' else 'brand' end as kind,
        brand_id as id,
        platform,
        account_id
    from intermediate.audience_members
    union all
    select distinct
        'partner' as kind,
        campaign_id || ':' || partner_id as id,
        platform,
        account_id
    from intermediate.partner_engagers
    where partner_id is not null
),

members as (
    select
        memberships.kind,
        memberships.id,
        memberships.platform,
        memberships.account_id,
        coalesce(accounts.is_genuine, false) as is_genuine,
        coalesce(accounts.shown <> 'name' or accounts.score_bin > 0, false) as is_known
    from memberships
    left join intermediate.accounts as accounts
        on
            memberships.platform = accounts.platform
            and memberships.account_id = accounts.account_id
    where memberships.account_id is not null
),

sizes as (
    select
        kind,
        id,
        count(*) as accounts,
        count(*) filter (where is_genuine) as genuine_accounts
    from members
    group by kind, id
),

names as (
    select
        'campaign' as kind,
        campaign_id as id,
        campaign_name as name
    from meta.campaigns
    union all
    select
        kinds.kind,
        brands.brand_id as id,
        brands.brand_name as name
    from meta.brands as brands
    cross join (values ('brand'), ('brand_followers')) as kinds (kind)
    union all
    select
        'partner' as kind,
        campaign_id || ':' || partner_id as id,
        partner_name as name
    from meta.partners
),

shared as (
    select
        one.kind as one_kind,
        one.id as one_id,
        other.kind as other_kind,
        other.id as other_id,
        count(*) as shared_accounts,
        count(*) filter (where one.is_known) as known_shared_accounts,
        count(*) filter (where one.is_genuine) as genuine_shared_accounts
    from members as one
    inner join members as other
        on
            one.platform = other.platform
            and one.account_id = other.account_id
            and (
                (one.kind = other.kind and one.id < other.id)
                or (one.kind = 'brand' and other.kind = 'partner')
            )
    group by one.kind, one.id, other.kind, other.id
),

-- Who is told to be genuine among few, or to be no phantom's like, would be found. As the
-- parts of each audience are told by level elsewhere, what is left of it is told with these.
told as (
    select
        shared.one_kind,
        shared.one_id,
        shared.other_kind,
        shared.other_id,
        shared.shared_accounts,
        case
            when
                2 * shared.known_shared_accounts >= shared.shared_accounts
                and shared.genuine_shared_accounts >= $min_cell
                and (
                    shared.genuine_shared_accounts = shared.shared_accounts
                    or shared.shared_accounts - shared.genuine_shared_accounts
                    >= $min_cell
                )
                and (
                    one.accounts = shared.shared_accounts
                    or one.accounts - shared.shared_accounts >= $min_cell
                )
                and (
                    other.accounts = shared.shared_accounts
                    or other.accounts - shared.shared_accounts >= $min_cell
                )
                then shared.genuine_shared_accounts
        end as genuine_shared_accounts
    from shared
    inner join sizes as one
        on shared.one_kind = one.kind and shared.one_id = one.id
    inner join sizes as other
        on shared.other_kind = other.kind and shared.other_id = other.id
    where shared.shared_accounts >= $min_cell
)

select
    told.one_kind,
    told.one_id,
    one_names.name as one_name,
    told.other_kind,
    told.other_id,
    other_names.name as other_name,
    one.accounts as one_accounts,
    other.accounts as other_accounts,
    told.shared_accounts,
    round(told.shared_accounts / least(one.accounts, other.accounts), 6)
        as share_of_smaller,
    round(
        told.shared_accounts / (one.accounts + other.accounts - told.shared_accounts), 6
    ) as jaccard,
    told.genuine_shared_accounts,
    round(
        told.genuine_shared_accounts
        / least(one.genuine_accounts, other.genuine_accounts),
        6
    ) as genuine_share_of_smaller,
    round(
        told.genuine_shared_accounts
        / (
            one.genuine_accounts + other.genuine_accounts
            - told.genuine_shared_accounts
        ),
        6
    ) as genuine_jaccard
from told
inner join sizes as one
    on told.one_kind = one.kind and told.one_id = one.id
inner join sizes as other
    on told.other_kind = other.kind and told.other_id = other.id
inner join names as one_names
    on told.one_kind = one_names.kind and told.one_id = one_names.id
inner join names as other_names
    on told.other_kind = other_names.kind and told.other_id = other_names.id
