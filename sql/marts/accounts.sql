-- An account that was seen, under a pseudonym, in words so coarse that at least
-- policies.min_cell accounts have the very same row: nobody finds one by what the
-- platform shows. Null is not known or not told (detail says which). All of it stands
-- in restricted/; networks of which fewer were seen stand there alone. "phantom" reads
-- "likely phantom" until a person confirms it.
--
-- grain: platform, account_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   phantom_probability [probability]: mean of the model's scores of all accounts that have this row
--   is_known [yes or no]: more than a name is known of it, or its company speaks against it, or a person decided; else its level says only that nothing is known
--   is_confirmed [yes or no]: a person decided the level
--   account_kind [text]: what a suspected account looks like: fresh, vendor_batch (made with others), cultivated (kept for long); or inactive: old, quiet, not suspected;
--     null where nothing tells
--   main_reason_class [text]: class of the heaviest reason (reason_classes has its words, verdict_breakdown counts them all)
--   model_version [id]: the model that scored it
--   operator_key [id]: of accounts whose operator has policies.min_cell accounts or more, its pseudonym (account_groups)
--   coordinated_group_key [id]: pseudonym of the coordinated group that it is in (account_groups), where it has policies.min_cell accounts or more
--   influence_level [text]: low (under 100 followers), regular (under 10,000), influential (under 500,000), key_opinion_leader
--   is_verified [yes or no]: the platform verified it
--   registered_year [calendar number]: year of its registration
--   registered_month [month]: first day of the month of its registration
--   region [text]: the first word of the place that its profile names
--   first_seen_month [month]: first day of the month in which it first acted or posted
--   last_seen_month [month]: first day of the month in which it last acted or posted
--   activity_level [text]: acts and posts seen of it: none, single, few (2 to 4), regular (5 to 19), many
--   campaigns [campaigns]: campaigns on whose posts it acted (campaign_accounts has them)
--   detail [step, 0 the finest]: the first step of a fixed order at which policies.min_cell accounts are alike, where each tells less: registered_month at 0;
--     region up to 1; first_seen_month, last_seen_month, activity_level 2; registered_year 3 and at 9; what it did in campaigns 4;
--     is_confirmed, account_kind, main_reason_class 5; is_verified 6 and at 9; influence_level 7, 9 and 10; campaigns 8;
--     operator_key, coordinated_group_key 11; the level 12; nothing at 13
-- metrics:
--   phantom_level: this project | how many likely phantoms are phantoms depends on how many there are: phantom_shares tells it for each network
--   phantom_probability: this project | calibrated on the sets that the model card names; other populations differ

with

acts as (
    select
        platform,
        account_key,
        count(*) as campaigns
    from restricted.campaign_accounts
    group by platform, account_key
),

-- A row that many have tells the mean of all their scores.
means as (
    select
        told.told_row,
        round(
            sum(cast(words.phantom_probability as decimal(9, 6))) / count(*), 2
        ) as phantom_probability
    from meta.account_steps as told
    inner join intermediate.account_words as words on told.number = words.number
    group by told.told_row
)

select
    words.platform,
    words.account_key,
    case when steps.tells_level then words.phantom_level end as phantom_level,
    means.phantom_probability,
    case when steps.tells_level then words.is_known end as is_known,
    case when steps.tells_signs then words.is_confirmed end as is_confirmed,
    case when steps.tells_signs then words.account_kind end as account_kind,
    case when steps.tells_signs then words.reason_class end as main_reason_class,
    case when steps.tells_level then words.model_version end as model_version,
    case when steps.tells_groups then words.operator_key end as operator_key,
    case when steps.tells_groups then words.coordinated_group_key end
        as coordinated_group_key,
    case when steps.tells_influence then words.influence_level end as influence_level,
    case when steps.tells_verified then words.is_verified end as is_verified,
    case when steps.tells_year then words.registered_year end as registered_year,
    case when steps.tells_made then words.registered_month end as registered_month,
    case when steps.tells_place then words.region end as region,
    case when steps.tells_months then words.first_seen_month end as first_seen_month,
    case when steps.tells_months then words.last_seen_month end as last_seen_month,
    case when steps.tells_activity then words.activity_level end as activity_level,
    case when steps.tells_campaigns then coalesce(acts.campaigns, 0) end as campaigns,
    told.detail
from meta.account_steps as told
inner join meta.telling_steps as steps on told.detail = steps.step
inner join intermediate.account_words as words on told.number = words.number
inner join means on told.told_row = means.told_row
left join acts
    on
        words.platform = acts.platform
        and words.account_key = acts.account_key
