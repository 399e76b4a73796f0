-- One row per snapshot of a tweet's counters in X's answers that are being staged.
-- Retweets and quotes both are reposts. Impressions count as reads.
--
-- grain: none
-- params: none
-- replace: view

select
    source,
    path,
    position,
    item,
    platform,
    id_of(id) as post_id,
    coalesce(seen_at, time_of(created_at, seen_at, 0))
        as observed_at,
    count_of(public_metrics.retweet_count)
    + coalesce(count_of(public_metrics.quote_count), 0) as reposts_count,
    count_of(public_metrics.reply_count) as comments_count,
    count_of(public_metrics.like_count) as likes_count,
    count_of(public_metrics.impression_count) as reads_count,
    id as post_id_text,
    created_at as observed_at_text,
    public_metrics.retweet_count as reposts_count_text,
    public_metrics.reply_count as comments_count_text,
    public_metrics.like_count as likes_count_text,
    public_metrics.impression_count as reads_count_text
from raw.x_tweets
where
    coalesce(len(referenced_tweets), 0) = 0
    and public_metrics.retweet_count is not null
    and not is_notice(author_id, text, withheld.scope is not null)
    -- Nobody's zeros are those of a post that is hidden, whatever its notice says.
    and (
        id_of(author_id) is not null
        or coalesce(count_of(public_metrics.retweet_count), 0)
        + coalesce(count_of(public_metrics.quote_count), 0)
        + coalesce(count_of(public_metrics.reply_count), 0)
        + coalesce(count_of(public_metrics.like_count), 0) > 0
    )
