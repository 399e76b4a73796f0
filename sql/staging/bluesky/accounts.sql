-- One row per observation of a profile in Bluesky's answers that are being staged:
-- profiles asked for, which alone have counters, and those that stand beside posts,
-- likes, reposts and followers.
--
-- grain: none
-- params: none
-- replace: view

with

seen as (
    select
        source,
        path,
        position,
        item,
        platform,
        seen_at,
        did,
        handle,
        displayname as display_name,
        description,
        avatar,
        createdat as created_at,
        verification,
        followerscount as followers_count,
        followscount as following_count,
        postscount as posts_count
    from raw.bluesky_profiles
    union all by name
    select
        source,
        path,
        position,
        item,
        platform,
        seen_at,
        actor.did as did,
        actor.handle as handle,
        actor.displayname as display_name,
        actor.description as description,
        actor.avatar as avatar,
        actor.createdat as created_at,
        actor.verification as verification
    from raw.bluesky_likes
    union all by name
    select
        source,
        path,
        position,
        item,
        platform,
        coalesce(seen_at, time_of(indexedat, seen_at, 0)) as seen_at,
        author.did as did,
        author.handle as handle,
        author.displayname as display_name,
        author.avatar as avatar,
        author.createdat as created_at,
        author.verification as verification
    from raw.bluesky_posts
)

select
    source,
    path,
    position,
    item,
    platform,
    did_of(did) as account_id,
    -- What stands there where a name leads nowhere any more.
    nullif(handle, 'handle.invalid') as screen_name,
    nullif(display_name, '') as display_name,
    description,
    avatar as avatar_url,
    coalesce(
        verification.verifiedstatus = 'valid'
        or verification.trustedverifierstatus = 'valid',
        false
    ) as is_verified,
    case
        when verification.trustedverifierstatus = 'valid' then 'trusted_verifier'
        when verification.verifiedstatus = 'valid' then 'verified'
        else 'none'
    end as verified_type,
    count_of(followers_count) as followers_count,
    count_of(following_count) as following_count,
    count_of(posts_count) as posts_count,
    time_of(created_at, cast(null as timestamp), 0) as registered_at,
    coalesce(seen_at, timestamp '1970-01-01') as observed_at,
    seen_at is not null as is_moment_told,
    did as account_id_text,
    followers_count as followers_count_text,
    following_count as following_count_text,
    posts_count as posts_count_text,
    created_at as registered_at_text
from seen
