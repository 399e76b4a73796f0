-- One row per brand and account that engaged with it, named it or follows it: what
-- speaks for a contact, and what forbids it.
--
-- The score is 100 x (0.35 affinity + 0.15 reach + 0.25 genuineness + 0.1
-- responsiveness + 0.15 recency), each part from 0 to 1. The weights are a judgement
-- of what a contact is worth, not estimated.
-- Cost: linear in the brands' interactions and their accounts' acts.
--
-- grain: brand_id, platform, account_id
-- params: $time_zone, $contact_cap_days
-- replace: once

with

people as (
    select *
    from intermediate.contact_moments
    where is_now
),

accounts_of_people as (
    select distinct
        platform,
        account_id
    from people
),

-- A person's hours: all that is known of their acts, whoever they concern. A day, or when
-- somebody read a list, tells no hour.
hours as (
    select
        interactions.platform,
        interactions.account_id,
        cast(
            extract(
                hour from
                interactions.acted_at at time zone 'UTC' at time zone $time_zone
            ) as integer
        ) as hour,
        count(*) as acts
    from staging.interactions as interactions
    inner join accounts_of_people as known
        on
            interactions.platform = known.platform
            and interactions.account_id = known.account_id
    where interactions.precision_seconds <= 3600
    group by interactions.platform, interactions.account_id, hour
),

ranked_hours as (
    select
        platform,
        account_id,
        hour,
        row_number() over (
            partition by platform, account_id order by acts desc, hour asc
        ) as place
    from hours
),

best_hours as (
    select
        platform,
        account_id,
        hour as best_hour
    from ranked_hours
    where place = 1
),

-- One person behind several accounts was contacted once.
history as (
    select
        history.brand_id,
        accounts.operator_id,
        count(*) as contacts,
        count(*) filter (where history.is_answered) as answers,
        max(history.contacted_on) as last_contacted_day
    from meta.contact_history as history
    inner join intermediate.accounts as accounts
        on
            history.platform = accounts.platform
            and history.account_id = accounts.account_id
    group by history.brand_id, accounts.operator_id
),

suppressed as (
    select distinct accounts.operator_id
    from meta.suppressions as suppressions
    inner join intermediate.accounts as accounts
        on
            suppressions.platform = accounts.platform
            and suppressions.account_id = accounts.account_id
),

rival_accounts as (
    select
        competitors.brand_id,
        brand_accounts.platform,
        brand_accounts.account_id
    from meta.competitors as competitors
    inner join meta.brand_accounts as brand_accounts
        on competitors.competitor_id = brand_accounts.brand_id
),

rival_names as (
    select
        competitors.brand_id,
        lower(brands.brand_name) as name
    from meta.competitors as competitors
    inner join meta.brands as brands on competitors.competitor_id = brands.brand_id
    union
    select
        rival_accounts.brand_id,
        lower(accounts.screen_name) as name
    from rival_accounts
    inner join staging.accounts as accounts
        on
            rival_accounts.platform = accounts.platform
            and rival_accounts.account_id = accounts.account_id
    where accounts.screen_name is not null
),

rival_staff as (
    select distinct
        people.brand_id,
        people.platform,
        people.account_id
    from people
    inner join intermediate.account_profiles as profiles
        on
            people.platform = profiles.platform
            and people.account_id = profiles.account_id
    inner join rival_names
        on
            people.brand_id = rival_names.brand_id
            and contains(lower(profiles.description), rival_names.name)
    where
        regexp_matches(
            lower(profiles.description),
            '员工|店员|店长|客服|职员|任职|就职|供职|上班|运营|市场部|负责人|创始人'
            || '|经理|总监|官方|work(s|ing)? (at|for)|employee|staff|manager|founder'
        )
),

known as (
    select
        people.brand_id,
        people.platform,
        people.account_id,
        accounts.operator_id,
        accounts.account_key,
        accounts.phantom_level,
        accounts.is_confirmed,
        accounts.phantom_probability,
        accounts.followers_count,
        profiles.description,
        brand_accounts.account_id is not null as is_own,
        rival_accounts.account_id is not null as is_rival,
        rival_staff.account_id is not null as is_rival_staff,
        suppressed.operator_id is not null as is_suppressed,
        people.comments,
        people.reposts,
        people.likes,
        people.mentions,
        people.acts,
        people.asks,
        people.is_follower,
        people.last_act_day,
        people.affinity,
        people.reach,
        people.genuineness,
        people.recency,
        best_hours.best_hour,
        coalesce(history.contacts, 0) as contacts,
        coalesce(history.answers, 0) as answers,
        history.last_contacted_day,
        -- The last landed day.
        cast(people.weighed_day - interval 1 day as date) as last_day
    from people
    inner join intermediate.accounts as accounts
        on
            people.platform = accounts.platform
            and people.account_id = accounts.account_id
    inner join intermediate.account_profiles as profiles
        on
            people.platform = profiles.platform
            and people.account_id = profiles.account_id
    left join best_hours
        on
            people.platform = best_hours.platform
            and people.account_id = best_hours.account_id
    left join history
        on
            people.brand_id = history.brand_id
            and accounts.operator_id = history.operator_id
    left join suppressed on accounts.operator_id = suppressed.operator_id
    left join meta.brand_accounts as brand_accounts
        on
            people.brand_id = brand_accounts.brand_id
            and people.platform = brand_accounts.platform
            and people.account_id = brand_accounts.account_id
    left join rival_accounts
        on
            people.brand_id = rival_accounts.brand_id
            and people.platform = rival_accounts.platform
            and people.account_id = rival_accounts.account_id
    left join rival_staff
        on
            people.brand_id = rival_staff.brand_id
            and people.platform = rival_staff.platform
            and people.account_id = rival_staff.account_id
),

parts as (
    select
        *,
        regexp_matches(
            description,
            '未成年|小学生|初中生|高中生|中学生|[一二三四五六七八九]年级'
            || '|(初|高)[一二三](?:[^\p{L}]|学|党|狗|生|$)|(?:^|[^0-9])1[0-7] ?岁'
        ) as says_minor,
        round(
            (comments + mentions + 2 * answers + 1) / (acts + 2 * contacts + 2), 4
        ) as responsiveness
    from known
),

-- What a person's other account says or is holds for the person.
of_people as (
    select
        *,
        bool_or(is_own) over (partition by brand_id, operator_id) as is_persons_own,
        bool_or(is_rival) over (partition by brand_id, operator_id)
            as is_persons_rival,
        bool_or(is_rival_staff) over (partition by brand_id, operator_id)
            as is_persons_employer_rival,
        coalesce(
            bool_or(says_minor) over (partition by brand_id, operator_id), false
        ) as is_person_minor
    from parts
),

scored as (
    select
        *,
        round(
            35 * affinity + 15 * reach + 25 * genuineness + 10 * responsiveness
            + 15 * recency,
            2
        ) as contact_score,
        is_persons_own
        or is_persons_rival
        or is_persons_employer_rival
        or is_suppressed
        or phantom_level = 'phantom'
        or is_person_minor
        or coalesce(
            date_diff('day', last_contacted_day, last_day) < $contact_cap_days, false
        ) as is_forbidden
    from of_people
),

ranked as (
    select
        *,
        row_number() over (
            partition by brand_id, operator_id
            order by is_forbidden asc, contact_score desc, account_key asc
        ) as place_of_person
    from scored
)

select
    *,
    not is_forbidden and place_of_person = 1 as is_contactable,
    concat_ws(
        '; ',
        case when is_persons_own then 'the brand''s own account' end,
        case when is_persons_rival then 'a competitor''s account' end,
        case
            when is_persons_employer_rival then 'says that it works for a competitor'
        end,
        case when is_suppressed then 'asked not to be contacted' end,
        case when phantom_level = 'phantom' then 'likely phantom' end,
        case when is_person_minor then 'says that it is a minor' end,
        case
            when date_diff('day', last_contacted_day, last_day) < $contact_cap_days
                then 'was contacted lately'
        end,
        case
            when place_of_person > 1
                then 'another account of the same person ranks higher'
        end
    ) as why_not,
    case
        when acts = 0 then 'message'
        when comments >= greatest(reposts, mentions, 1) then 'reply to its comments'
        when mentions >= greatest(reposts, 1) then 'reply to its mentions'
        when reposts > 0 then 'reply to its reposts'
        else 'message'
    end as best_channel
from ranked
