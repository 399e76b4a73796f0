-- One row per account: what the phantom score looks at. A missing input is null,
-- never zero.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

-- Nobody reaches a level, or is verified, without followers and posts: such zeros stand
-- for what the platform did not tell.
profiles as (
    select
        *,
        coalesce(
            followers_count = 0
            and posts_count = 0
            and (is_verified or (levels_take_time(platform) and level >= 10)),
            false
        ) as is_contradictory
    from intermediate.account_profiles
)

select
    profiles.platform,
    profiles.account_id,
    profiles.screen_name,
    profiles.description,
    profiles.is_verified,
    profiles.level,
    case when not profiles.is_contradictory then profiles.followers_count end
        as followers_count,
    case when not profiles.is_contradictory then profiles.following_count end
        as following_count,
    case when not profiles.is_contradictory then profiles.posts_count end as posts_count,
    profiles.description is not null and trim(profiles.description) = ''
        as has_empty_description,
    regexp_matches(profiles.avatar_url, '/default|avatar_default|default_avatar')
        as has_default_avatar,
    date_diff('day', profiles.registered_at, profiles.first_seen_at)
        as age_days_at_first_act,
    date_diff('day', profiles.registered_at, profiles.observed_at) as age_days,
    behaviour.acts,
    behaviour.reposts,
    behaviour.active_days,
    behaviour.target_posts,
    behaviour.own_texts,
    behaviour.distinct_own_texts,
    timeline.acts as timeline_acts,
    timeline.posts as timeline_posts,
    timeline.reposts as timeline_reposts,
    timeline.days as timeline_days,
    timeline.span_seconds as timeline_span_seconds,
    timeline.hours as timeline_hours,
    timeline.night_acts as timeline_night_acts,
    timeline.morning_acts as timeline_morning_acts,
    timeline.evening_acts as timeline_evening_acts,
    timeline.weekend_acts as timeline_weekend_acts,
    timeline.half_hour_acts as timeline_half_hour_acts,
    timeline.gaps as timeline_gaps,
    timeline.gap_sum as timeline_gap_sum,
    timeline.gap_square_sum as timeline_gap_square_sum,
    timeline.gaps_below_minute as timeline_gaps_below_minute,
    timeline.gaps_below_ten_minutes as timeline_gaps_below_ten_minutes,
    timeline.gaps_below_hour as timeline_gaps_below_hour,
    timeline.gaps_below_day as timeline_gaps_below_day,
    timeline.gaps_below_week as timeline_gaps_below_week,
    timeline.regular_gaps as timeline_regular_gaps,
    timeline.regular_gap_minutes as timeline_regular_gap_minutes,
    timeline.texts as timeline_texts,
    timeline.distinct_texts as timeline_distinct_texts,
    timeline.text_length as timeline_text_length,
    timeline.text_length_square as timeline_text_length_square,
    timeline.link_texts as timeline_link_texts,
    timeline.topic_texts as timeline_topic_texts,
    timeline.mention_texts as timeline_mention_texts,
    timeline.emoticon_texts as timeline_emoticon_texts,
    timeline.digit_texts as timeline_digit_texts,
    timeline.exclamation_texts as timeline_exclamation_texts,
    timeline.trailing_texts as timeline_trailing_texts,
    timeline.first_person_texts as timeline_first_person_texts,
    timeline.headline_texts as timeline_headline_texts,
    timeline.sales_texts as timeline_sales_texts,
    timeline.lottery_texts as timeline_lottery_texts,
    timeline.clients_known as timeline_clients_known,
    timeline.clients as timeline_clients,
    timeline.phone_acts as timeline_phone_acts,
    timeline.web_acts as timeline_web_acts,
    timeline.counted_posts as timeline_counted_posts,
    timeline.received_comments as timeline_received_comments,
    timeline.received_likes as timeline_received_likes,
    cohorts.same_stem,
    cohorts.same_stem_expected,
    cohorts.same_description,
    cohorts.same_description_expected,
    templates.long_texts,
    templates.template_texts,
    templates.template_sharers,
    clock.moments,
    clock.moments_of_one_minute,
    company.companions,
    company.companion_posts,
    synchrony.targets,
    synchrony.alike_targets,
    synchrony.alike_targets_expected,
    synchrony.alike_targets_by_chance,
    synchrony.synchronicity,
    synchrony.normality,
    synchrony.is_synchronous,
    bursts.burst_followers,
    bursts.burst_followers_usual,
    bursts.burst_alike,
    profiles.observed_at
from profiles
left join intermediate.account_behaviour as behaviour
    on
        profiles.platform = behaviour.platform
        and profiles.account_id = behaviour.account_id
left join intermediate.account_timeline as timeline
    on
        profiles.platform = timeline.platform
        and profiles.account_id = timeline.account_id
left join intermediate.account_cohorts as cohorts
    on
        profiles.platform = cohorts.platform
        and profiles.account_id = cohorts.account_id
left join intermediate.account_templates as templates
    on
        profiles.platform = templates.platform
        and profiles.account_id = templates.account_id
left join intermediate.account_clock as clock
    on
        profiles.platform = clock.platform
        and profiles.account_id = clock.account_id
left join intermediate.account_company as company
    on
        profiles.platform = company.platform
        and profiles.account_id = company.account_id
left join intermediate.account_synchrony as synchrony
    on
        profiles.platform = synchrony.platform
        and profiles.account_id = synchrony.account_id
left join intermediate.account_follow_bursts as bursts
    on
        profiles.platform = bursts.platform
        and profiles.account_id = bursts.account_id
