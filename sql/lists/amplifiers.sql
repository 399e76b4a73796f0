-- An account that carried a campaign on, by name: a line of restricted/amplifiers.csv.
--
-- grain: campaign_id, rank
-- params: none
-- replace: all
-- time axis: lifetime
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   rank [place, 1 the first]: see restricted.amplifiers
--   platform [text]: the network
--   account_id [id]: its id at the network
--   screen_name [text]: its name there, as it was last read
--   profile_url [text]: where the network shows it; null where it has no address by id
--   followers_count [accounts]: its followers, as they were last read
--   level [text]: genuine, suspected, likely phantom, or phantom where a person confirmed it
--   own_reposts [reposts]: its reposts of the campaign's posts
--   direct_reposts [reposts]: reposts made directly of its reposts
--   downstream_reposts [reposts]: all reposts below its reposts, its own not counted
--   genuine_downstream_reposts [reposts]: the same without those of likely phantoms and hidden accounts
--   downstream_share [share]: downstream_reposts / reposts of the campaign's posts so far
--   exposure [follower contacts]: its followers, counted at each of its reposts

select
    amplifiers.campaign_id,
    amplifiers.rank,
    amplifiers.platform,
    kept.account_id,
    kept.screen_name,
    kept.profile_url,
    kept.followers_count,
    case
        when amplifiers.phantom_level = 'phantom' and not accounts.is_confirmed
            then 'likely phantom'
        else amplifiers.phantom_level
    end as level,
    amplifiers.own_reposts,
    amplifiers.direct_reposts,
    amplifiers.downstream_reposts,
    amplifiers.genuine_downstream_reposts,
    amplifiers.downstream_share,
    amplifiers.exposure
from restricted.amplifiers as amplifiers
inner join restricted.accounts as accounts
    on
        amplifiers.platform = accounts.platform
        and amplifiers.account_key = accounts.account_key
inner join lists.kept_accounts as kept
    on
        amplifiers.platform = kept.platform
        and amplifiers.account_key = kept.account_key
