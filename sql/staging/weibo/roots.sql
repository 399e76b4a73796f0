-- One row per distinct answer about a root post that stands inside the records
-- being staged. A root stands in thousands of reposts; the same answer is one
-- observation. A stub without a time (only an id) says nothing about the post.
--
-- grain: none
-- params: none
-- replace: all

select distinct
    platform,
    source,
    format,
    seen_at,
    retweeted_status as status
from raw.weibo_statuses_retweeted_status
where kind = 'repost' and nullif(retweeted_status.created_at, '') is not null
union
select distinct
    platform,
    source,
    format,
    seen_at,
    status
from raw.weibo_comments_status
where nullif(status.created_at, '') is not null
