-- How a campaign's comments sound, and who says so: of the comments of one tone, on the
-- covered activity days between its first and last day, how many are of genuine,
-- suspected and likely phantom accounts. A tone whose share of likely phantoms is clearly
-- higher than that of the other comments is itself suspected, praise and blame alike.
--
-- grain: campaign_id, sentiment
-- params: $min_cell
-- replace: all
-- time axis: activity day
-- adds over: sentiment
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   sentiment [text]: positive, neutral or negative
--   comments [comments]: comments that sound so
--   known_comments [comments]: comments that sound so, of accounts known by more than a name
--   suspected_comments [comments of told tones]: known_comments of suspected accounts, which count as genuine; null where known_comments are fewer than policies.min_cell or than half
--   phantom_comments [comments of told tones]: known_comments of likely phantoms; null where suspected_comments is
--   phantom_share [share]: phantom_comments / known_comments
--   phantom_share_low [share]: low end of its 95 % interval, for chance alone: what the score misses is not in it (Wilson 1927)
--   phantom_share_high [share]: high end of that interval
--   is_suspected [yes or no]: phantom_share_low is higher than the high end of that interval for comments of the other tones together; null where one of the two is not told
-- metrics:
--   phantom_share: this project | counts each comment, not each account
--   is_suspected: this project | who sent them, the data does not tell

with

sums as (
    select
        campaign_id,
        cast(sum(positive) as bigint) as positive,
        cast(sum(neutral) as bigint) as neutral,
        cast(sum(negative) as bigint) as negative,
        cast(sum(known_positive) as bigint) as known_positive,
        cast(sum(known_neutral) as bigint) as known_neutral,
        cast(sum(known_negative) as bigint) as known_negative,
        cast(sum(suspected_positive) as bigint) as suspected_positive,
        cast(sum(suspected_neutral) as bigint) as suspected_neutral,
        cast(sum(suspected_negative) as bigint) as suspected_negative,
        cast(sum(phantom_positive) as bigint) as phantom_positive,
        cast(sum(phantom_neutral) as bigint) as phantom_neutral,
        cast(sum(phantom_negative) as bigint) as phantom_negative
    from intermediate.sentiment_days
    group by campaign_id
),

tones as (
    select
        campaign_id,
        unnest(['positive', 'neutral', 'negative']) as sentiment,
        unnest([positive, neutral, negative]) as comments,
        unnest([known_positive, known_neutral, known_negative]) as known,
        unnest([suspected_positive, suspected_neutral, suspected_negative]) as suspected,
        unnest([phantom_positive, phantom_neutral, phantom_negative]) as phantoms
    from sums
),

-- Each tone, and beside it the others together.
sides as (
    select
        campaign_id,
        sentiment,
        false as is_others,
        comments,
        known,
        phantoms
    from tones

    union all by name

    select
        campaign_id,
        sentiment,
        true as is_others,
        sum(comments) over campaign - comments as comments,
        sum(known) over campaign - known as known,
        sum(phantoms) over campaign - phantoms as phantoms
    from tones
    window campaign as (partition by campaign_id)
),

spread as (
    select
        *,
        phantoms / known as share,
        1.96 * sqrt(phantoms * (known - phantoms) / known + 0.9604) as width
    from sides
    where known >= $min_cell and known * 2 >= comments
),

bounds as (
    select
        campaign_id,
        sentiment,
        is_others,
        share,
        case
            when phantoms = 0 then 0
            else (phantoms + 1.9208 - width) / (known + 3.8416)
        end as low,
        case
            when phantoms = known then 1
            else (phantoms + 1.9208 + width) / (known + 3.8416)
        end as high
    from spread
)

select
    tones.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    tones.sentiment,
    tones.comments,
    tones.known as known_comments,
    case when own.share is not null then tones.suspected end as suspected_comments,
    case when own.share is not null then tones.phantoms end as phantom_comments,
    round(own.share, 6) as phantom_share,
    round(own.low, 6) as phantom_share_low,
    round(own.high, 6) as phantom_share_high,
    own.low > others.high as is_suspected
from tones
inner join meta.campaigns as campaigns on tones.campaign_id = campaigns.campaign_id
left join bounds as own
    on
        tones.campaign_id = own.campaign_id
        and tones.sentiment = own.sentiment
        and not own.is_others
left join bounds as others
    on
        tones.campaign_id = others.campaign_id
        and tones.sentiment = others.sentiment
        and others.is_others
