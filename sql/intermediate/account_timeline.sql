-- One row per account that posted, reposted or commented: its newest acts, whatever
-- their age, as counts. A count of what nobody could see is told apart from a count of
-- nothing by its base: `posts`, `texts`, `gaps`, `clients_known`, `counted_posts`.
--
-- Made anew of accounts in `meta.touched_accounts` only. Cost: linear in their acts; of
-- those with more than are looked at only the newest ones are sorted.
--
-- grain: platform, account_id
-- params: $time_zone, $timeline_acts
-- replace: rows platform, account_id

with

written as (
    select
        account_no,
        interaction_id as act_id,
        kind,
        acted_at,
        date_day,
        words_no,
        cast(null as varchar) as client
    from intermediate.acts
    where is_touched and kind in ('repost', 'comment')
    union all
    select
        accounts.account_no,
        posts.post_id as act_id,
        'post' as kind,
        posts.posted_at as acted_at,
        posts.date_day,
        words.words_no,
        posts.client
    from staging.posts as posts
    inner join intermediate.numbered_accounts as accounts
        on
            posts.platform = accounts.platform
            and posts.account_id = accounts.account_id
    left join intermediate.act_words as words
        on posts.text = words.text and words.is_post
    where accounts.is_touched
),

-- Few accounts have more than are looked at; of the others every act is.
busy as (
    select account_no
    from written
    group by account_no
    having count(*) > $timeline_acts
),

running as (
    select
        account_no,
        date_day,
        sum(acts) over (
            partition by account_no
            order by date_day desc
        ) as acts_since
    from (
        select
            written.account_no,
            written.date_day,
            count(*) as acts
        from written
        semi join busy on written.account_no = busy.account_no
        group by written.account_no, written.date_day
    ) as days
),

begins as (
    select
        account_no,
        max(date_day) as first_day
    from running
    where acts_since >= $timeline_acts
    group by account_no
),

placed as (
    select
        written.*,
        row_number() over (
            partition by written.account_no
            order by written.acted_at desc, written.kind asc, written.act_id desc
        ) as place
    from written
    inner join begins on written.account_no = begins.account_no
    where begins.first_day is null or written.date_day >= begins.first_day
),

newest as (
    select
        written.account_no,
        written.act_id,
        written.kind,
        written.acted_at,
        written.date_day,
        written.words_no,
        written.client
    from written
    anti join busy on written.account_no = busy.account_no
    union all
    select
        account_no,
        act_id,
        kind,
        acted_at,
        date_day,
        words_no,
        client
    from placed
    where place <= $timeline_acts
),

-- The oldest of them has one before it that is not looked at. Acts of one moment are
-- alike here: which of them has the distance to those before is not counted.
spaced as (
    select
        account_no,
        acted_at,
        date_day,
        lead(acted_at) over (
            partition by account_no order by acted_at desc
        ) as before_at,
        lead(date_day) over (
            partition by account_no order by acted_at desc
        ) as before_day
    from newest
),

gaps as (
    select
        account_no,
        date_diff('second', before_at, acted_at) as gap_seconds,
        before_day < date_day as is_next_day
    from spaced
    where before_at is not null or before_day is not null
),

recent as (
    select
        newest.account_no,
        newest.kind,
        newest.acted_at,
        newest.client,
        extract(
            hour from newest.acted_at at time zone 'UTC' at time zone $time_zone
        ) as hour_of_day,
        extract(minute from newest.acted_at) as minute_of_hour,
        extract(isodow from newest.date_day) as day_of_week,
        signs.bare_no,
        signs.letters,
        signs.has_link,
        signs.has_topic,
        signs.has_mention,
        signs.has_emoticon,
        signs.has_digit,
        signs.has_exclamation,
        signs.has_trailing,
        signs.has_first_person,
        signs.has_headline,
        signs.has_sales,
        signs.has_lottery
    from newest
    left join intermediate.word_signs as signs
        on
            newest.words_no = signs.words_no
            -- The platform's filler says nothing about who reposts.
            and (newest.kind = 'post' or not signs.is_filler)
),

-- The distance that comes back most often, in whole minutes; ties: the shorter.
distances as (
    select
        account_no,
        cast(round(gap_seconds / 60.0) as bigint) as minutes,
        count(*) as times
    from gaps
    where gap_seconds between 120 and 604800
    group by account_no, cast(round(gap_seconds / 60.0) as bigint)
    having count(*) > 1
),

regular as (
    select
        account_no,
        max(times) as regular_gaps,
        -max(times * 100000 - minutes) + max(times) * 100000 as regular_gap_minutes
    from distances
    group by account_no
),

spacing as (
    select
        account_no,
        count(*) filter (where is_next_day) as next_days,
        count(gap_seconds) as gaps,
        sum(gap_seconds) as gap_sum,
        sum(cast(gap_seconds as hugeint) * gap_seconds) as gap_square_sum,
        count(*) filter (where gap_seconds < 60) as gaps_below_minute,
        count(*) filter (where gap_seconds < 600) as gaps_below_ten_minutes,
        count(*) filter (where gap_seconds < 3600) as gaps_below_hour,
        count(*) filter (where gap_seconds < 86400) as gaps_below_day,
        count(*) filter (where gap_seconds < 604800) as gaps_below_week
    from gaps
    group by account_no
),

-- Counting what differs in two steps is quicker than in one.
differing_texts as (
    select
        account_no,
        count(*) as distinct_texts
    from (
        select
            account_no,
            bare_no
        from recent
        where bare_no is not null
        group by account_no, bare_no
    ) as texts
    group by account_no
),

differing_clients as (
    select
        account_no,
        count(*) as clients
    from (
        select
            account_no,
            client
        from recent
        where client is not null
        group by account_no, client
    ) as apps
    group by account_no
),

own_posts as (
    select
        accounts.platform,
        newest.account_no,
        newest.act_id as post_id
    from newest
    inner join intermediate.numbered_accounts as accounts
        on newest.account_no = accounts.account_no
    where newest.kind = 'post'
),

counters as (
    select
        own_posts.account_no,
        own_posts.post_id,
        max(post_counters.comments_count) as comments_count,
        max(post_counters.likes_count) as likes_count
    from staging.post_counters as post_counters
    inner join own_posts
        on
            post_counters.platform = own_posts.platform
            and post_counters.post_id = own_posts.post_id
    group by own_posts.account_no, own_posts.post_id
),

answered as (
    select
        account_no,
        count(comments_count) as counted_posts,
        sum(comments_count) as received_comments,
        sum(likes_count) as received_likes
    from counters
    group by account_no
),

counted as (
    select
        account_no,
        count(*) as acts,
        count(*) filter (where kind = 'post') as posts,
        count(*) filter (where kind = 'repost') as reposts,
        date_diff('second', min(acted_at), max(acted_at)) as span_seconds,
        bit_count(bit_or(1 << hour_of_day)) as hours,
        count(*) filter (where hour_of_day < 6) as night_acts,
        count(*) filter (where hour_of_day between 6 and 11) as morning_acts,
        count(*) filter (where hour_of_day >= 18) as evening_acts,
        count(*) filter (where day_of_week >= 6) as weekend_acts,
        count(*) filter (where minute_of_hour in (0, 30)) as half_hour_acts,
        count(letters) as texts,
        sum(letters) as text_length,
        sum(cast(letters as hugeint) * letters) as text_length_square,
        count(*) filter (where has_link) as link_texts,
        count(*) filter (where has_topic) as topic_texts,
        count(*) filter (where has_mention) as mention_texts,
        count(*) filter (where has_emoticon) as emoticon_texts,
        count(*) filter (where has_digit) as digit_texts,
        count(*) filter (where has_exclamation) as exclamation_texts,
        count(*) filter (where has_trailing) as trailing_texts,
        count(*) filter (where has_first_person) as first_person_texts,
        count(*) filter (where has_headline) as headline_texts,
        count(*) filter (where has_sales) as sales_texts,
        count(*) filter (where has_lottery) as lottery_texts,
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
    group by account_no
)

select
    accounts.platform,
    accounts.account_id,
    counted.acts,
    counted.posts,
    counted.reposts,
    1 + coalesce(spacing.next_days, 0) as days,
    counted.span_seconds,
    counted.hours,
    counted.night_acts,
    counted.morning_acts,
    counted.evening_acts,
    counted.weekend_acts,
    counted.half_hour_acts,
    coalesce(spacing.gaps, 0) as gaps,
    spacing.gap_sum,
    spacing.gap_square_sum,
    coalesce(spacing.gaps_below_minute, 0) as gaps_below_minute,
    coalesce(spacing.gaps_below_ten_minutes, 0) as gaps_below_ten_minutes,
    coalesce(spacing.gaps_below_hour, 0) as gaps_below_hour,
    coalesce(spacing.gaps_below_day, 0) as gaps_below_day,
    coalesce(spacing.gaps_below_week, 0) as gaps_below_week,
    counted.texts,
    counted.text_length,
    counted.text_length_square,
    counted.link_texts,
    counted.topic_texts,
    counted.mention_texts,
    counted.emoticon_texts,
    counted.digit_texts,
    counted.exclamation_texts,
    counted.trailing_texts,
    counted.first_person_texts,
    counted.headline_texts,
    counted.sales_texts,
    counted.lottery_texts,
    counted.clients_known,
    counted.phone_acts,
    counted.web_acts,
    coalesce(differing_texts.distinct_texts, 0) as distinct_texts,
    coalesce(differing_clients.clients, 0) as clients,
    regular.regular_gaps,
    regular.regular_gap_minutes,
    answered.counted_posts,
    answered.received_comments,
    answered.received_likes
from counted
inner join intermediate.numbered_accounts as accounts
    on counted.account_no = accounts.account_no
left join spacing on counted.account_no = spacing.account_no
left join regular on counted.account_no = regular.account_no
left join answered on counted.account_no = answered.account_no
left join differing_texts on counted.account_no = differing_texts.account_no
left join differing_clients on counted.account_no = differing_clients.account_no
