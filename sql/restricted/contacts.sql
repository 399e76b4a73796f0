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
from intermediate.brand_contacts
