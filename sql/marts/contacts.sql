-- Accounts that engaged with a brand, named it or follow it, as people to talk to:
-- how many there are of a kind, policies.min_cell or more; kinds with fewer are put
-- together. One by one they stand in restricted/, with names in
-- restricted/contacts.csv. Counts to the last activity day that landed.
--
-- grain: brand_id, platform, is_contactable?, why_not?, score_band?, best_channel?
-- params: $min_cell
-- replace: all
-- time axis: lifetime
-- adds over: platform, is_contactable, why_not, score_band, best_channel | accounts
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   platform [text]: the network
--   is_contactable [yes or no]: nothing known forbids it; one account a person; null where too few are of a kind to tell
--   why_not [text]: what forbids it; empty where nothing does; null where too few are of a kind to tell
--   score_band [text]: contact_score of those who can be contacted: 0 to 19, 20 to 39, 40 to 59, 60 to 79, 80 to 100; null for others and where too few are of a kind to tell
--   best_channel [text]: where those who can be contacted speak with the brand most: reply to their comments, mentions or reposts, else message; null as above
--   accounts [accounts]: accounts of this kind

with

banded as (
    select
        brand_id,
        platform,
        is_contactable,
        why_not,
        case
            when not is_contactable then null
            when contact_score < 20 then '0 to 19'
            when contact_score < 40 then '20 to 39'
            when contact_score < 60 then '40 to 59'
            when contact_score < 80 then '60 to 79'
            else '80 to 100'
        end as score_band,
        case when is_contactable then best_channel end as best_channel,
        count(*) as accounts
    from restricted.contacts
    group by all
),

-- Kinds that are large enough stay; the channel goes first, then band and reason.
without_channel as (
    select
        brand_id,
        platform,
        is_contactable,
        why_not,
        score_band,
        case when accounts >= $min_cell then best_channel end as best_channel,
        cast(sum(accounts) as bigint) as accounts
    from banded
    group by all
),

without_band as (
    select
        brand_id,
        platform,
        is_contactable,
        case when accounts >= $min_cell or is_contactable then why_not end as why_not,
        case when accounts >= $min_cell then score_band end as score_band,
        case when accounts >= $min_cell then best_channel end as best_channel,
        cast(sum(accounts) as bigint) as accounts
    from without_channel
    group by all
),

placed as (
    select
        *,
        row_number() over (
            partition by brand_id, platform
            order by
                accounts asc,
                is_contactable desc,
                why_not asc nulls last,
                score_band asc nulls last,
                best_channel asc nulls last
        ) as place,
        sum(accounts) over (
            partition by brand_id, platform
            order by
                accounts asc,
                is_contactable desc,
                why_not asc nulls last,
                score_band asc nulls last,
                best_channel asc nulls last
        ) as so_far,
        min(accounts) over (partition by brand_id, platform) as fewest
    from without_band
),

-- What is still too small is told together with the next larger ones.
joined as (
    select
        *,
        fewest < $min_cell and so_far - accounts < $min_cell as is_joined
    from placed
)

select
    joined.brand_id,
    brands.brand_name,
    joined.platform,
    case when not joined.is_joined then joined.is_contactable end as is_contactable,
    case when not joined.is_joined then joined.why_not end as why_not,
    case when not joined.is_joined then joined.score_band end as score_band,
    case when not joined.is_joined then joined.best_channel end as best_channel,
    cast(sum(joined.accounts) as bigint) as accounts
from joined
inner join meta.brands as brands on joined.brand_id = brands.brand_id
group by all
having sum(joined.accounts) >= $min_cell
