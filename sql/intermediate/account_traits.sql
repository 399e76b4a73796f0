-- One row per account that was seen: what its profile says of it in a few words that many
-- share; null where it says nothing. `client` is the app of its newest post that was
-- collected with one.
-- Cost: linear in accounts and posts.
--
-- grain: platform, account_id
-- params: none
-- replace: once

with

clients as (
    select
        platform,
        account_id,
        client,
        row_number() over (
            partition by platform, account_id
            order by posted_at desc nulls last, post_id asc
        ) as place
    from staging.posts
    where account_id is not null and client <> ''
)

select
    profiles.platform,
    profiles.account_id,
    -- "北京 海淀区" is in 北京.
    nullif(split_part(trim(profiles.location), ' ', 1), '') as region,
    case profiles.gender when 'm' then 'male' when 'f' then 'female' end as gender,
    case profiles.is_verified
        when true then 'verified'
        when false then 'not verified'
    end as verification,
    accounts.influence_level,
    cast(year(profiles.registered_at) as varchar) as registered_year,
    clients.client
from intermediate.account_profiles as profiles
inner join intermediate.accounts as accounts
    on
        profiles.platform = accounts.platform
        and profiles.account_id = accounts.account_id
left join clients
    on
        profiles.platform = clients.platform
        and profiles.account_id = clients.account_id
        and clients.place = 1
