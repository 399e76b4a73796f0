"""X's API v2: which lists tell of a brand's posts, how they go on, what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tasks.sources.listings import ROWS, Listing, Reply, Scope, Verdict

HOST = "api.x.com"
# Calls per 15 minutes and app.
WINDOW_SECONDS = 900
LIMITS = {
    "search_all": 300,
    "search_recent": 450,
    "tweets": 3500,
    "user_tweets": 10_000,
    "mentions": 450,
    "liking_users": 75,
    "retweeted_by": 75,
    "followers": 15,
    "users": 300,
}
# Calls per second besides.
PER_SECOND = {"search_all": 1.0}
# Posts that may be read in a billing month.
MONTHLY_POSTS = 3_000_000
# Lists whose rows are posts and count against that.
_READS_POSTS = ("search_all", "search_recent", "tweets", "user_tweets", "mentions")
# A query of search/all may be this long, one of search/recent half as long.
QUERY_LENGTH = 1024

_TWEET_FIELDS = (
    "id,text,note_tweet,author_id,conversation_id,created_at,source,attachments,"
    "entities,referenced_tweets,public_metrics,withheld"
)
_USER_FIELDS = (
    "id,username,name,description,location,profile_image_url,verified,verified_type,"
    "created_at,protected,public_metrics"
)
_TWEETS = {
    "tweet.fields": _TWEET_FIELDS,
    "user.fields": _USER_FIELDS,
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
}
_USERS = {"user.fields": _USER_FIELDS}


def first_listings(scope: Scope, *, full_search: bool = True) -> Iterator[Listing]:
    """Profiles, followers, own posts and mentions; the state of listed posts.

    Args:
        scope: what the run wants to know.
        full_search: whether the app may search the whole archive.
    """
    window = {"start_time": _time(scope.start), "end_time": _time(scope.end)}
    for part in _parts(scope.accounts, 100):
        yield Listing("users", "/2/users", {**_USERS, "ids": ",".join(part)})
    for account in scope.accounts:
        yield Listing(
            "user_tweets",
            f"/2/users/{account}/tweets",
            {
                **_TWEETS,
                **window,
                "max_results": "100",
                "exclude": "replies,retweets",
            },
        )
        yield Listing(
            "mentions",
            f"/2/users/{account}/mentions",
            {**_TWEETS, **window, "max_results": "100"},
        )
        yield Listing(
            "followers",
            f"/2/users/{account}/followers",
            {**_USERS, "max_results": "1000"},
        )
    for part in _parts(scope.posts, 100):
        yield Listing("tweets", "/2/tweets", {**_TWEETS, "ids": ",".join(part)})


def further_listings(
    listing: Listing, body: Any, scope: Scope, *, full_search: bool = True
) -> Iterator[Listing]:
    """What the posts of a page lead to: their threads, and who liked them.

    Reposts of a quote belong to its thread, so a quote that was reposted is
    searched, too. A list that was asked for before need not be asked again.
    """
    rows = body.get("data") if isinstance(body, dict) else None
    tweets = [
        row
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and "text" in row and "id" in row
    ]
    if listing.endpoint in ("tweets", "user_tweets", "mentions"):
        for tweet in tweets:
            if not tweet.get("referenced_tweets"):
                yield from _thread(str(tweet["id"]), tweet, scope, full_search)
    elif listing.root:
        reposted = [
            str(tweet["id"])
            for tweet in tweets
            if _is_quote(tweet) and _count(tweet, "retweet_count", "quote_count")
        ]
        yield from _reposts(reposted, listing.root, scope, full_search)


def _thread(
    key: str, tweet: Mapping[str, Any], scope: Scope, full_search: bool
) -> Iterator[Listing]:
    if _count(tweet, "reply_count", "retweet_count", "quote_count"):
        wanted = [f"conversation_id:{key}", *_repost_terms(key, full_search)]
        yield _search(wanted, key, scope, full_search)
    if _count(tweet, "retweet_count") and not full_search:
        yield _retweeters(key, key)
    if _count(tweet, "like_count"):
        yield Listing(
            "liking_users",
            f"/2/tweets/{key}/liking_users",
            {**_USERS, "max_results": "100"},
        )


def _reposts(
    keys: Sequence[str], root: str, scope: Scope, full_search: bool
) -> Iterator[Listing]:
    """Searches for reposts of a thread's quotes, as many in one as a query takes."""
    terms: list[str] = []
    longest = QUERY_LENGTH if full_search else QUERY_LENGTH // 2
    for key in keys:
        more = _repost_terms(key, full_search)
        if terms and len(" OR ".join([*terms, *more])) > longest:
            yield _search(terms, root, scope, full_search)
            terms = []
        terms += more
        if not full_search:
            yield _retweeters(key, root)
    if terms:
        yield _search(terms, root, scope, full_search)


def _repost_terms(key: str, full_search: bool) -> list[str]:
    # The last seven days' search would miss older retweets: the list of who
    # retweeted knows them all, though not when.
    retweets = [f"retweets_of_tweet_id:{key}"] if full_search else []
    return [f"quotes_of_tweet_id:{key}", *retweets]


def _search(
    terms: Iterable[str], root: str, scope: Scope, full_search: bool
) -> Listing:
    query = {**_TWEETS, "query": " OR ".join(terms)}
    if not full_search:
        return Listing(
            "search_recent",
            "/2/tweets/search/recent",
            {**query, "max_results": "100"},
            root,
        )
    # Without a start the search goes back 30 days only.
    window = {"start_time": _time(scope.start)}
    return Listing(
        "search_all",
        "/2/tweets/search/all",
        {**query, **window, "max_results": "500"},
        root,
    )


def _retweeters(key: str, root: str) -> Listing:
    return Listing(
        "retweeted_by",
        f"/2/tweets/{key}/retweeted_by",
        {**_USERS, "max_results": "100"},
        root,
    )


def next_params(params: Mapping[str, str], reply: Reply) -> dict[str, str] | None:
    """Parameters of the next page; None after the last. A page may be empty."""
    meta = reply.body.get("meta") if isinstance(reply.body, dict) else None
    token = meta.get("next_token") if isinstance(meta, dict) else None
    # search calls its parameter next_token, too, and takes this name as well
    return {**params, "pagination_token": token} if isinstance(token, str) else None


def posts_read(listing: Listing, reply: Reply) -> int:
    """How many posts a page takes from the month's."""
    rows = reply.body.get("data") if isinstance(reply.body, dict) else None
    counts = listing.endpoint in _READS_POSTS and isinstance(rows, list)
    return len(rows) if counts and isinstance(rows, list) else 0


def remaining_calls(reply: Reply) -> tuple[int, float] | None:
    """Calls left in the endpoint's window, and when the next one begins."""
    try:
        return (
            int(reply.headers["x-rate-limit-remaining"]),
            float(reply.headers["x-rate-limit-reset"]),
        )
    except (KeyError, ValueError):
        return None


def judge(reply: Reply) -> Verdict:
    """What an answer means."""
    body = reply.body if isinstance(reply.body, dict) else {}
    kind = str(body.get("type", "")).rpartition("/")[2]
    errors = body.get("errors")
    codes = {
        error.get("code")
        for error in (errors if isinstance(errors, list) else ())
        if isinstance(error, dict)
    }
    if reply.status == 429 or 88 in codes:
        if kind == "usage-capped":
            return Verdict("spent", "the month's posts are read")
        left = remaining_calls(reply)
        until = left[1] if left else None
        return Verdict("wait", "the window's calls are used", until)
    if reply.status == 401:
        return Verdict("login", "the token is not valid")
    if reply.status == 403:
        return Verdict("refused", "the app may not ask this")
    if reply.status == 404:
        return Verdict("gone", kind or "not found")
    if reply.status == 400:
        return Verdict("refused", kind or "wrong request")
    if reply.status >= 500 or not isinstance(reply.body, dict):
        return Verdict("again", f"status {reply.status}")
    return ROWS if reply.status == 200 else Verdict("refused", f"{reply.status}")


def _is_quote(tweet: Mapping[str, Any]) -> bool:
    references = tweet.get("referenced_tweets")
    return any(
        isinstance(reference, dict) and reference.get("type") == "quoted"
        for reference in (references if isinstance(references, list) else ())
    )


def _count(tweet: Mapping[str, Any], *names: str) -> int:
    metrics = tweet.get("public_metrics")
    if not isinstance(metrics, dict):
        return 1  # not told: there may be some
    return sum(
        value for name in names for value in [metrics.get(name)] if type(value) is int
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _parts(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
