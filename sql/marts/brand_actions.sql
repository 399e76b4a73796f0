-- What a brand did, and what changed after it against the course expected without it:
-- posts, reposts and replies of its accounts as they were collected, and what its
-- people wrote down in seeds/brand_actions.csv. Expected: a structural model of the
-- brand's other days, forecast from the days before alone. All counts stand on the
-- activity-day axis, from first_day to effect_until.
--
-- grain: brand_id, action_id
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   action_id [id]: as in seeds/brand_actions.csv; else kind:platform:post_id, or kind:platform:day
--   kind [text]: post; repost or reply (those of an account's day together); else as written down
--   origin [text]: data, or written down
--   platform [text]: the network
--   post_id [id]: the platform's id; only of listed posts and those of brand accounts
--   acts [acts]: posts, reposts or replies in this row
--   note [text]: what its people wrote beside it
--   started_at [time in UTC]: when it began, in UTC
--   first_day [day]: the day on which it began, in the workspace's time zone
--   last_day [day]: the day on which it ended
--   effect_until [day]: the last day that is judged: last_day + policies.action_days - 1
--   is_complete [yes or no]: each of these days is covered
--   is_separable [yes or no]: no other action stands in its way
--   overlapping [actions]: other actions that work on the same days and can't be told apart from it
--   overlaps_with_text [text]: the ids of those that were written down
--   days_before [days]: known days before it from which the course is forecast; under 10 none is
--   engagements [interactions]: reposts, comments and likes of others on the brand's posts in its days; of overlapping written-down actions those of all their days together
--   expected_engagements [interactions]: engagements expected without the action
--   engagements_change [interactions]: engagements - expected_engagements
--   engagements_change_low [interactions]: lower end of the 95 % interval of engagements_change
--   engagements_change_high [interactions]: upper end of the 95 % interval of engagements_change
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts
--   expected_genuine_engagements [interactions]: genuine_engagements expected without the action
--   genuine_engagements_change [interactions]: genuine_engagements - expected_genuine_engagements
--   genuine_engagements_change_low [interactions]: lower end of the 95 % interval of genuine_engagements_change
--   genuine_engagements_change_high [interactions]: upper end of the 95 % interval of genuine_engagements_change
--   followers [followers]: followers of the brand's accounts, not deduplicated, at the last snapshot in its days
--   expected_followers [followers]: followers expected without the action
--   followers_change [followers]: followers - expected_followers
--   followers_change_low [followers]: lower end of the 95 % interval of followers_change
--   followers_change_high [followers]: upper end of the 95 % interval of followers_change
--   sentiment_net [share, -1 to 1]: mean of its days' (positive - negative) / judged comments, days with five judged comments or more
--   expected_sentiment_net [share, -1 to 1]: sentiment_net expected without the action
--   sentiment_net_change [share, -1 to 1]: sentiment_net - expected_sentiment_net
--   sentiment_net_change_low [share, -1 to 1]: lower end of the 95 % interval of sentiment_net_change
--   sentiment_net_change_high [share, -1 to 1]: upper end of the 95 % interval of sentiment_net_change
--   finding [text]: the same in a sentence
-- metrics:
--   engagements_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time
--   followers_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time
--   sentiment_net_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time

with

effects as (
    select
        brand_id as effects_brand_id,
        episode as effects_episode,
        max(days_before) filter (where measure = 'engagements') as days_before,
        max(observed) filter (where measure = 'engagements') as engagements,
        max(expected) filter (where measure = 'engagements') as expected_engagements,
        max(round(observed - expected, 1)) filter (where measure = 'engagements')
            as engagements_change,
        max(round(observed - expected_high, 1)) filter (where measure = 'engagements')
            as engagements_change_low,
        max(round(observed - expected_low, 1)) filter (where measure = 'engagements')
            as engagements_change_high,
        max(observed) filter (where measure = 'genuine_engagements')
            as genuine_engagements,
        max(expected) filter (where measure = 'genuine_engagements')
            as expected_genuine_engagements,
        max(round(observed - expected, 1))
        filter (where measure = 'genuine_engagements')
            as genuine_engagements_change,
        max(round(observed - expected_high, 1))
        filter (where measure = 'genuine_engagements')
            as genuine_engagements_change_low,
        max(round(observed - expected_low, 1))
        filter (where measure = 'genuine_engagements')
            as genuine_engagements_change_high,
        max(observed) filter (where measure = 'followers') as followers,
        max(expected) filter (where measure = 'followers') as expected_followers,
        max(round(observed - expected, 1)) filter (where measure = 'followers')
            as followers_change,
        max(round(observed - expected_high, 1)) filter (where measure = 'followers')
            as followers_change_low,
        max(round(observed - expected_low, 1)) filter (where measure = 'followers')
            as followers_change_high,
        max(observed) filter (where measure = 'sentiment_net') as sentiment_net,
        max(expected) filter (where measure = 'sentiment_net')
            as expected_sentiment_net,
        max(round(observed - expected, 4)) filter (where measure = 'sentiment_net')
            as sentiment_net_change,
        max(round(observed - expected_high, 4))
        filter (where measure = 'sentiment_net')
            as sentiment_net_change_low,
        max(round(observed - expected_low, 4)) filter (where measure = 'sentiment_net')
            as sentiment_net_change_high
    from intermediate.action_effects
    group by brand_id, episode
),

coverage as (
    select
        actions.brand_id,
        actions.action_id,
        count(*) as days_covered
    from intermediate.brand_actions as actions
    inner join meta.covered_days as covered_days
        on covered_days.date_day between actions.first_day and actions.effect_until
    group by actions.brand_id, actions.action_id
),

companions as (
    select
        actions.brand_id,
        actions.action_id,
        string_agg(others.action_id, ', ' order by others.action_id)
            as overlaps_with_text
    from intermediate.brand_actions as actions
    inner join intermediate.brand_actions as others
        on
            actions.brand_id = others.brand_id
            and actions.action_id <> others.action_id
            and others.origin = 'written down'
            and actions.effect_until >= others.first_day
            and actions.first_day <= others.effect_until
    group by actions.brand_id, actions.action_id
),

told as (
    select
        actions.*,
        effects.*,
        brands.brand_name,
        actions.overlapping = 0 as is_separable,
        coalesce(coverage.days_covered, 0)
        = date_diff('day', actions.first_day, actions.effect_until) + 1 as is_complete,
        coalesce(companions.overlaps_with_text, '') as overlaps_with_text
    from intermediate.brand_actions as actions
    inner join meta.brands as brands on actions.brand_id = brands.brand_id
    left join effects
        on
            actions.brand_id = effects.effects_brand_id
            and actions.episode = effects.effects_episode
    left join coverage
        on
            actions.brand_id = coverage.brand_id
            and actions.action_id = coverage.action_id
    left join companions
        on
            actions.brand_id = companions.brand_id
            and actions.action_id = companions.action_id
)

select
    brand_id,
    brand_name,
    action_id,
    kind,
    origin,
    platform,
    post_id,
    acts,
    note,
    started_at,
    first_day,
    last_day,
    effect_until,
    is_complete,
    is_separable,
    overlapping,
    overlaps_with_text,
    days_before,
    cast(engagements as bigint) as engagements,
    expected_engagements,
    engagements_change,
    engagements_change_low,
    engagements_change_high,
    cast(genuine_engagements as bigint) as genuine_engagements,
    expected_genuine_engagements,
    genuine_engagements_change,
    genuine_engagements_change_low,
    genuine_engagements_change_high,
    cast(followers as bigint) as followers,
    expected_followers,
    followers_change,
    followers_change_low,
    followers_change_high,
    sentiment_net,
    expected_sentiment_net,
    sentiment_net_change,
    sentiment_net_change_low,
    sentiment_net_change_high,
    concat_ws(
        ' ',
        case
            when is_separable then null
            when origin = 'written down'
                then
                    'Not separable from ' || overlaps_with_text
                    || '; what follows is of all of them together.'
            else
                'Not separable from '
                || case
                    when overlapping = 1 then 'another action'
                    else overlapping || ' other actions'
                end
                || ' of these days; campaign_posts tells what a post got.'
        end,
        case when not is_complete then 'Not all of its days are covered yet.' end,
        case
            when origin = 'data' and not is_separable then null
            when expected_genuine_engagements is null
                then 'Too few known days before it to tell what was to be expected.'
            when genuine_engagements_change_low > 0
                then
                    'Genuine engagements rose by '
                    || cast(round(genuine_engagements_change) as bigint)
                    || ' over the expected '
                    || cast(round(expected_genuine_engagements) as bigint)
                    || ' (95 %: '
                    || cast(round(genuine_engagements_change_low) as bigint) || ' to '
                    || cast(round(genuine_engagements_change_high) as bigint) || ').'
            when genuine_engagements_change_high < 0
                then
                    'Genuine engagements fell by '
                    || cast(round(-genuine_engagements_change) as bigint)
                    || ' under the expected '
                    || cast(round(expected_genuine_engagements) as bigint)
                    || ' (95 %: '
                    || cast(round(-genuine_engagements_change_high) as bigint) || ' to '
                    || cast(round(-genuine_engagements_change_low) as bigint) || ').'
            else
                'No change of genuine engagements beyond chance ('
                || cast(genuine_engagements as bigint) || ', expected '
                || cast(round(expected_genuine_engagements) as bigint) || ').'
        end,
        case
            when followers_change_low > 0
                then
                    'Followers: '
                    || cast(round(followers_change) as bigint)
                    || ' more than expected (95 %: '
                    || cast(round(followers_change_low) as bigint) || ' to '
                    || cast(round(followers_change_high) as bigint) || ').'
            when followers_change_high < 0
                then
                    'Followers: '
                    || cast(round(-followers_change) as bigint)
                    || ' fewer than expected (95 %: '
                    || cast(round(-followers_change_high) as bigint) || ' to '
                    || cast(round(-followers_change_low) as bigint) || ').'
        end,
        case
            when sentiment_net_change_low > 0 then 'Comments sound better than expected.'
            when sentiment_net_change_high < 0 then 'Comments sound worse than expected.'
        end
    ) as finding
from told
