-- One row per observation of a profile in Facebook's answers that are being staged:
-- pages, and the people who commented or reacted, of whom it tells the name only.
--
-- grain: none
-- params: none
-- replace: view

with

people as (
    select
        platform,
        source,
        path,
        position,
        item,
        "from".id as person_id,
        "from".name as person_name,
        _request.root as root,
        coalesce(
            seen_at, time_of(created_time, seen_at, 0)
        ) as observed_at
    from raw.facebook_comments
    where "from".id is not null
    union all by name
    select
        platform,
        source,
        path,
        position,
        item,
        id as person_id,
        name as person_name,
        _request.root as root,
        coalesce(
            seen_at, timestamp '1970-01-01'
        ) as observed_at
    from raw.facebook_reactions
)

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as account_id,
    name as screen_name,
    username as display_name,
    coalesce(about, description) as description,
    nullif(coalesce(location.city, location.country), '') as location,
    picture.data.url as avatar_url,
    verification_status in ('blue_verified', 'gray_verified') as is_verified,
    verification_status as verified_type,
    count_of(coalesce(followers_count, fan_count)) as followers_count,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    id as account_id_text,
    coalesce(followers_count, fan_count) as followers_count_text
from raw.facebook_pages
union all by name
-- A page that answers on its own post is known better from its profile.
select
    source,
    path,
    position,
    item,
    platform,
    id_of(person_id) as account_id,
    person_name as screen_name,
    observed_at,
    person_id as account_id_text
from people
where person_id is distinct from split_part(root, '_', 1)
