-- What a brand did, and what changed after it against what was to be expected without
-- it: posts, reposts and replies of its accounts as they were collected, and what its
-- people wrote down in seeds/brand_actions.csv. A post, and a day's reposts, are judged
-- by their own course, against what the account's earlier usual ones drew by the same
-- age. A written-down action, and a day's replies, are judged by the brand's days,
-- against a structural model of the days before, with the days of other brands where
-- these foretell them better. All counts stand on the activity-day axis, from first_day
-- to effect_until.
--
-- grain: brand_id, action_id
-- params: none
-- replace: all
-- time axis: activity day
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   action_id [id]: as in seeds/brand_actions.csv; else kind:platform:post_id, or kind:platform:day
--   action_kind [text]: post; repost or reply (those of a day together); else as written down
--   origin [text]: data, or written down
--   platform [text]: the network
--   post_id [id]: the platform's id; only of listed posts and those of brand accounts
--   acts [acts]: posts, reposts or replies in this row
--   note [text]: what its people wrote beside it
--   started_at [time in UTC]: when it began, in UTC
--   first_day [day]: the day on which it began, in the workspace's time zone
--   last_day [day]: the day on which it ended
--   effect_until [day]: the last day that is judged: last_day + policies.action_days - 1
--   is_complete [yes or no]: each of these days is covered and has landed; a post was read after them
--   is_separable [yes or no]: no other action stands in its way; a brand's usual posts never do
--   overlapping [actions]: other actions that work on the same days and can't be told apart from it: written-down ones; of replies also those of other days
--   overlaps_with_text [text]: the ids of those that were written down
--   method [text]: usual posts, or days before: what it is judged against
--   usual_posts [posts]: of a post, how many of its account's last 128 are known up to the same age, outside written-down actions; under 10 nothing is told
--   judged_hours [hours]: of a post, the age it is judged at: from started_at to the end of effect_until
--   days_before [days]: of what is judged by days, known days before it, outside written-down actions, from which the course is forecast; under 14 none is
--   controls [brands]: of what is judged by days, other brands whose days help to tell what was to be expected
--   outcome [text]: rose, fell, no change (beyond chance), or not told (nor is it where all up to five times the usual is usual); of genuine engagements, of all where genuine ones are null
--   why_not [text]: why nothing is told; empty where something is
--   engagements [interactions]: reposts, comments and likes of others in its days: on the post, directly below the reposts, else on the brand's posts;
--     of overlapping ones those of all their days together
--   expected_engagements [interactions]: engagements expected without the action: of a post what a usual one of its account, kind and hour draws by that age (median)
--   engagements_change [interactions]: engagements - expected_engagements
--   engagements_change_low [interactions]: lower end of the 95 % interval of engagements_change
--   engagements_change_high [interactions]: upper end of the 95 % interval of engagements_change
--   genuine_engagements [interactions]: engagements without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   expected_genuine_engagements [interactions]: genuine_engagements expected without the action
--   genuine_engagements_change [interactions]: genuine_engagements - expected_genuine_engagements
--   genuine_engagements_change_low [interactions]: lower end of the 95 % interval of genuine_engagements_change
--   genuine_engagements_change_high [interactions]: upper end of the 95 % interval of genuine_engagements_change
--   mentions [mentions]: texts of others in its days that name the brand, as in share_of_voice; null of posts and reposts, which are judged by their own course
--   expected_mentions [mentions]: mentions expected without the action
--   mentions_change [mentions]: mentions - expected_mentions
--   mentions_change_low [mentions]: lower end of the 95 % interval of mentions_change
--   mentions_change_high [mentions]: upper end of the 95 % interval of mentions_change
--   genuine_mentions [mentions]: mentions without those of likely phantoms and hidden accounts; null where fewer than half are of accounts known by more than a name
--   expected_genuine_mentions [mentions]: genuine_mentions expected without the action
--   genuine_mentions_change [mentions]: genuine_mentions - expected_genuine_mentions
--   genuine_mentions_change_low [mentions]: lower end of the 95 % interval of genuine_mentions_change
--   genuine_mentions_change_high [mentions]: upper end of the 95 % interval of genuine_mentions_change
--   followers [followers]: followers of the brand's accounts, not deduplicated, at the last snapshot in its days; of a post only where no other works on its days
--   expected_followers [followers]: followers expected without the action
--   followers_change [followers]: followers - expected_followers
--   followers_change_low [followers]: lower end of the 95 % interval of followers_change
--   followers_change_high [followers]: upper end of the 95 % interval of followers_change
--   sentiment_net [share, -1 to 1]: mean of its days' (positive - negative) / judged comments, days with five judged or more; of a post only where no other works on its days
--   expected_sentiment_net [share, -1 to 1]: sentiment_net expected without the action
--   sentiment_net_change [share, -1 to 1]: sentiment_net - expected_sentiment_net
--   sentiment_net_change_low [share, -1 to 1]: lower end of the 95 % interval of sentiment_net_change
--   sentiment_net_change_high [share, -1 to 1]: upper end of the 95 % interval of sentiment_net_change
--   finding [text]: the same in a sentence
--   kind [text]: older name of action_kind; goes with schema version 3
-- metrics:
--   engagements_change: Brodersen et al. 2015, causal impact; of posts Lei et al. 2018 | assumes that nothing else changed at the same time; up to five of a hundred usual posts stand out by chance
--   mentions_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time
--   followers_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time
--   sentiment_net_change: Brodersen et al. 2015, causal impact; Harvey 1989 | assumes that nothing else changed at the same time

with

judged as (
    select
        actions.brand_id,
        actions.action_id,
        effects.measure,
        effects.days_before,
        effects.controls,
        null as usual_posts,
        null as judged_hours,
        null as is_course_known,
        effects.observed,
        effects.expected,
        effects.expected_low,
        effects.expected_high
    from intermediate.brand_actions as actions
    inner join intermediate.action_effects as effects
        on
            actions.brand_id = effects.brand_id
            and actions.episode = effects.episode
    union all
    select
        brand_id,
        action_id,
        measure,
        null as days_before,
        null as controls,
        usual_posts,
        judged_hours,
        is_course_known,
        observed,
        expected,
        expected_low,
        expected_high
    from intermediate.post_effects
),

effects as (
    select
        brand_id as effects_brand_id,
        action_id as effects_action_id,
        max(days_before) filter (where measure = 'engagements') as days_before,
        max(controls) filter (where measure = 'engagements') as controls,
        max(usual_posts) filter (where measure = 'engagements') as usual_posts,
        max(judged_hours) as judged_hours,
        bool_and(is_course_known) as is_course_known,
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
        max(observed) filter (where measure = 'mentions') as mentions,
        max(expected) filter (where measure = 'mentions') as expected_mentions,
        max(round(observed - expected, 1)) filter (where measure = 'mentions')
            as mentions_change,
        max(round(observed - expected_high, 1)) filter (where measure = 'mentions')
            as mentions_change_low,
        max(round(observed - expected_low, 1)) filter (where measure = 'mentions')
            as mentions_change_high,
        max(observed) filter (where measure = 'genuine_mentions') as genuine_mentions,
        max(expected) filter (where measure = 'genuine_mentions') as expected_genuine_mentions,
        max(round(observed - expected, 1)) filter (where measure = 'genuine_mentions')
            as genuine_mentions_change,
        max(round(observed - expected_high, 1)) filter (where measure = 'genuine_mentions')
            as genuine_mentions_change_low,
        max(round(observed - expected_low, 1)) filter (where measure = 'genuine_mentions')
            as genuine_mentions_change_high,
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
    from judged
    group by brand_id, action_id
),

coverage as (
    select
        actions.brand_id,
        actions.action_id,
        count(days.engagements) as days_known
    from intermediate.brand_actions as actions
    inner join intermediate.brand_days as days
        on
            actions.brand_id = days.brand_id
            and days.date_day between actions.first_day and actions.effect_until
    where actions.class <> 'post'
    group by actions.brand_id, actions.action_id
),

companions as (
    select
        actions.brand_id,
        actions.action_id,
        count(*) as written,
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

joined as (
    select
        actions.*,
        effects.*,
        brands.brand_name,
        actions.overlapping = 0 as is_separable,
        case
            when actions.class = 'post'
                then coalesce(effects.is_course_known, false)
            else
                coalesce(coverage.days_known, 0)
                = date_diff('day', actions.first_day, actions.effect_until) + 1
        end as is_complete,
        coalesce(companions.written, 0) as written,
        coalesce(companions.overlaps_with_text, '') as overlaps_with_text,
        effects.expected_genuine_engagements is not null as is_genuine_told
    from intermediate.brand_actions as actions
    inner join meta.brands as brands on actions.brand_id = brands.brand_id
    left join effects
        on
            actions.brand_id = effects.effects_brand_id
            and actions.action_id = effects.effects_action_id
    left join coverage
        on
            actions.brand_id = coverage.brand_id
            and actions.action_id = coverage.action_id
    left join companions
        on
            actions.brand_id = companions.brand_id
            and actions.action_id = companions.action_id
),

-- What is put in words: genuine engagements, or all where too little is known of accounts.
worded as (
    select
        *,
        case when is_genuine_told then 'genuine engagements' else 'engagements' end
            as noun,
        case
            when is_genuine_told then genuine_engagements else engagements
        end as seen,
        case
            when is_genuine_told
                then expected_genuine_engagements
            else expected_engagements
        end as hoped,
        case
            when is_genuine_told
                then genuine_engagements_change
            else engagements_change
        end as change,
        case
            when is_genuine_told
                then genuine_engagements_change_low
            else engagements_change_low
        end as change_low,
        case
            when is_genuine_told
                then genuine_engagements_change_high
            else engagements_change_high
        end as change_high
    from joined
),

-- From nothing to five times the usual, everything would be as usual: that tells nothing.
opened as (
    select
        *,
        class = 'post'
        and coalesce(
            round(seen - change_high) <= 0
            and seen - change_low > 5 * greatest(hoped, 4),
            false
        ) as is_wide_open
    from worded
),

told as (
    select
        *,
        case
            when hoped is null then 'not told'
            when change_low > 0 then 'rose'
            when change_high < 0 then 'fell'
            when is_wide_open then 'not told'
            else 'no change'
        end as outcome,
        case
            when is_wide_open and change_low <= 0 and change_high >= 0
                then 'what its usual posts draw differs too much'
            when hoped is not null then ''
            when class = 'post' and engagements is null
                then 'none of what the platform counts was collected one by one'
            when class = 'post' and not is_complete
                then
                    'its course is not known to the end of its days: not all are'
                    || ' covered and landed, or it was read last before'
            when class = 'post'
                then
                    'known up to the same age '
                    || case when usual_posts = 1 then 'is' else 'are' end || ' only '
                    || usual_posts || ' earlier '
                    || case kind
                        when 'repost'
                            then
                                case
                                    when usual_posts = 1 then 'day of reposts'
                                    else 'days of reposts'
                                end
                        else
                            case
                                when usual_posts = 1 then 'post' else 'posts'
                            end
                            || ' of its account'
                    end
                    || ', and 10 are needed'
            when engagements is null then 'none of its days is known'
            when days_before < 14
                then
                    'known before it '
                    || case
                        when days_before = 1 then 'is only 1 day'
                        else 'are only ' || days_before || ' days'
                    end
                    || ' without '
                    || case
                        when class = 'reply' then 'replies or written-down actions'
                        else 'other written-down actions'
                    end
                    || ', and 14 are needed'
            else 'the days before it are all the same'
        end as why_not
    from opened
)

select
    brand_id,
    brand_name,
    action_id,
    kind as action_kind,
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
    case when class = 'post' then 'usual posts' else 'days before' end as method,
    usual_posts,
    judged_hours,
    days_before,
    controls,
    outcome,
    why_not,
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
    cast(mentions as bigint) as mentions,
    expected_mentions,
    mentions_change,
    mentions_change_low,
    mentions_change_high,
    cast(genuine_mentions as bigint) as genuine_mentions,
    expected_genuine_mentions,
    genuine_mentions_change,
    genuine_mentions_change_low,
    genuine_mentions_change_high,
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
            when overlapping > written
                then
                    'Not separable from the replies of '
                    || case
                        when overlapping - written = 1 then 'another day'
                        else (overlapping - written) || ' other days'
                    end
                    || case
                        when written > 0 then ' and ' || overlaps_with_text else ''
                    end
                    || '; what follows is of all of them together.'
            else
                'Not separable from ' || overlaps_with_text
                || '; what follows is of '
                || case overlapping when 1 then 'both' else 'all of them' end
                || ' together.'
        end,
        case
            when class <> 'post' and not is_complete
                then 'Not all of its days are known yet.'
        end,
        case
            when hoped is null then 'Nothing is told: ' || why_not || '.'
            when class = 'post' and outcome = 'not told'
                then
                    'It could not be told whether this is unusual: '
                    || cast(seen as bigint) || ' '
                    || case when seen = 1 then noun[:-2] else noun end || ' in '
                    || cast(round(judged_hours) as bigint)
                    || ' hours, where by what came before anything up to '
                    || cast(round(seen - change_low) as bigint)
                    || ' would be as usual.'
            when class = 'post'
                then
                    case outcome
                        when 'rose' then 'More than usual: '
                        when 'fell' then 'Less than usual: '
                        else 'As usual: '
                    end
                    || cast(seen as bigint) || ' '
                    || case when seen = 1 then noun[:-2] else noun end || ' in '
                    || cast(round(judged_hours) as bigint) || ' hours, where a usual '
                    || case kind when 'repost' then 'day of reposts' else 'post' end
                    || ' has ' || cast(round(hoped) as bigint) || ' (95 %: '
                    || cast(round(seen - change_high) as bigint) || ' to '
                    || cast(round(seen - change_low) as bigint) || ').'
            when outcome = 'rose'
                then
                    upper(noun[1]) || noun[2:] || ' rose by '
                    || cast(round(change) as bigint) || ' over the expected '
                    || cast(round(hoped) as bigint) || ' (95 %: '
                    || cast(round(change_low) as bigint) || ' to '
                    || cast(round(change_high) as bigint) || ').'
            when outcome = 'fell'
                then
                    upper(noun[1]) || noun[2:] || ' fell by '
                    || cast(round(-change) as bigint) || ' under the expected '
                    || cast(round(hoped) as bigint) || ' (95 %: '
                    || cast(round(-change_high) as bigint) || ' to '
                    || cast(round(-change_low) as bigint) || ').'
            else
                'No change of ' || noun || ' beyond chance ('
                || cast(seen as bigint) || ', expected '
                || cast(round(hoped) as bigint) || ').'
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
    ) as finding,
    kind
from told
