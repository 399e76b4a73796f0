-- An account that acted on a campaign's posts, over the covered activity days between
-- the campaign's first and last day: what it did there. It joins campaigns with accounts.
--
-- grain: campaign_id, platform, account_key
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   operator_key [id]: pseudonym of who runs it; an account on its own is its own operator
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   reposts [reposts]: its reposts of the campaign's posts, as collected
--   comments [comments]: its comments and replies on the campaign's posts, as collected
--   likes [likes]: its likes of the campaign's posts that are known one by one
--   mentions [mentions]: its mentions under the campaign's posts; not part of engagements
--   engagements [interactions]: its reposts + comments + likes
--   first_acted_day [day]: the first day in the campaign on which it acted on its posts
--   last_acted_day [day]: the last day in the campaign on which it acted on its posts
-- metrics:
--   engagements: KAWO help centre | hidden accounts and those that a source does not name have no row

select
    people.campaign_id,
    people.platform,
    accounts.account_key,
    accounts.operator_key,
    accounts.phantom_level,
    people.reposts,
    people.comments,
    people.likes,
    people.mentions,
    people.engagements,
    people.first_acted_day,
    people.last_acted_day
from intermediate.campaign_people as people
inner join intermediate.accounts as accounts
    on
        people.platform = accounts.platform
        and people.account_id = accounts.account_id
