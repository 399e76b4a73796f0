-- A brand of the workspace, with its own accounts under their pseudonyms.
--
-- grain: brand_id
-- params: $key_inner, $key_outer
-- replace: all
-- time axis: none
-- columns:
--   brand_id [id]: the brand's id in workspace.toml
--   brand_name [text]: its name
--   competitors [list]: ids of all other brands of its market: those that competitors in workspace.toml joins, whoever lists whom
--   competitors_text [text]: the same as one text
--   accounts [accounts]: its own accounts
--   account_keys [list]: their pseudonyms, as in the other marts
--   account_keys_text [text]: the same as one text
--   followers [followers]: their followers, newest known, not deduplicated; null where none is known
--   campaigns [campaigns]: campaigns that it runs in this workspace

with

own as (
    select
        brand_accounts.brand_id,
        left(
            sha256($key_outer || unhex(sha256(
                $key_inner || encode(
                    'account:' || brand_accounts.platform || ':'
                    || brand_accounts.account_id
                )
            ))),
            32
        ) as account_key,
        accounts.followers_count
    from meta.brand_accounts as brand_accounts
    left join intermediate.accounts as accounts
        on
            brand_accounts.platform = accounts.platform
            and brand_accounts.account_id = accounts.account_id
),

accounts as (
    select
        brand_id,
        count(*) as accounts,
        list(account_key order by account_key) as account_keys,
        cast(sum(followers_count) as bigint) as followers
    from own
    group by brand_id
),

rivals as (
    select
        brand_id,
        list(competitor_id order by competitor_id) as competitors
    from meta.competitors
    group by brand_id
),

campaigns as (
    select
        brand_id,
        count(*) as campaigns
    from meta.campaigns
    group by brand_id
)

select
    brands.brand_id,
    brands.brand_name,
    coalesce(rivals.competitors, []) as competitors,
    array_to_string(coalesce(rivals.competitors, []), ', ') as competitors_text,
    coalesce(accounts.accounts, 0) as accounts,
    coalesce(accounts.account_keys, []) as account_keys,
    array_to_string(coalesce(accounts.account_keys, []), ', ') as account_keys_text,
    accounts.followers,
    coalesce(campaigns.campaigns, 0) as campaigns
from meta.brands as brands
left join accounts on brands.brand_id = accounts.brand_id
left join rivals on brands.brand_id = rivals.brand_id
left join campaigns on brands.brand_id = campaigns.brand_id
