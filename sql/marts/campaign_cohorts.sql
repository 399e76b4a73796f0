-- People who engage again and again: accounts by the first campaign of a brand that they
-- engaged with, and how many of them came back to a campaign that began later. Campaigns
-- stand in the order of their first days. A cohort of which one to policies.min_cell - 1
-- accounts came back has no row there.
--
-- grain: brand_id, first_campaign_id, campaign_id
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   first_campaign_id [id]: the first of the brand's campaigns that these accounts engaged with, between its first and last day
--   first_campaign_name [text]: its name, else its id
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   campaigns_after [campaigns]: which one of the brand's campaigns after the first it is: 1 is the next
--   cohort_accounts [accounts]: accounts that engaged with the first campaign and with none of the brand's before it
--   returned_accounts [accounts]: of these accounts those that engaged with the later campaign as well
--   return_share [share]: returned_accounts / cohort_accounts
--   genuine_returned_accounts [accounts]: returned accounts that are no likely phantoms; null where fewer than half are known by more than a name,
--     and where these, the likely phantoms among them, those who did not come back, or all that this table does not tell of the
--     later campaign's returned accounts are fewer than policies.min_cell, though there are some
--   genuine_return_share [share]: genuine_returned_accounts / accounts of the cohort that are no likely phantoms
-- metrics:
--   returned_accounts: this project | of what was collected: who was not read has not come back; a person's other account is another one
--   return_share: common usage, cohort retention | low where a campaign was collected in part, or is not over

with

placed as (
    select
        campaign_id,
        campaign_name,
        brand_id,
        brand_name,
        row_number() over (
            partition by brand_id order by window_start asc, campaign_id asc
        ) as place
    from meta.campaigns
),

engaged as (
    select
        placed.brand_id,
        placed.place,
        people.platform,
        people.account_id,
        people.is_genuine,
        people.is_known
    from intermediate.campaign_people as people
    inner join placed on people.campaign_id = placed.campaign_id
    where people.engagements > 0 and people.account_id is not null
),

members as (
    select
        engaged.brand_id,
        engaged.place,
        engaged.platform,
        engaged.account_id,
        min(engaged.place) over (
            partition by engaged.brand_id, engaged.platform, engaged.account_id
        ) as first_place,
        engaged.is_genuine,
        engaged.is_known
    from engaged
),

cohorts as (
    select
        brand_id,
        place as first_place,
        count(*) as accounts,
        count(*) filter (where is_genuine) as genuine_accounts
    from members
    where place = first_place
    group by brand_id, place
),

returned as (
    select
        cohorts.brand_id,
        cohorts.first_place,
        later.place,
        cohorts.accounts as cohort_accounts,
        cohorts.genuine_accounts as cohort_genuine_accounts,
        count(members.account_id) as accounts,
        count(*) filter (where members.is_known) as known_accounts,
        count(*) filter (where members.is_genuine) as genuine_accounts
    from cohorts
    inner join placed as later
        on
            cohorts.brand_id = later.brand_id
            and cohorts.first_place < later.place
    left join members
        on
            cohorts.brand_id = members.brand_id
            and cohorts.first_place = members.first_place
            and later.place = members.place
    group by
        cohorts.brand_id,
        cohorts.first_place,
        later.place,
        cohorts.accounts,
        cohorts.genuine_accounts
),

-- Who is told to be genuine among few, or to be no phantom's like, would be found: of
-- those who came back, and of those who did not.
told as (
    select
        *,
        accounts = 0 or accounts >= $min_cell as is_told,
        2 * known_accounts >= accounts
        and genuine_accounts >= $min_cell
        and (genuine_accounts = accounts or accounts - genuine_accounts >= $min_cell)
        and (cohort_accounts = accounts or cohort_accounts - accounts >= $min_cell)
            as is_genuine_told
    from returned
    where cohort_accounts >= $min_cell
),

-- The campaign's genuine accounts are told as a sum: what its told cohorts leave of it.
rests as (
    select
        returned.brand_id,
        returned.place,
        cast(
            sum(
                case
                    when coalesce(told.is_told and told.is_genuine_told, false) then 0
                    else returned.accounts
                end
            ) as bigint
        ) + coalesce(max(own.accounts), 0) as accounts
    from returned
    left join told
        on
            returned.brand_id = told.brand_id
            and returned.first_place = told.first_place
            and returned.place = told.place
    left join cohorts as own
        on
            returned.brand_id = own.brand_id
            and returned.place = own.first_place
    group by returned.brand_id, returned.place
)

select
    told.brand_id,
    firsts.brand_name,
    firsts.campaign_id as first_campaign_id,
    firsts.campaign_name as first_campaign_name,
    laters.campaign_id,
    laters.campaign_name,
    told.place - told.first_place as campaigns_after,
    told.cohort_accounts,
    told.accounts as returned_accounts,
    round(told.accounts / told.cohort_accounts, 6) as return_share,
    case
        when told.accounts = 0 then 0
        when
            told.is_genuine_told
            and (rests.accounts = 0 or rests.accounts >= $min_cell)
            then told.genuine_accounts
    end as genuine_returned_accounts,
    case
        when told.accounts = 0 then 0
        when
            told.is_genuine_told
            and (rests.accounts = 0 or rests.accounts >= $min_cell)
            then round(told.genuine_accounts / told.cohort_genuine_accounts, 6)
    end as genuine_return_share
from told
inner join placed as firsts
    on
        told.brand_id = firsts.brand_id
        and told.first_place = firsts.place
inner join placed as laters
    on
        told.brand_id = laters.brand_id
        and told.place = laters.place
inner join rests
    on
        told.brand_id = rests.brand_id
        and told.place = rests.place
where told.is_told
