-- A topic of a campaign's comments: words that stand together more often than chance
-- explains, over the covered activity days between its first and last day. At least
-- policies.min_cell people (operators) say each of them, so that none shows who they are.
-- Genuine ones are null where fewer than half of the campaign's comments are of accounts
-- known by more than a name.
--
-- grain: campaign_id, topic
-- params: none
-- replace: all
-- time axis: activity day
-- adds over: topic
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   topic [place, 1 the first]: its number in the campaign, the largest first
--   terms [list]: words of the topic, each said by policies.min_cell people or more, the most used first
--   terms_text [text]: the same as one text
--   comments [comments]: comments that belong to it; a comment belongs to one topic or none
--   genuine_comments [comments]: comments on the topic without those of likely phantoms and hidden accounts
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   trend [text]: rising or falling where its share of comments moves over the last 15 days or jumps on the last, beyond chance, else steady; null where under 3 days with 10 comments precede
--   examples [list]: up to three of its comments without names, links and digits; only where policies.examples is true, for a text can be searched
--   examples_text [text]: the same as one text

with

commented as (
    select
        campaign_id,
        sum(known_comments) * 2 >= sum(comments) as tells_genuine
    from intermediate.sentiment_days
    group by campaign_id
)

select
    topics.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    topics.topic,
    topics.terms,
    array_to_string(topics.terms, ', ') as terms_text,
    topics.comments,
    case when commented.tells_genuine then topics.genuine_comments end
        as genuine_comments,
    topics.sentiment_net,
    topics.trend,
    topics.examples,
    array_to_string(topics.examples, ' | ') as examples_text
from intermediate.topics as topics
inner join meta.campaigns as campaigns on topics.campaign_id = campaigns.campaign_id
inner join commented on topics.campaign_id = commented.campaign_id
