-- One row per wording that `act_words` has: what it tells by itself, whoever wrote it.
-- Wordings that were judged before are not judged again: patterns cost a hundred times
-- as much as finding a text among others. Those that no act has any more go.
--
-- `bare`: without links, names, digits and blanks: copies differ in these.
-- `beginning`: the first twelve letters, without names, topics, links, emoticons,
-- digits and marks; null below eight letters and in wishes for luck, which are what
-- people in lotteries write, day by day.
-- `sentences`: each is eight letters at least (three of an alphabet are one), up to a
-- mark or a gap that is not between words; shorter clauses go with what follows them. It
-- stands without names, topics, links, emoticons, digits, marks and the platform's own
-- phrases (`sentences_in`).
-- Cost: linear in new distinct wordings.
--
-- grain: words
-- params: none
-- replace: rows words
-- columns:
--   words varchar: the own words of a text
--   bare varchar: see above
--   beginning varchar: see above
--   sentences varchar[]: see above
--   letters bigint: how long it is
--   is_filler boolean: what the platform writes for who reposts without a word
--   is_wish boolean: a wish for luck
--   has_link boolean: an address
--   has_topic boolean: a topic between marks
--   has_mention boolean: a name is called
--   has_emoticon boolean: a picture by its name
--   has_digit boolean: a digit
--   has_exclamation boolean: an exclamation mark
--   has_trailing boolean: marks of a voice that trails off
--   has_first_person boolean: I, me
--   has_headline boolean: a headline in brackets
--   has_sales boolean: words of sellers
--   has_lottery boolean: words of lotteries

with

-- First which are new, then what they say: else all would be looked at.
new_words as materialized (
    select found.words
    from (
        select words
        from intermediate.act_words
        group by words
    ) as found
    anti join intermediate.judged_words as judged on found.words = judged.words
),

judged as (
    select
        words,
        regexp_replace(words, 'https?://[^ ]+|@[^ ]+|[0-9]|\s', '', 'g') as bare,
        left(
            regexp_replace(
                words,
                '^回复@[^:：]*[:：]|\[[^\]]*\]|@\S+|#[^#]*#|https?://\S+|[^\p{L}]',
                '',
                'g'
            ),
            12
        ) as beginning,
        sentences_in(words) as sentences,
        length(words) as letters,
        words in ('转发微博', '转播') as is_filler,
        is_wish(words) as is_wish,
        contains(words, 'http') as has_link,
        regexp_matches(words, '#[^#]+#') as has_topic,
        contains(words, '@') as has_mention,
        regexp_matches(words, '\[[^\[\]]{1,6}\]') as has_emoticon,
        regexp_matches(words, '[0-9]') as has_digit,
        regexp_matches(words, '[!！]') as has_exclamation,
        regexp_matches(words, '[~～…]|\.\.|。。') as has_trailing,
        contains(words, '我') as has_first_person,
        contains(words, '【') as has_headline,
        regexp_matches(
            words,
            '代理|批发|招商|微信|加盟|优惠|包邮|淘宝|正品|减肥|祛斑|面膜|货源|客服|咨询'
            || '|预约|热线|电话|折扣|促销|秒杀|购买|价格|兼职|赚钱|投资|贷款|理财|公司'
            || '|产品|网店|天猫|店铺|加我|厂家|[qQ][qQ]|[vV][xX]'
        ) as has_sales,
        regexp_matches(
            words, '抽奖|转发.{0,12}送|中奖|转发有礼|抽取|红包|奖品|幸运|领取|有奖|试用'
        ) as has_lottery
    from new_words
)

select
    words,
    bare,
    case when length(beginning) >= 8 and not is_wish then beginning end as beginning,
    sentences,
    letters,
    is_filler,
    is_wish,
    has_link,
    has_topic,
    has_mention,
    has_emoticon,
    has_digit,
    has_exclamation,
    has_trailing,
    has_first_person,
    has_headline,
    has_sales,
    has_lottery
from judged
