-- Accounts of one influence whose reposts were reposted on, in a campaign: what they
-- brought, over the activity days that are covered. Sets of fewer than
-- policies.min_cell accounts are put together, or have no row; who each of them is and
-- what it brought stands in restricted/.
--
-- grain: campaign_id, platform, influence_level
-- params: $min_cell
-- replace: all
-- time axis: lifetime
-- adds over: platform, influence_level | accounts
-- columns:
--   campaign_id [id]: the campaign's id in workspace.toml
--   campaign_name [text]: its name, else its id
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   influence_level [text]: low (under 100 followers), regular (under 10,000), influential (under 500,000), key_opinion_leader; other: all that are too few alone, or whose followers are unknown
--   amplifiers [accounts]: accounts whose reposts were reposted on
--   own_reposts [reposts]: their reposts of the campaign's posts
--   direct_reposts [reposts]: reposts made directly of their reposts
--   downstream_reposts_per_amplifier [reposts]: reposts below the reposts of one of them, on average; those below two of them count for both
--   genuine_downstream_reposts_per_amplifier [reposts]: the same without those of likely phantoms and hidden accounts
--   exposure [follower contacts]: their followers, counted at each of their reposts
-- metrics:
--   downstream_reposts_per_amplifier: this project | some might have come another way; parents that are missing stand under the root

with

leveled as (
    select
        *,
        case
            when
                influence_level is not null
                and count(*) over (partition by campaign_id, platform, influence_level)
                >= $min_cell
                then influence_level
            else 'other'
        end as told_level
    from restricted.amplifiers
),

-- Too few others take the smallest set of the rest along.
counted as (
    select
        campaign_id,
        platform,
        told_level,
        count(*) as amplifiers,
        row_number() over (
            partition by campaign_id, platform
            order by told_level = 'other' desc, count(*) asc, told_level asc
        ) as place,
        min(count(*)) over (partition by campaign_id, platform) as fewest
    from leveled
    group by campaign_id, platform, told_level
),

joined as (
    select
        leveled.*,
        case
            when counted.fewest < $min_cell and counted.place <= 2 then 'other'
            else leveled.told_level
        end as joined_level
    from leveled
    inner join counted
        on
            leveled.campaign_id = counted.campaign_id
            and leveled.platform = counted.platform
            and leveled.told_level = counted.told_level
)

select
    campaign_id,
    campaign_name,
    brand_id,
    brand_name,
    platform,
    joined_level as influence_level,
    count(*) as amplifiers,
    cast(sum(own_reposts) as bigint) as own_reposts,
    cast(sum(direct_reposts) as bigint) as direct_reposts,
    round(sum(downstream_reposts) / count(*), 1) as downstream_reposts_per_amplifier,
    round(sum(genuine_downstream_reposts) / count(*), 1)
        as genuine_downstream_reposts_per_amplifier,
    cast(sum(exposure) as bigint) as exposure
from joined
group by campaign_id, campaign_name, brand_id, brand_name, platform, joined_level
having count(*) >= $min_cell
