-- One row per account that posted, reposted or commented: its newest acts, whatever
-- their age, as counts. A count of what nobody could see is told apart from a count of
-- nothing by its base: `posts`, `texts`, `gaps`, `clients_known`, `counted_posts`.
--
-- Made anew of accounts in `meta.touched_accounts` only. Cost: of these account and day
-- of every act are counted (three columns of staging are read); texts are read and acts
-- sorted only from the day on which an account's newest acts begin.
--
-- grain: platform, account_id
-- params: $time_zone, $timeline_acts
-- replace: rows platform, account_id

with

touched as (
    select distinct
        platform,
        account_id
    from meta.touched_accounts
),

own_interactions as not materialized (
    select interactions.*
    from staging.interactions as interactions
    semi join touched
        on
            interactions.platform = touched.platform
            and interactions.account_id = touched.account_id
    where interactions.kind in ('repost', 'comment')
),

own_posts as not materialized (
    select posts.*
    from staging.posts as posts
    semi join touched
        on
            posts.platform = touched.platform
            and posts.account_id = touched.account_id
),

days as (
    select
        platform,
        account_id,
        date_day,
        sum(acts) as acts
    from (
        select
            platform,
            account_id,
            date_day,
            count(*) as acts
        from own_interactions
        group by platform, account_id, date_day
        union all
        select
            platform,
            account_id,
            date_day,
            count(*) as acts
        from own_posts
        group by platform, account_id, date_day
    ) as counted
    group by platform, account_id, date_day
),

-- Few accounts have more than are looked at; of the others every act is.
busy as (
    select
        platform,
        account_id
    from days
    group by platform, account_id
    having sum(acts) > $timeline_acts
),

running as (
    select
        days.platform,
        days.account_id,
        days.date_day,
        sum(days.acts) over (
            partition by days.platform, days.account_id
            order by days.date_day desc
        ) as acts_since
    from days
    semi join busy
        on days.platform = busy.platform and days.account_id = busy.account_id
),

begins as (
    select
        platform,
        account_id,
        max(date_day) as first_day
    from running
    where acts_since >= $timeline_acts
    group by platform, account_id
),

acts as (
    select
        platform,
        account_id,
        interaction_id as act_id,
        kind,
        acted_at,
        date_day,
        -- What people write by themselves: the platform's filler and the quoted
        -- chain say nothing about the author.
        nullif(
            nullif(nullif(trim(own_words(text)), ''), '转发微博'),
            '转播'
        ) as own_text,
        cast(null as varchar) as client
    from own_interactions
    union all
    select
        platform,
        account_id,
        post_id as act_id,
        'post' as kind,
        posted_at as acted_at,
        date_day,
        nullif(trim(text), '') as own_text,
        client
    from own_posts
),

numbered as (
    select
        acts.*,
        row_number() over (
            partition by acts.platform, acts.account_id
            order by acts.acted_at desc, acts.kind asc, acts.act_id desc
        ) as place,
        lead(acts.acted_at) over (
            partition by acts.platform, acts.account_id
            order by acts.acted_at desc, acts.kind asc, acts.act_id desc
        ) as before_at,
        lead(acts.date_day) over (
            partition by acts.platform, acts.account_id
            order by acts.acted_at desc, acts.kind asc, acts.act_id desc
        ) as before_day
    from acts
    left join begins
        on acts.platform = begins.platform and acts.account_id = begins.account_id
    where begins.first_day is null or acts.date_day >= begins.first_day
),

recent as (
    select
        numbered.platform,
        numbered.account_id,
        numbered.kind,
        numbered.acted_at,
        numbered.date_day,
        numbered.own_text,
        numbered.client,
        extract(
            hour from numbered.acted_at at time zone 'UTC' at time zone $time_zone
        ) as hour_of_day,
        extract(minute from numbered.acted_at) as minute_of_hour,
        extract(isodow from numbered.date_day) as day_of_week,
        -- The oldest of them has one before it that is not looked at.
        case
            when numbered.place < $timeline_acts
                then date_diff('second', numbered.before_at, numbered.acted_at)
        end as gap_seconds,
        numbered.place < $timeline_acts and numbered.before_day < numbered.date_day
            as is_next_day,
        regexp_replace(
            numbered.own_text, 'https?://[^ ]+|@[^ ]+|[0-9]|\s', '', 'g'
        ) as bare_text
    from numbered
    where numbered.place <= $timeline_acts
),

-- The distance that comes back most often, in whole minutes; ties: the shorter.
distances as (
    select
        platform,
        account_id,
        cast(round(gap_seconds / 60.0) as bigint) as minutes,
        count(*) as times
    from recent
    where gap_seconds between 120 and 604800
    group by platform, account_id, cast(round(gap_seconds / 60.0) as bigint)
    having count(*) > 1
),

regular as (
    select
        platform,
        account_id,
        max(times) as regular_gaps,
        -max(times * 100000 - minutes) + max(times) * 100000 as regular_gap_minutes
    from distances
    group by platform, account_id
),

-- Counting what differs in two steps is quicker than in one.
differing_texts as (
    select
        platform,
        account_id,
        count(*) as distinct_texts
    from (
        select
            platform,
            account_id,
            bare_text
        from recent
        where bare_text is not null
        group by platform, account_id, bare_text
    ) as texts
    group by platform, account_id
),

differing_clients as (
    select
        platform,
        account_id,
        count(*) as clients
    from (
        select
            platform,
            account_id,
            client
        from recent
        where client is not null
        group by platform, account_id, client
    ) as apps
    group by platform, account_id
),

counters as (
    select
        post_counters.platform,
        post_counters.post_id,
        max(post_counters.comments_count) as comments_count,
        max(post_counters.likes_count) as likes_count
    from staging.post_counters as post_counters
    group by post_counters.platform, post_counters.post_id
),

answered as (
    select
        numbered.platform,
        numbered.account_id,
        count(counters.comments_count) as counted_posts,
        sum(counters.comments_count) as received_comments,
        sum(counters.likes_count) as received_likes
    from numbered
    inner join counters
        on
            numbered.platform = counters.platform
            and numbered.act_id = counters.post_id
    where numbered.kind = 'post' and numbered.place <= $timeline_acts
    group by numbered.platform, numbered.account_id
),

counted as (
    select
        platform,
        account_id,
        count(*) as acts,
        count(*) filter (where kind = 'post') as posts,
        count(*) filter (where kind = 'repost') as reposts,
        1 + count(*) filter (where is_next_day) as days,
        date_diff('second', min(acted_at), max(acted_at)) as span_seconds,
        bit_count(bit_or(1 << hour_of_day)) as hours,
        count(*) filter (where hour_of_day < 6) as night_acts,
        count(*) filter (where hour_of_day between 6 and 11) as morning_acts,
        count(*) filter (where hour_of_day >= 18) as evening_acts,
        count(*) filter (where day_of_week >= 6) as weekend_acts,
        count(*) filter (where minute_of_hour in (0, 30)) as half_hour_acts,
        count(gap_seconds) as gaps,
        sum(gap_seconds) as gap_sum,
        sum(cast(gap_seconds as hugeint) * gap_seconds) as gap_square_sum,
        count(*) filter (where gap_seconds < 60) as gaps_below_minute,
        count(*) filter (where gap_seconds < 600) as gaps_below_ten_minutes,
        count(*) filter (where gap_seconds < 3600) as gaps_below_hour,
        count(*) filter (where gap_seconds < 86400) as gaps_below_day,
        count(*) filter (where gap_seconds < 604800) as gaps_below_week,
        count(own_text) as texts,
        sum(length(own_text)) as text_length,
        sum(cast(length(own_text) as hugeint) * length(own_text)) as text_length_square,
        count(*) filter (where contains(own_text, 'http')) as link_texts,
        count(*) filter (where regexp_matches(own_text, '#[^#]+#')) as topic_texts,
        count(*) filter (where contains(own_text, '@')) as mention_texts,
        count(*) filter (where regexp_matches(own_text, '\[[^\[\]]{1,6}\]'))
            as emoticon_texts,
        count(*) filter (where regexp_matches(own_text, '[0-9]')) as digit_texts,
        count(*) filter (where regexp_matches(own_text, '[!！]'))
            as exclamation_texts,
        count(*) filter (where regexp_matches(own_text, '[~～…]|\.\.|。。'))
            as trailing_texts,
        count(*) filter (where contains(own_text, '我')) as first_person_texts,
        count(*) filter (where contains(own_text, '【')) as headline_texts,
        count(*) filter (where regexp_matches(
            own_text,
            '代理|批发|招商|微信|加盟|优惠|包邮|淘宝|正品|减肥|祛斑|面膜|货源|客服|咨询'
            || '|预约|热线|电话|折扣|促销|秒杀|购买|价格|兼职|赚钱|投资|贷款|理财|公司'
            || '|产品|网店|天猫|店铺|加我|厂家|[qQ][qQ]|[vV][xX]'
        )) as sales_texts,
        count(*) filter (where regexp_matches(
            own_text, '抽奖|转发.{0,12}送|中奖|转发有礼|抽取|红包|奖品|幸运|领取|有奖|试用'
        )) as lottery_texts,
        count(client) as clients_known,
        count(*) filter (where regexp_matches(
            client,
            'iPhone|iPad|iOS|[aA]ndroid|手机|客户端|OPPO|vivo|华为|HUAWEI|荣耀|小米|红米'
            || '|三星|Galaxy|魅族|nubia|锤子|乐视|金立|HTC|联想|酷派|一加|Weico|Weibo.intl'
        )) as phone_acts,
        count(*) filter (where regexp_matches(
            client, 'weibo\.com|浏览器|微博桌面|触屏版|微博搜索|专业版'
        )) as web_acts
    from recent
    group by platform, account_id
)

select
    counted.*,
    coalesce(differing_texts.distinct_texts, 0) as distinct_texts,
    coalesce(differing_clients.clients, 0) as clients,
    regular.regular_gaps,
    regular.regular_gap_minutes,
    answered.counted_posts,
    answered.received_comments,
    answered.received_likes
from counted
left join regular
    on
        counted.platform = regular.platform
        and counted.account_id = regular.account_id
left join answered
    on
        counted.platform = answered.platform
        and counted.account_id = answered.account_id
left join differing_texts
    on
        counted.platform = differing_texts.platform
        and counted.account_id = differing_texts.account_id
left join differing_clients
    on
        counted.platform = differing_clients.platform
        and counted.account_id = differing_clients.account_id
