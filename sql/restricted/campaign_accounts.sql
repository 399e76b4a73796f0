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
    interactions.campaign_id,
    interactions.platform,
    accounts.account_key,
    accounts.operator_key,
    accounts.phantom_level,
    count(*) filter (where interactions.kind = 'repost') as reposts,
    count(*) filter (where interactions.kind = 'comment') as comments,
    count(*) filter (where interactions.kind = 'like') as likes,
    count(*) filter (where interactions.kind = 'mention') as mentions,
    count(*) filter (where interactions.kind <> 'mention') as engagements,
    min(interactions.activity_day) as first_acted_day,
    max(interactions.activity_day) as last_acted_day
from intermediate.campaign_interactions as interactions
inner join intermediate.accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
where interactions.is_in_window
group by
    interactions.campaign_id,
    interactions.platform,
    accounts.account_key,
    accounts.operator_key,
    accounts.phantom_level
