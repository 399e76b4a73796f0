-- An account that was seen, by pseudonym and by name, with its verdict: a line of
-- restricted/accounts.csv.
--
-- grain: platform, account_key
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   account_key [id]: keyed pseudonym of the account, as in all tables
--   platform [text]: the network
--   account_id [id]: its id at the network
--   screen_name [text]: its name there, as it was last read
--   profile_url [text]: where the network shows it; null where it has no address by id
--   level [text]: genuine, suspected, likely phantom, or phantom where a person confirmed it
--   phantom_probability [probability]: the model's score, 0 to 1
--   reasons [text]: why the score is what it is, heaviest first
--   interactions [interactions]: reposts, comments, likes and mentions seen of it
--   model_version [id]: the model that scored it

select
    accounts.account_key,
    accounts.platform,
    kept.account_id,
    kept.screen_name,
    kept.profile_url,
    case
        when accounts.phantom_level = 'phantom' and not accounts.is_confirmed
            then 'likely phantom'
        else accounts.phantom_level
    end as level,
    accounts.phantom_probability,
    accounts.reasons_text as reasons,
    accounts.interactions,
    accounts.model_version
from restricted.accounts as accounts
inner join lists.kept_accounts as kept
    on
        accounts.platform = kept.platform
        and accounts.account_key = kept.account_key
