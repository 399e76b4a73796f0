-- An account that engaged with a brand, named it or follows it, as somebody to talk
-- to: how much speaks for it, and why not where something forbids it. Names stand in
-- restricted/contacts.csv only. Counts to the last activity day that landed.
--
-- grain: brand_id, platform, account_key
-- params: $key_inner, $key_outer
-- replace: all
-- time axis: lifetime
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   operator_key [id]: pseudonym of who runs it; an account on its own is its own operator
--   contact_rank [place, 1 the first]: place among the brand's contactable accounts; null where it is not
--   contact_score [points, 0 to 100]: 35 affinity + 15 reach + 25 genuineness + 10 responsiveness + 15 recency, 0 to 100
--   affinity [0 to 1]: own acts towards the brand, w / (10 + w); a mention is 3, comment, repost, following 2, a like 1; asking for the goods 4 more, a positive comment 1 more, a negative one 2 less
--   reach [0 to 1]: ln(1 + followers) / ln(1 + 1,000,000), at most 1; unknown followers count as none
--   genuineness [0 to 1]: 1 - phantom_probability; what a person decided counts as 1 or 0
--   responsiveness [0 to 1]: (comments + mentions + 2 x answers + 1) / (acts + 2 x contacts + 2)
--   recency [0 to 1]: halves every 14 days since its last act towards the brand
--   rfm_recency [1 to 5]: days from its last act towards the brand to the last landed day: up to 7 are 5, up to 30 are 4, up to 90 are 3, up to 180 are 2, more 1; null without an act
--   rfm_frequency [1 to 5]: acts towards the brand: 10 or more are 5, from 5 on 4, from 3 on 3, two 2, else 1
--   rfm_asks [1 to 5]: in the place of money, which no network tells: asks, three or more are 5, two 4, one 3, none 1
--   segment [text]: asks for the goods (recent, asked); champion (recent, five acts or more); promising (recent, two to four); newcomer (recent, one);
--     to win back (not recent, five acts or more, or asked); cooling (up to 90 days ago); lost; follower (no act); recent is up to 30 days ago
--   engagements [interactions]: its reposts, comments and likes on the brand's posts
--   mentions [mentions]: its posts, reposts and comments that name the brand
--   asks [interactions]: of its acts, those whose words ask for the goods or tell of a purchase
--   is_follower [yes or no]: it stands in a follower list that was collected
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   best_hour [hour, 0 to 23]: hour of the day at which it acts most, in the workspace's time zone; null where the hour of no act is known
--   best_channel [text]: where it speaks with the brand most: reply to its comments, mentions or reposts, else message
--   last_act_day [day]: the last day on which it acted towards the brand
--   contacts [times]: times that its person was contacted
--   answers [times]: times that its person answered
--   last_contacted_day [day]: the last day on which its person was contacted
--   is_contactable [yes or no]: nothing known forbids it; one account a person
--   why_not [text]: what forbids it; empty where nothing does
--   age_check [text]: says that it is a minor (with any of its person's accounts), or unknown: profiles hardly ever tell
--   employer_check [text]: says (with any of its person's accounts) that it works for a competitor, or unknown
-- metrics:
--   contact_score: this project | the weights are a judgement
--   rfm_recency: Hughes 1994, RFM, with fixed limits | the limits are a judgement
--   segment: Hughes 1994, RFM, with asks in the place of money | nothing is known of what anybody bought

with

dated as (
    select
        *,
        date_diff('day', last_act_day, last_day) as days_ago
    from intermediate.brand_contacts
),

rated as (
    select
        *,
        case
            when days_ago <= 7 then 5
            when days_ago <= 30 then 4
            when days_ago <= 90 then 3
            when days_ago <= 180 then 2
            when days_ago is not null then 1
        end as rfm_recency,
        case
            when acts >= 10 then 5
            when acts >= 5 then 4
            when acts >= 3 then 3
            when acts >= 2 then 2
            else 1
        end as rfm_frequency,
        case
            when asks >= 3 then 5
            when asks >= 2 then 4
            when asks >= 1 then 3
            else 1
        end as rfm_asks
    from dated
)

select
    brand_id,
    platform,
    account_key,
    left(
        sha256($key_outer || unhex(sha256(
            $key_inner || encode('operator:' || operator_id)
        ))),
        32
    ) as operator_key,
    case
        when is_contactable
            then
                row_number() over (
                    partition by brand_id, is_contactable
                    order by contact_score desc, account_key asc
                )
    end as contact_rank,
    contact_score,
    affinity,
    reach,
    genuineness,
    responsiveness,
    recency,
    rfm_recency,
    rfm_frequency,
    rfm_asks,
    case
        when acts = 0 then 'follower'
        when rfm_recency >= 4 and rfm_asks >= 3 then 'asks for the goods'
        when rfm_recency >= 4 and rfm_frequency >= 4 then 'champion'
        when rfm_recency >= 4 and rfm_frequency >= 2 then 'promising'
        when rfm_recency >= 4 then 'newcomer'
        when rfm_frequency >= 4 or rfm_asks >= 3 then 'to win back'
        when rfm_recency = 3 then 'cooling'
        else 'lost'
    end as segment,
    acts - mentions as engagements,
    mentions,
    asks,
    is_follower,
    phantom_level,
    best_hour,
    best_channel,
    last_act_day,
    contacts,
    answers,
    last_contacted_day,
    is_contactable,
    why_not,
    case when is_person_minor then 'says that it is a minor' else 'unknown' end
        as age_check,
    case
        when is_persons_employer_rival then 'says that it works for a competitor' else 'unknown'
    end as employer_check
from rated
