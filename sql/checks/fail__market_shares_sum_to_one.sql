-- Bad rows: a market's day on which the shares of its brands don't sum to 1, or not
-- all of them know theirs; or shares although what one of them drew is not known. Each
-- share is rounded to six digits.
--
-- grain: market, activity_day, measure
-- params: none

with

shares as (
    select
        market,
        activity_day,
        unnest([
            'mentions', 'genuine_mentions', 'engagements', 'genuine_engagements'
        ]) as measure,
        unnest([mentions, genuine_mentions, engagements, genuine_engagements])
            as counted,
        unnest([
            mentions_share,
            genuine_mentions_share,
            engagements_share,
            genuine_engagements_share
        ]) as share
    from marts.share_of_voice
)

select
    market,
    activity_day,
    measure,
    sum(counted) as counted,
    sum(share) as summed
from shares
group by market, activity_day, measure
having
    (
        sum(counted) > 0
        and count(counted) = count(*)
        and count(share) < count(*)
    )
    or (count(counted) < count(*) and count(share) > 0)
    or (sum(counted) = 0 and count(share) > 0)
    or abs(sum(share) - 1) > 0.0000005 * count(*) + 0.0000000001
