-- One row per brand, covered day and text of somebody else that mentions it: this is
-- what a mention is, in every mart.
--
-- A text is a post, repost, comment or a link from another site. It mentions a brand,
-- once, when its author's own words (before the chain of those who were reposted) call
-- one of the brand's accounts with @, hold one of its keywords or carry one of its
-- hashtags; or when the network itself lists it as a mention of one of the brand's
-- posts. Whoever wrote it counts but the brand's own accounts: competitors, and people
-- whom the platform hides, too. The address that networks put before a reply counts as
-- a call. How names are compared: `text_names`.
-- Cost: linear in texts that call somebody and in those of `text_names`.
--
-- grain: brand_id, platform, text_key
-- params: none
-- replace: once

with

brand_accounts as (
    select
        brand_id,
        platform,
        account_id
    from meta.brand_accounts
),

platforms as (
    select distinct platform
    from meta.sources
),

-- What accounts are called by: their name; on some networks their displayed name,
-- too, on others the id, which is the name in addresses.
called_names as (
    select
        brand_accounts.brand_id,
        brand_accounts.platform,
        lower(accounts.screen_name) as screen_name
    from brand_accounts
    inner join staging.accounts as accounts
        on
            brand_accounts.platform = accounts.platform
            and brand_accounts.account_id = accounts.account_id
    where accounts.screen_name is not null
    union
    select
        brand_accounts.brand_id,
        brand_accounts.platform,
        lower(accounts.display_name) as screen_name
    from brand_accounts
    inner join staging.accounts as accounts
        on
            brand_accounts.platform = accounts.platform
            and brand_accounts.account_id = accounts.account_id
    where
        display_names_are_called(brand_accounts.platform)
        and accounts.display_name is not null
    union
    select
        brand_id,
        platform,
        lower(account_id) as screen_name
    from brand_accounts
    where accounts_are_names(platform)
    union
    select
        names.owner_id as brand_id,
        platforms.platform,
        names.form as screen_name
    from meta.names as names
    cross join platforms
    where names.owner = 'brand' and names.kind = 'call'
),

texts as (
    select
        posts.platform,
        'post:' || posts.post_id as text_key,
        posts.account_id,
        posts.posted_at as acted_at,
        posts.date_day,
        cast(null as varchar) as root_post_id,
        posts.text,
        posts.mentions,
        false as is_listed,
        1 as place
    from staging.posts as posts
    inner join meta.covered_days as covered_days
        on posts.date_day = covered_days.date_day
    union all
    select
        interactions.platform,
        case
            when
                interactions.kind = 'comment'
                or mentions_are_comments(interactions.platform)
                then 'comment:'
            else 'post:'
        end || interactions.interaction_id as text_key,
        interactions.account_id,
        interactions.acted_at,
        interactions.date_day,
        interactions.root_post_id,
        interactions.text,
        interactions.mentions,
        interactions.kind = 'mention' as is_listed,
        2 as place
    from staging.interactions as interactions
    inner join meta.covered_days as covered_days
        on interactions.date_day = covered_days.date_day
    where interactions.kind in ('repost', 'comment', 'mention')
),

-- A name may follow another one; what stands behind the sign in a mail address calls
-- nobody. Names of Latin letters end where others follow them.
calling as (
    select
        platform,
        text_key,
        unnest(string_split(
            replace(array_to_string(
                list_concat(
                    coalesce(mentions, cast([] as varchar[])),
                    case
                        when text is null then cast([] as varchar[])
                        when names_are_latin(platform)
                            then regexp_extract_all(
                                own_words(text),
                                '(?:^|[^0-9A-Za-z_.])[@＠]([A-Za-z0-9_]{1,15}'
                                || '(?:[@＠][A-Za-z0-9_]{1,15})*)',
                                1
                            )
                        else regexp_extract_all(
                            own_words(text),
                            '(?:^|[^0-9A-Za-z_.])[@＠]([-\p{L}\p{N}_·]+'
                            || '(?:[@＠][-\p{L}\p{N}_·]+)*)',
                            1
                        )
                    end
                ),
                '@'
            ), '＠', '@'),
            '@'
        )) as screen_name
    from texts
    where
        contains(text, '@')
        or contains(text, '＠')
        or coalesce(array_length(mentions), 0) > 0
),

found as (
    select
        called_names.brand_id,
        calling.platform,
        calling.text_key
    from calling
    inner join called_names
        on
            calling.platform = called_names.platform
            and lower(calling.screen_name) = called_names.screen_name
    union
    select
        owner_id as brand_id,
        platform,
        text_key
    from intermediate.text_names
    where owner = 'brand'
    union
    select
        brand_accounts.brand_id,
        texts.platform,
        texts.text_key
    from texts
    inner join staging.posts as posts
        on
            texts.platform = posts.platform
            and texts.root_post_id = posts.post_id
    inner join brand_accounts
        on
            posts.platform = brand_accounts.platform
            and posts.account_id = brand_accounts.account_id
    where texts.is_listed
),

-- One text, whatever it stands among: as a post, as an interaction, in two threads.
told as (
    select
        texts.*,
        row_number() over (
            partition by texts.platform, texts.text_key
            order by
                texts.place asc,
                texts.account_id asc nulls last,
                texts.acted_at asc,
                texts.text asc nulls last,
                texts.root_post_id asc nulls last
        ) as choice
    from texts
    semi join found
        on
            texts.platform = found.platform
            and texts.text_key = found.text_key
)

select
    found.brand_id,
    found.platform,
    found.text_key,
    told.account_id,
    told.acted_at,
    told.date_day as activity_day,
    own_words(told.text) as words,
    coalesce(accounts.shown <> 'name' or accounts.score_bin > 0, false) as is_known,
    coalesce(accounts.is_genuine, false) as is_genuine
from found
inner join told
    on
        found.platform = told.platform
        and found.text_key = told.text_key
        and told.choice = 1
left join intermediate.accounts as accounts
    on
        told.platform = accounts.platform
        and told.account_id = accounts.account_id
left join brand_accounts as own
    on
        found.brand_id = own.brand_id
        and told.platform = own.platform
        and told.account_id = own.account_id
where own.brand_id is null
