-- One row per wording of `act_words` by its number: what it tells by itself
-- (`judged_words`), with numbers in place of texts where only same and other count.
-- `beginning_no` sorts like `beginning`. Cost: sorting distinct wordings.
--
-- grain: words_no
-- params: none
-- replace: once

with

numbered as (
    select
        words,
        words_no
    from intermediate.act_words
    group by words, words_no
),

bare_ones as (
    select
        bare,
        cast(row_number() over (order by bare) as integer) as bare_no
    from intermediate.judged_words
    group by bare
),

beginnings as (
    select
        beginning,
        cast(row_number() over (order by beginning) as integer) as beginning_no
    from intermediate.judged_words
    where beginning is not null
    group by beginning
)

select
    numbered.words_no,
    bare_ones.bare_no,
    beginnings.beginning_no,
    judged.beginning,
    judged.sentences,
    judged.letters,
    judged.is_filler,
    judged.is_wish,
    judged.has_link,
    judged.has_topic,
    judged.has_mention,
    judged.has_emoticon,
    judged.has_digit,
    judged.has_exclamation,
    judged.has_trailing,
    judged.has_first_person,
    judged.has_headline,
    judged.has_sales,
    judged.has_lottery
from numbered
inner join intermediate.judged_words as judged on numbered.words = judged.words
left join bare_ones on judged.bare = bare_ones.bare
left join beginnings on judged.beginning = beginnings.beginning
