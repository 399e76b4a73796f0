-- What a campaign's comments sounded like on an activity day between its first and
-- last day, judged by their words alone. Irony is not seen. What genuine ones say is null
-- where fewer than half of the day's comments are of accounts known by more than a name.
--
-- grain: campaign_id, activity_day
-- params: $min_cell, $alarm_phantom_share
-- replace: all
-- time axis: activity day
-- adds over: activity_day
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   activity_day [day]: the day it happened, in the workspace's time zone
--   comments [comments]: comments and replies on its posts
--   positive [comments]: comments that sound positive
--   neutral [comments]: comments that sound neutral
--   negative [comments]: comments that sound negative
--   wordless [comments]: comments without words of their own, which are not judged
--   genuine_comments [comments]: comments without those of likely phantoms and hidden accounts
--   genuine_positive [comments]: genuine_comments that sound positive; null where genuine_comments is
--   genuine_neutral [comments]: genuine_comments that sound neutral; null where genuine_comments is
--   genuine_negative [comments]: genuine_comments that sound negative; null where genuine_comments is
--   sentiment_net [share, -1 to 1]: (positive - negative) / (positive + neutral + negative) of its comments
--   sentiment_net_low [share, -1 to 1]: low end of the 95 % interval of sentiment_net, for what the words of a kind of product mislead the judgement by
--   sentiment_net_high [share, -1 to 1]: high end of that interval
--   genuine_sentiment_net [share, -1 to 1]: the same of genuine comments
--   is_negative_rise [yes or no]: a larger share of the day's judged comments is negative than that of the 14 days before explains; null where under 3 days with 10 judged comments precede
--   phantom_positive [comments of told days]: positive comments of likely phantoms; null where fewer than half of them, or than policies.min_cell, are of accounts known by more than a name
--   phantom_negative [comments of told days]: negative comments of likely phantoms; null where fewer than half of them, or than policies.min_cell, are of accounts known by more than a name
--   phantom_positive_share_low [share]: low end of the 95 % interval of phantom_positive among positive comments of known accounts (Wilson 1927)
--   is_praise_burst [yes or no]: a rise of positive comments as is_negative_rise, ten or more of known accounts, with a phantom_positive_share_low from [alarms] phantom_share on; null as there
-- metrics:
--   is_praise_burst: this project | who bought praise, if anybody did, the data does not tell

with

daily as (
    select
        * exclude (
            genuine_comments, genuine_positive, genuine_neutral, genuine_negative
        ),
        (positive - negative) / nullif(positive + neutral + negative, 0) as net,
        case when known_comments * 2 >= comments then genuine_comments end
            as genuine_comments,
        case when known_comments * 2 >= comments then genuine_positive end
            as genuine_positive,
        case when known_comments * 2 >= comments then genuine_neutral end
            as genuine_neutral,
        case when known_comments * 2 >= comments then genuine_negative end
            as genuine_negative,
        known_positive >= $min_cell and known_positive * 2 >= positive
            as tells_positive,
        known_negative >= $min_cell and known_negative * 2 >= negative
            as tells_negative,
        case
            when known_positive > 0
                then
                    (
                        phantom_positive + 1.9208
                        - 1.96 * sqrt(
                            phantom_positive * (known_positive - phantom_positive)
                            / known_positive + 0.9604
                        )
                    ) / (known_positive + 3.8416)
        end as wilson_low
    from intermediate.sentiment_days
),

shares as (
    select
        *,
        case
            when tells_positive
                then round(case when phantom_positive = 0 then 0 else wilson_low end, 6)
        end as phantom_positive_share_low,
        tells_positive
        and known_positive >= 10
        and phantom_positive > 0
        and wilson_low >= $alarm_phantom_share as is_of_phantoms
    from daily
)

select
    shares.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    shares.activity_day,
    shares.comments,
    shares.positive,
    shares.neutral,
    shares.negative,
    shares.comments - shares.positive - shares.neutral - shares.negative as wordless,
    shares.genuine_comments,
    shares.genuine_positive,
    shares.genuine_neutral,
    shares.genuine_negative,
    round(shares.net, 6) as sentiment_net,
    round(shares.net - least(1.96 * shares.balance_error, shares.net + 1), 6)
        as sentiment_net_low,
    round(shares.net + least(1.96 * shares.balance_error, 1 - shares.net), 6)
        as sentiment_net_high,
    round(
        (shares.genuine_positive - shares.genuine_negative)
        / nullif(
            shares.genuine_positive + shares.genuine_neutral + shares.genuine_negative, 0
        ), 6
    ) as genuine_sentiment_net,
    rises.is_rise as is_negative_rise,
    case when shares.tells_positive then shares.phantom_positive end as phantom_positive,
    case when shares.tells_negative then shares.phantom_negative end as phantom_negative,
    shares.phantom_positive_share_low,
    case
        when praise.is_rise is not null
            then praise.is_rise and coalesce(shares.is_of_phantoms, false)
    end as is_praise_burst
from shares
inner join meta.campaigns as campaigns on shares.campaign_id = campaigns.campaign_id
left join intermediate.negative_rises as rises
    on
        shares.campaign_id = rises.campaign_id
        and shares.activity_day = rises.activity_day
left join intermediate.praise_rises as praise
    on
        shares.campaign_id = praise.campaign_id
        and shares.activity_day = praise.activity_day
