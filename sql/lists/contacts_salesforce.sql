-- The same people as in restricted/contacts.csv in columns of Salesforce: API names of
-- fields of its Lead, of which a last name and a company are required ("[not provided]" is
-- what Salesforce itself writes where there is none); names with __c are for custom fields,
-- or to be left out.
--
-- grain: brand_id__c, contact_rank__c
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   lastname [text]: its name at the network, up to 80 characters; its id where no name is known
--   company [text]: [not provided]
--   city [text]: the place that its profile tells, up to 40 characters
--   website [text]: where the network shows it
--   leadsource [text]: the brand's name and the network
--   description [text]: what speaks for it, how and when to reach it, in sentences
--   platform__c [text]: the network
--   account_id__c [id]: its id at the network: the external id, so that a second import updates
--   brand_id__c [id]: the brand's id in workspace.toml
--   brand_name__c [text]: the brand's name
--   contact_rank__c [place, 1 the first]: place among the brand's contactable accounts
--   contact_score__c [points, 0 to 100]: see restricted.contacts
--   segment__c [text]: see restricted.contacts
--   best_channel__c [text]: where it speaks with the brand most
--   best_hour__c [hour, 0 to 23]: hour of the day at which it acts most
--   last_contacted_day__c [day]: the last day on which its person was contacted

select
    left(coalesce(screen_name, account_id), 80) as lastname,
    '[not provided]' as company,
    left(location, 40) as city,
    profile_url as website,
    brand_name || ' on ' || platform as leadsource,
    concat_ws(
        ' ',
        why,
        'Place ' || contact_rank || ', score ' || contact_score || ' of 100.',
        'Best way: ' || best_channel || '.',
        'Best hour: ' || best_hour || '.',
        'Last contacted: ' || last_contacted_day || '.'
    ) as description,
    platform as platform__c,
    account_id as account_id__c,
    brand_id as brand_id__c,
    brand_name as brand_name__c,
    contact_rank as contact_rank__c,
    contact_score as contact_score__c,
    segment as segment__c,
    best_channel as best_channel__c,
    best_hour as best_hour__c,
    last_contacted_day as last_contacted_day__c
from lists.contacts
