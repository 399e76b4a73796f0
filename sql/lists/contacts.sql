-- An account that may be contacted for a brand, by name: a line of
-- restricted/contacts.csv.
--
-- grain: brand_id, contact_rank
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: the brand's name
--   contact_rank [place, 1 the first]: place among the brand's contactable accounts
--   platform [text]: the network
--   account_id [id]: its id at the network
--   screen_name [text]: its name there, as it was last read
--   profile_url [text]: where the network shows it; null where it has no address by id
--   location [text]: the place that its profile tells
--   followers_count [accounts]: its followers, as they were last read
--   contact_score [points, 0 to 100]: see restricted.contacts
--   segment [text]: see restricted.contacts
--   best_channel [text]: where it speaks with the brand most
--   best_hour [hour, 0 to 23]: hour of the day at which it acts most, in the workspace's time zone
--   last_act_day [day]: the last day on which it acted towards the brand
--   last_contacted_day [day]: the last day on which its person was contacted
--   why [text]: what speaks for it, and against it, in sentences

with

counted as (
    select
        *,
        case engagements when 1 then 'once' else engagements || ' times' end
            as engaged_times,
        case mentions when 1 then 'once' else mentions || ' times' end as named_times,
        case asks when 1 then 'once' else asks || ' times' end as asked_times
    from restricted.contacts
    where is_contactable
)

select
    contacts.brand_id,
    brands.brand_name,
    contacts.contact_rank,
    contacts.platform,
    kept.account_id,
    kept.screen_name,
    kept.profile_url,
    kept.location,
    kept.followers_count,
    contacts.contact_score,
    contacts.segment,
    contacts.best_channel,
    contacts.best_hour,
    contacts.last_act_day,
    contacts.last_contacted_day,
    concat_ws(
        ' ',
        case
            when contacts.engagements > 0 and contacts.mentions > 0
                then
                    'It engaged with the brand ' || contacts.engaged_times
                    || ' and named it ' || contacts.named_times
                    || ', the last time on ' || contacts.last_act_day || '.'
            when contacts.engagements > 0
                then
                    'It engaged with the brand ' || contacts.engaged_times
                    || ', the last time on ' || contacts.last_act_day || '.'
            when contacts.mentions > 0
                then
                    'It named the brand ' || contacts.named_times
                    || ', the last time on ' || contacts.last_act_day || '.'
        end,
        case
            when contacts.asks > 0
                then
                    'It asked for the goods, or told of a purchase, '
                    || contacts.asked_times || '.'
        end,
        case
            when contacts.is_follower or contacts.last_act_day is null
                then 'It follows the brand.'
        end,
        'Its followers: ' || kept.followers_count || '.',
        case
            when contacts.contacts > 0
                then
                    'Contacts so far: ' || contacts.contacts || ', answers: '
                    || contacts.answers || '.'
        end,
        case
            when contacts.phantom_level = 'suspected'
                then 'It is suspected: something speaks against its being genuine.'
        end
    ) as why
from counted as contacts
inner join meta.brands as brands
    on contacts.brand_id = brands.brand_id
inner join lists.kept_accounts as kept
    on
        contacts.platform = kept.platform
        and contacts.account_key = kept.account_key
