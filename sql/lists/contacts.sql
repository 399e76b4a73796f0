-- An account that may be contacted for a brand, by name: a line of
-- restricted/contacts.csv, in columns that CRM imports take.
--
-- grain: brand_id, contact_rank
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   contact_rank [place, 1 the first]: place among the brand's contactable accounts
--   platform [text]: the network
--   account_id [id]: its id at the network
--   screen_name [text]: its name there, as it was last read
--   profile_url [text]: where the network shows it; null where it has no address by id
--   location [text]: the place that its profile tells
--   followers_count [accounts]: its followers, as they were last read
--   contact_score [points, 0 to 100]: see restricted.contacts
--   best_channel [text]: where it speaks with the brand most
--   best_hour [hour, 0 to 23]: hour of the day at which it acts most, in the workspace's time zone
--   last_act_day [day]: the last day on which it acted towards the brand
--   last_contacted_day [day]: the last day on which its person was contacted

select
    contacts.brand_id,
    contacts.contact_rank,
    contacts.platform,
    kept.account_id,
    kept.screen_name,
    kept.profile_url,
    kept.location,
    kept.followers_count,
    contacts.contact_score,
    contacts.best_channel,
    contacts.best_hour,
    contacts.last_act_day,
    contacts.last_contacted_day
from restricted.contacts as contacts
inner join lists.kept_accounts as kept
    on
        contacts.platform = kept.platform
        and contacts.account_key = kept.account_key
where contacts.is_contactable
order by contacts.brand_id, contacts.contact_rank
