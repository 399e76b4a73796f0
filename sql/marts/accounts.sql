-- An account that was seen, under a pseudonym, in words so coarse that at least
-- policies.min_cell accounts have the very same row: nobody finds one by what the
-- platform shows. Null is not known or not told (detail says which). All of it stands
-- in restricted/; networks of which fewer were seen stand there alone. "phantom" reads
-- "likely phantom" until a person confirms it.
--
-- grain: platform, account_key
-- params: $min_cell
-- replace: all
-- time axis: lifetime
-- columns:
--   platform [text]: the network
--   account_key [id]: keyed pseudonym of the account
--   phantom_level [text]: genuine (nothing speaks against it), suspected (counted as genuine all the same) or phantom (a likely one); a person's decision wins
--   phantom_probability [probability]: mean of the model's scores of all accounts that have this row
--   is_known [yes or no]: more than a name is known of it, or its company speaks against it, or a person decided; else its level says only that nothing is known
--   is_confirmed [yes or no]: a person decided the level
--   account_kind [text]: what a suspected account looks like: fresh, vendor_batch (made with others), cultivated (kept for long); or inactive: old, quiet, not suspected;
--     null where nothing tells
--   main_reason_class [text]: class of the heaviest reason (reason_classes has its words, verdict_breakdown counts them all)
--   model_version [id]: the model that scored it
--   operator_key [id]: of accounts whose operator has policies.min_cell accounts or more, its pseudonym (account_groups)
--   coordinated_group_key [id]: pseudonym of the coordinated group that it is in (account_groups), where it has policies.min_cell accounts or more
--   influence_level [text]: low (under 100 followers), regular (under 10,000), influential (under 500,000), key_opinion_leader
--   is_verified [yes or no]: the platform verified it
--   registered_year [calendar number]: year of its registration
--   registered_month [month]: first day of the month of its registration
--   region [text]: the first word of the place that its profile names
--   first_seen_month [month]: first day of the month in which it first acted or posted
--   last_seen_month [month]: first day of the month in which it last acted or posted
--   activity_level [text]: acts and posts seen of it: none, single, few (2 to 4), regular (5 to 19), many
--   campaigns [campaigns]: campaigns on whose posts it acted (campaign_accounts has them)
--   detail [step, 0 the finest]: the first step of a fixed order at which policies.min_cell accounts are alike, where each tells less: registered_month at 0;
--     region up to 1; first_seen_month, last_seen_month, activity_level 2; registered_year 3 and at 9; what it did in campaigns 4;
--     is_confirmed, account_kind, main_reason_class 5; is_verified 6 and at 9; influence_level 7, 9 and 10; campaigns 8;
--     operator_key, coordinated_group_key 11; the level 12; nothing at 13
-- metrics:
--   phantom_level: this project | how many likely phantoms are phantoms depends on how many there are: phantom_shares tells it for each network
--   phantom_probability: this project | calibrated on the sets that the model card names; other populations differ

with recursive

-- What is told (1) at each step. The order is fixed: nobody's choice is in it.
steps as (
    select listed.*
    from (
        values
        (0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        (1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        (2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        (3, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1),
        (4, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1),
        (5, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1),
        (6, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1),
        (7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1),
        (8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1),
        (9, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1),
        (10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1),
        (11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1),
        (12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
        (13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    ) as listed (
        step,
        tells_made,
        tells_place,
        tells_months,
        tells_activity,
        tells_year,
        tells_acts,
        tells_signs,
        tells_verified,
        tells_influence,
        tells_campaigns,
        tells_groups,
        tells_level
    )
),

brand_keys as (
    select distinct unnest(brands.account_keys) as account_key
    from marts.brands as brands
),

large_groups as (
    select
        group_key,
        kind
    from restricted.account_groups
    where size >= $min_cell
),

acts as (
    select
        platform,
        account_key,
        count(*) as campaigns,
        string_agg(campaign_id, ' ' order by campaign_id) as campaign_ids,
        string_agg(
            concat_ws(
                ' ',
                campaign_id,
                reposts > 0,
                comments > 0,
                likes > 0,
                mentions > 0
            ),
            ' '
            order by campaign_id
        ) as kinds
    from restricted.campaign_accounts
    group by platform, account_key
),

-- What is ever told of an account: seen is what the platform shows to anybody, judged
-- what this project says of it.
known as (
    select
        accounts.platform,
        accounts.account_key,
        cast(accounts.phantom_probability as decimal(9, 6)) as phantom_probability,
        brands.account_key is not null as is_brand,
        struct_pack(
            region := nullif(split_part(trim(profiles.location), ' ', 1), ''),
            registered_month := cast(
                date_trunc('month', profiles.registered_at) as date
            ),
            registered_year := year(profiles.registered_at),
            first_seen_month := cast(
                date_trunc('month', accounts.first_seen_day) as date
            ),
            last_seen_month := cast(
                date_trunc('month', accounts.last_seen_day) as date
            ),
            activity_level := case
                when accounts.interactions + accounts.posts = 0 then 'none'
                when accounts.interactions + accounts.posts = 1 then 'single'
                when accounts.interactions + accounts.posts < 5 then 'few'
                when accounts.interactions + accounts.posts < 20 then 'regular'
                else 'many'
            end,
            kinds := acts.kinds,
            campaign_ids := coalesce(acts.campaign_ids, ''),
            campaigns := coalesce(acts.campaigns, 0),
            is_verified := profiles.is_verified,
            influence_level := accounts.influence_level
        ) as seen,
        struct_pack(
            is_confirmed := accounts.is_confirmed,
            account_kind := accounts.account_kind,
            reason_class := accounts.reason_classes[1],
            operator_key := operators.group_key,
            coordinated_group_key := coordinated.group_key,
            phantom_level := accounts.phantom_level,
            is_known := accounts.is_known,
            model_version := accounts.model_version
        ) as judged
    from restricted.accounts as accounts
    inner join intermediate.accounts as keyed
        on
            accounts.platform = keyed.platform
            and accounts.account_key = keyed.account_key
    inner join intermediate.account_profiles as profiles
        on
            keyed.platform = profiles.platform
            and keyed.account_id = profiles.account_id
    left join large_groups as operators
        on
            accounts.operator_key = operators.group_key
            and operators.kind = 'multiple_accounts'
    left join large_groups as coordinated
        on
            accounts.coordinated_group_key = coordinated.group_key
            and coordinated.kind = 'coordinated'
    left join acts
        on
            accounts.platform = acts.platform
            and accounts.account_key = acts.account_key
    left join brand_keys as brands on accounts.account_key = brands.account_key
),

-- Step by step: whose row min_cell accounts or more have is told so, the others are
-- told less. While a profile says something, no more than all but one in min_cell of
-- those who show the same are likely phantoms or suspected: else who knows the profile
-- would know the level. One row per set of accounts that are told alike.
coarsened as (
    select
        platform,
        -1 as detail,
        cast(null as struct(
            region varchar,
            registered_month date,
            registered_year bigint,
            first_seen_month date,
            last_seen_month date,
            activity_level varchar,
            kinds varchar,
            campaign_ids varchar,
            campaigns bigint,
            is_verified boolean,
            influence_level varchar
        )) as seen,
        cast(null as struct(
            is_confirmed boolean,
            account_kind varchar,
            reason_class varchar,
            operator_key varchar,
            coordinated_group_key varchar,
            phantom_level varchar,
            is_known boolean,
            model_version varchar
        )) as judged,
        list(account_key order by account_key) as account_keys,
        sum(phantom_probability) as probabilities,
        false as is_told
    from known
    where not is_brand
    group by platform
    union all
    select
        platform,
        detail,
        seen,
        judged,
        account_keys,
        probabilities,
        len(account_keys) >= $min_cell
        and (
            judged.phantom_level = 'genuine'
            or detail in (8, 11, 12, 13)
            or $min_cell
            * sum(
                case when judged.phantom_level <> 'genuine' then len(account_keys) else 0 end
            ) over (partition by platform, seen)
            <= ($min_cell - 1) * sum(len(account_keys)) over (partition by platform, seen)
        ) as is_told
    from (
        select
            platform,
            detail,
            seen,
            judged,
            list(account_key order by account_key) as account_keys,
            sum(phantom_probability) as probabilities
        from (
            select
                known.platform,
                known.account_key,
                known.phantom_probability,
                steps.step as detail,
                struct_pack(
                    region := case when steps.tells_place = 1 then known.seen.region end,
                    registered_month := case
                        when steps.tells_made = 1 then known.seen.registered_month
                    end,
                    registered_year := case
                        when steps.tells_year = 1 then known.seen.registered_year
                    end,
                    first_seen_month := case
                        when steps.tells_months = 1 then known.seen.first_seen_month
                    end,
                    last_seen_month := case
                        when steps.tells_months = 1 then known.seen.last_seen_month
                    end,
                    activity_level := case
                        when steps.tells_activity = 1 then known.seen.activity_level
                    end,
                    kinds := case when steps.tells_acts = 1 then known.seen.kinds end,
                    campaign_ids := case
                        when steps.tells_campaigns = 1 then known.seen.campaign_ids
                    end,
                    campaigns := case
                        when steps.tells_campaigns = 1 then known.seen.campaigns
                    end,
                    is_verified := case
                        when steps.tells_verified = 1 then known.seen.is_verified
                    end,
                    influence_level := case
                        when steps.tells_influence = 1 then known.seen.influence_level
                    end
                ) as seen,
                struct_pack(
                    is_confirmed := case
                        when steps.tells_signs = 1 then known.judged.is_confirmed
                    end,
                    account_kind := case
                        when steps.tells_signs = 1 then known.judged.account_kind
                    end,
                    reason_class := case
                        when steps.tells_signs = 1 then known.judged.reason_class
                    end,
                    operator_key := case
                        when steps.tells_groups = 1 then known.judged.operator_key
                    end,
                    coordinated_group_key := case
                        when steps.tells_groups = 1 then known.judged.coordinated_group_key
                    end,
                    phantom_level := case
                        when steps.tells_level = 1 then known.judged.phantom_level
                    end,
                    is_known := case when steps.tells_level = 1 then known.judged.is_known end,
                    model_version := case
                        when steps.tells_level = 1 then known.judged.model_version
                    end
                ) as judged
            from (
                select
                    platform,
                    detail,
                    unnest(account_keys) as account_key
                from coarsened
                where not is_told
            ) as untold
            inner join steps on untold.detail + 1 = steps.step
            inner join known
                on
                    untold.platform = known.platform
                    and untold.account_key = known.account_key
        ) as stepped
        group by platform, detail, seen, judged
    ) as sets
),

-- Fewer than min_cell that nothing is told of would be alone: the smallest set of the
-- network's others joins them. Where there is none, they have no rows.
alone as (
    select
        platform,
        seen,
        judged
    from coarsened
    where detail = 13 and not is_told
),

joining as (
    select
        sets.platform,
        sets.detail,
        sets.seen,
        sets.judged,
        alone.seen as nothing_seen,
        alone.judged as nothing_judged
    from (
        select
            platform,
            detail,
            seen,
            judged,
            row_number() over (
                partition by platform
                order by
                    detail = 13 desc,
                    len(account_keys) asc,
                    detail desc,
                    account_keys[1] asc
            ) as place
        from coarsened
        where is_told
    ) as sets
    inner join alone on sets.platform = alone.platform
    where sets.place = 1
),

told as (
    select
        coarsened.platform,
        case when joining.platform is null then coarsened.detail else 13 end as detail,
        case when joining.platform is null then coarsened.seen else joining.nothing_seen end
            as seen,
        case
            when joining.platform is null then coarsened.judged
            else joining.nothing_judged
        end as judged,
        coarsened.account_keys,
        coarsened.probabilities
    from coarsened
    left join joining
        on
            coarsened.platform = joining.platform
            and coarsened.detail = joining.detail
            and coarsened.seen is not distinct from joining.seen
            and coarsened.judged is not distinct from joining.judged
    where coarsened.is_told
    union all
    select
        coarsened.platform,
        coarsened.detail,
        coarsened.seen,
        coarsened.judged,
        coarsened.account_keys,
        coarsened.probabilities
    from coarsened
    inner join joining on coarsened.platform = joining.platform
    where coarsened.detail = 13 and not coarsened.is_told
    union all
    -- Accounts of brands are named in brands, and nobody's private matter.
    select
        platform,
        0 as detail,
        seen,
        judged,
        [account_key] as account_keys,
        phantom_probability as probabilities
    from known
    where is_brand
),

-- A row of several sets has the mean of all its accounts.
sums as (
    select
        *,
        round(
            sum(probabilities) over (partition by platform, detail, seen, judged)
            / sum(len(account_keys)) over (partition by platform, detail, seen, judged),
            2
        ) as phantom_probability
    from told
)

select
    platform,
    unnest(account_keys) as account_key,
    judged.phantom_level as phantom_level,
    phantom_probability,
    judged.is_known as is_known,
    judged.is_confirmed as is_confirmed,
    judged.account_kind as account_kind,
    judged.reason_class as main_reason_class,
    judged.model_version as model_version,
    judged.operator_key as operator_key,
    judged.coordinated_group_key as coordinated_group_key,
    seen.influence_level as influence_level,
    seen.is_verified as is_verified,
    seen.registered_year as registered_year,
    seen.registered_month as registered_month,
    seen.region as region,
    seen.first_seen_month as first_seen_month,
    seen.last_seen_month as last_seen_month,
    seen.activity_level as activity_level,
    seen.campaigns as campaigns,
    detail
from sums
