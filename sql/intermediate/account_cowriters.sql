-- One row per account that begins a text like four other accounts or more: how many of
-- those that share its most telling wording are suspected, and how many wordings would
-- have so many by chance.
--
-- Second of two passes: `first_suspicion` says who is suspected, with the signs of
-- shared words left out, so that words which accounts share can't make each of them
-- suspect the others. What more than two hundred write is a slogan, and what stands in
-- a post that was collected is the campaign's own: neither ties anybody. Under chance
-- the writers of a wording are suspected as often as all who write on the same posts
-- (ten writers of the average kind added to each post): on a post that phantoms attack,
-- fans share small talk with many. The bound is Hoeffding's of 1963 on sums of
-- independent draws, over all wordings. The account itself doesn't count.
-- Cost: linear in accounts' wordings.
--
-- grain: platform, account_id
-- params: none
-- replace: all

with

sentences_of_posts as (
    select
        platform,
        unnest(
            string_split_regex(
                regexp_replace(text, '\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+', '', 'g'),
                '[。！？!?；;，,、：:\n]'
            )
        ) as sentence
    from staging.posts
),

beginnings_of_posts as (
    select distinct
        platform,
        left(regexp_replace(sentence, '[^\p{L}]', '', 'g'), 12) as beginning
    from sentences_of_posts
),

own_words_of_posts as (
    select distinct
        beginnings_of_posts.platform,
        signs.beginning_no
    from beginnings_of_posts
    inner join intermediate.word_signs as signs
        on beginnings_of_posts.beginning = signs.beginning
),

suspicion as (
    select
        accounts.account_no,
        case when suspicion.is_suspected_but_for_words then 1 else 0 end
            as is_suspected
    from intermediate.first_suspicion as suspicion
    inner join intermediate.numbered_accounts as accounts
        on
            suspicion.platform = accounts.platform
            and suspicion.account_id = accounts.account_id
),

written as (
    select
        wordings.platform,
        wordings.beginning_no,
        wordings.post_no,
        wordings.account_no,
        suspicion.is_suspected
    from intermediate.account_wordings as wordings
    inner join suspicion on wordings.account_no = suspicion.account_no
),

writers as (
    select distinct
        platform,
        post_no,
        account_no,
        is_suspected
    from written
),

average as (
    select
        platform,
        sum(is_suspected) / count(*) as suspected_share
    from writers
    group by platform
),

-- In whole millionths: sums of fractions would depend on their order.
posts as (
    select
        writers.platform,
        writers.post_no,
        cast(
            ceil(
                1000000
                * (sum(writers.is_suspected) + 10 * average.suspected_share)
                / (count(*) + 10)
            ) as bigint
        ) as usual_millionths
    from writers
    inner join average on writers.platform = average.platform
    group by writers.platform, writers.post_no, average.suspected_share
),

-- Who used a wording on several posts could be met where most are suspected.
used as (
    select
        written.platform,
        written.beginning_no,
        written.account_no,
        written.is_suspected,
        max(posts.usual_millionths) as usual_millionths
    from written
    inner join posts on written.post_no = posts.post_no
    anti join own_words_of_posts
        on
            written.platform = own_words_of_posts.platform
            and written.beginning_no = own_words_of_posts.beginning_no
    group by
        written.platform,
        written.beginning_no,
        written.account_no,
        written.is_suspected
),

wordings as (
    select
        platform,
        beginning_no,
        count(*) as accounts,
        sum(is_suspected) as suspected,
        sum(usual_millionths) as usual_millionths
    from used
    group by platform, beginning_no
    having count(*) between 5 and 200
),

compared as (
    select
        platform,
        count(*) as wordings
    from wordings
    group by platform
),

shared as (
    select
        used.platform,
        used.account_no,
        used.beginning_no,
        compared.wordings,
        wordings.accounts - 1 as cowriters,
        wordings.suspected - used.is_suspected as suspected_cowriters,
        (wordings.suspected - used.is_suspected) / (wordings.accounts - 1) as share,
        (wordings.usual_millionths - used.usual_millionths)
        / (1000000 * (wordings.accounts - 1)) as usual
    from used
    inner join wordings
        on
            used.platform = wordings.platform
            and used.beginning_no = wordings.beginning_no
    inner join compared on used.platform = compared.platform
),

weighed as (
    select
        *,
        case
            when share <= usual then wordings
            else
                wordings
                * exp(
                    -cowriters
                    * (
                        share * ln(share / usual)
                        + case
                            when share < 1
                                then (1 - share) * ln((1 - share) / (1 - usual))
                            else 0
                        end
                    )
                )
        end as by_chance
    from shared
),

ranked as (
    select
        *,
        row_number() over (
            partition by platform, account_no
            order by share >= 0.5 desc, by_chance asc, beginning_no asc
        ) as place
    from weighed
)

select
    accounts.platform,
    accounts.account_id,
    ranked.cowriters,
    cast(ranked.suspected_cowriters as bigint) as suspected_cowriters,
    round(ranked.by_chance, 6) as cowriters_by_chance
from ranked
inner join intermediate.numbered_accounts as accounts
    on ranked.account_no = accounts.account_no
where ranked.place = 1
