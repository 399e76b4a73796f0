-- One row per campaign and comment on one of its posts on covered days, with its
-- words and how they sound: the likeliest of negative, neutral and positive. A comment
-- without words of its own has none. `is_known`: more than a name is known of its author;
-- `operator_key`: who likely runs that account.
-- Cost: linear in the comments of campaigns.
--
-- grain: campaign_id, platform, root_post_id, interaction_id
-- params: none
-- replace: once

select
    interactions.campaign_id,
    interactions.platform,
    interactions.root_post_id,
    interactions.interaction_id,
    interactions.account_id,
    accounts.operator_key,
    interactions.activity_day,
    interactions.is_in_window,
    interactions.is_genuine,
    accounts.phantom_level,
    interactions.is_known,
    own_words(comments.text) as words,
    sentiment.sentiment
from intermediate.campaign_interactions as interactions
inner join staging.interactions as comments
    on
        interactions.platform = comments.platform
        and interactions.root_post_id = comments.root_post_id
        and interactions.kind = comments.kind
        and interactions.interaction_id = comments.interaction_id
left join intermediate.accounts as accounts
    on
        interactions.platform = accounts.platform
        and interactions.account_id = accounts.account_id
left join intermediate.words_sentiment as sentiment
    on own_words(comments.text) = sentiment.words
where interactions.kind = 'comment'
