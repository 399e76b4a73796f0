-- One row per account: what the phantom score looks at. A missing input is null,
-- never zero.
--
-- grain: platform, account_id
-- params: none
-- replace: all

select
    profiles.platform,
    profiles.account_id,
    profiles.screen_name,
    profiles.is_verified,
    profiles.followers_count,
    profiles.following_count,
    profiles.posts_count,
    profiles.description is not null and trim(profiles.description) = ''
        as has_empty_description,
    regexp_matches(profiles.avatar_url, '/default|avatar_default|default_avatar')
        as has_default_avatar,
    date_diff('day', profiles.registered_at, profiles.first_seen_at)
        as age_days_at_first_act,
    behaviour.acts,
    behaviour.reposts,
    behaviour.active_days,
    behaviour.target_posts,
    behaviour.own_texts,
    behaviour.distinct_own_texts,
    profiles.observed_at
from intermediate.account_profiles as profiles
left join intermediate.account_behaviour as behaviour
    on
        profiles.platform = behaviour.platform
        and profiles.account_id = behaviour.account_id
