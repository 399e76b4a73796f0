-- Names of those who commented on campaigns, to be taken out of examples; none where
-- no examples are told.
--
-- grain: screen_name
-- params: $examples
-- replace: once

with

named as (
    select
        platform,
        account_id,
        screen_name
    from intermediate.account_profiles
    where $examples and screen_name is not null
)

select distinct named.screen_name
from named
inner join intermediate.campaign_comments as comments
    on
        named.platform = comments.platform
        and named.account_id = comments.account_id
