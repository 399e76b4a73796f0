-- One row per account: the verdict that every mart uses. A person's override
-- beats the model; `phantom_level` here is the one that counts.
--
-- grain: platform, account_id
-- params: $key_inner, $key_outer
-- replace: all

with

verdicts as (
    select
        platform,
        account_id,
        kind as confirmed_level
    from meta.account_overrides
    where kind in ('genuine', 'phantom')
),

keyed as (
    select
        profiles.platform,
        profiles.account_id,
        profiles.followers_count,
        case
            when profiles.followers_count < 100 then 'low'
            when profiles.followers_count < 10000 then 'regular'
            when profiles.followers_count < 500000 then 'influential'
            when profiles.followers_count is not null then 'key_opinion_leader'
        end as influence_level,
        profiles.verified_type,
        profiles.is_verified,
        scores.phantom_probability,
        -- What intervals look at: a person's decision leaves no doubt.
        case
            when verdicts.confirmed_level is null then scores.shown else 'decided'
        end as shown,
        case
            when verdicts.confirmed_level is null then scores.score_bin
            when verdicts.confirmed_level = 'phantom' then 3
            else 0
        end as score_bin,
        coalesce(verdicts.confirmed_level, scores.phantom_level) as phantom_level,
        verdicts.confirmed_level is not null as is_confirmed,
        case
            when
                verdicts.confirmed_level is null
                or verdicts.confirmed_level = scores.phantom_level
                then scores.account_kind
        end as account_kind,
        scores.reasons,
        scores.reason_classes,
        scores.model_version,
        operators.operator_id,
        groups.group_key as coordinated_group_key,
        profiles.first_seen_day,
        profiles.last_seen_day,
        profiles.seen_interactions,
        profiles.seen_reposts,
        profiles.seen_comments,
        profiles.seen_posts
    from intermediate.account_profiles as profiles
    inner join intermediate.account_scores as scores
        on
            profiles.platform = scores.platform
            and profiles.account_id = scores.account_id
    inner join intermediate.account_operators as operators
        on
            profiles.platform = operators.platform
            and profiles.account_id = operators.account_id
    left join intermediate.account_groups as groups
        on
            profiles.platform = groups.platform
            and profiles.account_id = groups.account_id
            and groups.kind = 'coordinated'
    left join verdicts
        on
            profiles.platform = verdicts.platform
            and profiles.account_id = verdicts.account_id
)

-- HMAC-SHA256 in SQL: H(key xor opad || H(key xor ipad || message)), RFC 2104.
select
    *,
    left(
        sha256($key_outer || unhex(sha256(
            $key_inner || encode('account:' || platform || ':' || account_id)
        ))),
        32
    ) as account_key,
    left(
        sha256($key_outer || unhex(sha256(
            $key_inner || encode('operator:' || operator_id)
        ))),
        32
    ) as operator_key,
    phantom_level <> 'phantom' as is_genuine
from keyed
