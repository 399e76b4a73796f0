-- An account whose name may still stand in a list: it was last read no longer ago than
-- policies.retention_days.restricted says, counted from the last landed act. Where the
-- reading has no time, it was after the last act.
--
-- grain: platform, account_id
-- params: $kept_days, $networks, $addresses
-- replace: all
-- time axis: lifetime
-- columns:
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   account_id [id]: its id at the network
--   screen_name [text]: its name there, as it was last read
--   profile_url [text]: where the network shows it; null where it has no address by id
--   location [text]: the place that its profile tells
--   followers_count [accounts]: its followers, as they were last read

with

given as (
    select
        cast($kept_days as integer) as kept_days,
        map($networks, $addresses) as addresses
)

select
    accounts.platform,
    accounts.account_key,
    accounts.account_id,
    profiles.screen_name,
    given.addresses[accounts.platform] || accounts.account_id as profile_url,
    profiles.location,
    profiles.followers_count
from intermediate.accounts as accounts
inner join intermediate.account_profiles as profiles
    on
        accounts.platform = profiles.platform
        and accounts.account_id = profiles.account_id
cross join given
cross join intermediate.last_landed as landed
where
    given.kept_days is null
    or date_diff(
        'day',
        cast(greatest(profiles.observed_at, profiles.last_seen_at) as date),
        landed.last_act_day
    ) <= given.kept_days
