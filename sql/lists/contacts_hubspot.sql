-- The same people as in restricted/contacts.csv in columns of HubSpot: internal names of
-- its properties of contacts, of which a name is required; others are for custom
-- properties of the same names, or to be left out.
--
-- grain: brand_id, contact_rank
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   firstname [text]: its name at the network; its id where no name is known
--   city [text]: the place that its profile tells
--   website [text]: where the network shows it
--   lifecyclestage [text]: lead
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: the brand's name
--   platform [text]: the network
--   account_id [id]: its id at the network
--   contact_rank [place, 1 the first]: place among the brand's contactable accounts
--   contact_score [points, 0 to 100]: see restricted.contacts
--   segment [text]: see restricted.contacts
--   best_channel [text]: where it speaks with the brand most
--   best_hour [hour, 0 to 23]: hour of the day at which it acts most
--   followers_count [accounts]: its followers, as they were last read
--   last_act_day [day]: the last day on which it acted towards the brand
--   last_contacted_day [day]: the last day on which its person was contacted
--   why [text]: what speaks for it, and against it, in sentences

select
    coalesce(screen_name, account_id) as firstname,
    location as city,
    profile_url as website,
    'lead' as lifecyclestage,
    brand_id,
    brand_name,
    platform,
    account_id,
    contact_rank,
    contact_score,
    segment,
    best_channel,
    best_hour,
    followers_count,
    last_act_day,
    last_contacted_day,
    why
from lists.contacts
