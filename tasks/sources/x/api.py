"""X's API v2, as the crawl reads it.

Lists of posts go on below the lowest id that was seen: ids grow with time, and
page tokens expire. A reply names its conversation; reposts and quotes of a post
are searched by its id, and so are those of a quote that was reposted itself.
Without the search of the whole archive (`commercial = true`) a search sees seven
days, and older retweets are known by who made them only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.sources.answers import parsed, records_of_page
from tasks.sources.crawl.budget import DAY, Limit
from tasks.sources.crawl.crawler import Request, Trouble, Wanted
from tasks.sources.crawl.credentials import credential
from tasks.sources.crawl.http_client import Answer, Clock, SystemClock
from tasks.sources.crawl.network_api import NetworkApi
from tasks.sources.crawl.state import CrawlState, Page, Stream
from tasks.sources.x.records import split

BASE_URL = "https://api.x.com"
TOKEN = "X_BEARER_TOKEN"  # noqa: S105 - the name of a variable

_QUARTER = 900.0
_POST_LISTS = ("tweets", "user_tweets", "mentions", "search_recent", "search_all")
# Calls per 15 minutes and app; posts per billing month.
LIMITS = (
    *(
        Limit(f"{name}-quarter", amount, _QUARTER, (name,))
        for name, amount in (
            ("tweets", 3500),
            ("user_tweets", 10_000),
            ("mentions", 450),
            ("search_recent", 450),
            ("search_all", 300),
            ("liking_users", 75),
            ("retweeted_by", 75),
            ("followers", 15),
            ("users", 300),
        )
    ),
    Limit(
        "posts-month",
        3_000_000,
        endpoints=_POST_LISTS,
        counts_rows=True,
        is_monthly=True,
    ),
)

# Lower goes first.
_POSTS = 0
_PROFILES = 40
_SEARCH = 60
_THREADS = 100
_LIKES = 200
_AGAIN = 300
_FOLLOWERS = 500
# A post's thread is read whole again when it is so old: for what was edited, came
# to a quote that was read before, or was late in the search.
_AGAIN_AFTER = tuple(timedelta(days=days) for days in (1, 3, 7, 14))
# The search lags: what is younger than a watermark less this is read twice.
_OVERLAP_MS = 3_600_000
_SHIFT = 22

_TWEETS = {
    "tweet.fields": (
        "id,text,note_tweet,author_id,conversation_id,created_at,source,attachments,"
        "entities,referenced_tweets,public_metrics,withheld"
    ),
    "user.fields": (
        "id,username,name,description,location,profile_image_url,verified,"
        "verified_type,created_at,protected,public_metrics"
    ),
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
}
_USERS = {"user.fields": _TWEETS["user.fields"]}
# Rows per page, paths, and whether the rows are posts.
_SIZES = {
    "user_tweets": 100,
    "mentions": 100,
    "search_recent": 100,
    "search_all": 500,
    "liking_users": 100,
    "retweeted_by": 100,
    "followers": 1000,
}
_LEAST_ROWS = 10
_PATHS = {
    "tweets": "2/tweets",
    "users": "2/users",
    "user_tweets": "2/users/{id}/tweets",
    "mentions": "2/users/{id}/mentions",
    "followers": "2/users/{id}/followers",
    "search_recent": "2/tweets/search/recent",
    "search_all": "2/tweets/search/all",
    "liking_users": "2/tweets/{id}/liking_users",
    "retweeted_by": "2/tweets/{id}/retweeted_by",
}
# What a stream's parameters hold for the request itself.
_ASKED = ("ids", "query", "start_time", "end_time", "exclude")


@dataclass(frozen=True)
class XApi:
    """X as the crawl sees it.

    Attributes:
        full_search: the app may search the whole archive.
        limits: what may be asked.
        clock: for the limit of one search a second.
    """

    full_search: bool = False
    limits: tuple[Limit, ...] = LIMITS
    clock: Clock = SystemClock()

    def headers(self) -> dict[str, str]:
        """The app's token."""
        return {"authorization": f"Bearer {credential(TOKEN)}"}

    # --- what to read -----------------------------------------------------------

    def seeds(self, wanted: Wanted, state: CrawlState, now: datetime) -> list[Stream]:
        """Profiles, posts and followers of accounts, listed posts, searches."""
        zone = ZoneInfo(wanted.timezone)
        first = wanted.first - timedelta(days=wanted.look_back_days)
        window = {
            "start_time": _time(first, zone),
            "end_time": _time(
                wanted.last + timedelta(days=1), zone, now - timedelta(seconds=10)
            ),
        }
        streams: list[Stream] = []
        if "profiles" in wanted.collect:
            streams += [
                Stream(f"users:{part[0]}", "users", {"ids": ",".join(part)}, _PROFILES)
                for part in _parts(wanted.accounts)
            ]
        for account in wanted.accounts:
            named = {"id": account}
            if "posts" in wanted.collect:
                own = {**named, **window, "exclude": "replies,retweets"}
                streams.append(Stream(f"posts:{account}", "user_tweets", own, _POSTS))
            if "search" in wanted.collect:
                key = f"mentions:{account}"
                streams.append(Stream(key, "mentions", {**named, **window}, _SEARCH))
            if "followers" in wanted.collect:
                key = f"followers:{account}"
                streams.append(Stream(key, "followers", named, _FOLLOWERS))
        # What campaigns list is looked up each time: counters, and whether it is
        # still there.
        streams += [
            Stream(f"listed:{part[0]}", "tweets", {"ids": ",".join(part)}, _POSTS)
            for part in _parts(wanted.posts)
        ]
        if "search" in wanted.collect:
            streams += self._searches(wanted, window["start_time"], now)
        return streams

    def _searches(self, wanted: Wanted, start: str, now: datetime) -> Iterator[Stream]:
        zone = ZoneInfo(wanted.timezone)
        for search in wanted.searches:
            text = search.text
            if text.startswith("#") and text.endswith("#"):
                text = text[:-1]  # a hashtag has one mark here
            query = f"{text if text.startswith('#') else _quoted(text)} -is:retweet"
            params = {
                "query": query,
                "start_time": max(start, _time(search.first, zone)),
                "end_time": _time(
                    min(search.last, wanted.last) + timedelta(days=1),
                    zone,
                    now - timedelta(seconds=10),
                ),
            }
            if params["start_time"] < params["end_time"]:
                yield self._search(f"search:{_short(query)}", params, _SEARCH)

    def _search(self, key: str, params: dict[str, str], priority: int) -> Stream:
        if self.full_search:
            return Stream(key, "search_all", params, priority)
        # Seven days at most may be asked for, and are the default.
        window = ("start_time", "end_time")
        rest = {name: text for name, text in params.items() if name not in window}
        return Stream(key, "search_recent", rest, priority)

    # --- how to ask -------------------------------------------------------------

    def request(self, stream: Stream) -> Request:
        """The call for a stream's next page."""
        cursor = stream.cursor or {}
        params = dict(_TWEETS if stream.endpoint in _POST_LISTS else _USERS)
        params |= _asked(stream)
        if stream.endpoint in _SIZES:
            params["max_results"] = str(_SIZES[stream.endpoint])
        if "until_id" in cursor:
            params["until_id"] = str(cursor["until_id"])
            params.pop("end_time", None)  # the id lies below it
        if "token" in cursor:
            params["pagination_token"] = str(cursor["token"])
        if _is_continued(stream):
            since = int(stream.watermark or 0) - (_OVERLAP_MS << _SHIFT)
            params["since_id"] = str(max(since, 1))
            params.pop("start_time", None)
        path = _path(stream)
        if stream.endpoint == "tweets":
            return Request(path, params, rows=stream.params["ids"].count(",") + 1)
        if stream.endpoint in _POST_LISTS:
            rows = _SIZES[stream.endpoint]
            return Request(
                path,
                params,
                rows=rows,
                rows_param="max_results",
                least_rows=_LEAST_ROWS,
            )
        return Request(path, params)

    # --- what answers mean ------------------------------------------------------

    def judge(self, answer: Answer) -> Trouble | None:
        """What an answer means that is an error."""
        body = parsed(answer)
        told = body if isinstance(body, dict) else {}
        problem = str(told.get("type", "")).rpartition("/")[2]
        errors = told.get("errors")
        codes = {
            error.get("code")
            for error in (errors if isinstance(errors, list) else ())
            if isinstance(error, dict)
        }
        if answer.status == 429 or 88 in codes:
            return self._too_many(answer, problem)
        if answer.status < 400:
            return None
        if answer.status == 401:
            text = f"the token is no longer valid: make another and set {TOKEN}"
            return Trouble("token", text)
        if answer.status == 403:
            return Trouble(
                "fatal",
                "the app may not use an endpoint (HTTP 403): leave out a part in"
                " `collect`, or set `commercial = false` where the app lacks the"
                " search of the whole archive",
            )
        if answer.status == 404:
            return Trouble("absent", "posts or accounts that X does not show")
        if answer.status >= 500:
            return Trouble("transient", f"X failed (HTTP {answer.status})")
        if "token" in str(errors):
            return Trouble("end", "lists whose place X forgot")
        return Trouble("fatal", f"X refuses a call ({problem or answer.status})")

    def _too_many(self, answer: Answer, problem: str) -> Trouble:
        if problem == "usage-capped":
            text = "the month's posts are read"
            return Trouble("rate", text, "posts-month")
        left = answer.headers.get("x-rate-limit-remaining", "0")
        reset = answer.headers.get("x-rate-limit-reset", "")
        if left.isdigit() and int(left) > 0:
            return Trouble("transient", "X asks to slow down")  # one search a second
        now = self.clock.now()
        end = float(reset) if reset.isdigit() else (now // _QUARTER + 1) * _QUARTER
        return Trouble("rate", "X's calls of 15 minutes are used up", None, end)

    def read(
        self, stream: Stream, content: Any, answer: Answer, wanted: Wanted
    ) -> Page:
        """What an answer means: records, where the list goes on, what follows."""
        root = stream.params.get("root")
        path = f"/{_path(stream)}"
        records = records_of_page(
            split, path, _asked(stream), content, answer, root=root
        )
        rows = content.get("data") if isinstance(content, dict) else None
        tweets = [
            row
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and str(row.get("id", "")).isdigit()
        ]
        found = tuple(self._found(stream, tweets, answer, wanted))
        problems = content.get("errors") if isinstance(content, dict) else None
        absent = tuple(
            (str(problem["resource_id"]), "posts or accounts that X does not show")
            for problem in (problems if isinstance(problems, list) else ())
            if isinstance(problem, dict) and "resource_id" in problem
        )
        after = _go_on(stream, content, [int(row["id"]) for row in tweets])
        return Page(after, records, found, absent, rows=len(tweets))

    def _found(
        self,
        stream: Stream,
        tweets: Sequence[Mapping[str, Any]],
        answer: Answer,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        root = stream.params.get("root")
        if root is not None:
            quotes = [
                str(tweet["id"])
                for tweet in tweets
                if _refers(tweet, "quoted")
                and _count(tweet, "retweet_count", "quote_count")
            ]
            yield from self._reposts(quotes, root, stream)
            return
        if stream.endpoint not in _POST_LISTS:
            return
        zone = ZoneInfo(wanted.timezone)
        is_listed = stream.endpoint == "tweets"
        now = answer.observed_at.replace(tzinfo=UTC)
        for tweet in tweets:
            moment = _moment(tweet)
            if moment is None or tweet.get("referenced_tweets"):
                continue
            day = moment.astimezone(zone).date()
            if is_listed or any(a <= day <= b for a, b in wanted.windows):
                yield from self._thread(tweet, moment, now, wanted)
        # What others wrote about a deleted post still stands.
        shown = {str(tweet["id"]) for tweet in tweets}
        asked = stream.params.get("ids", "").split(",") if is_listed else []
        for key in asked:
            if key not in shown and (terms := self._terms(key, wanted)):
                params = {
                    "query": " OR ".join(terms),
                    "root": key,
                    "start_time": _FIRST,
                }
                yield self._search(f"thread:{key}", params, _THREADS)

    def _thread(
        self,
        tweet: Mapping[str, Any],
        moment: datetime,
        now: datetime,
        wanted: Wanted,
    ) -> Iterator[Stream]:
        """The streams of a post: opened anew when its counters have changed."""
        key = str(tweet["id"])
        age = max((now - moment).total_seconds() / DAY, 0.0)
        priority = min(int(age), 99)
        total = _count(tweet, "reply_count", "retweet_count", "quote_count")
        retweets, likes = _count(tweet, "retweet_count"), _count(tweet, "like_count")
        terms = self._terms(key, wanted)
        if terms and total:
            params = {
                "query": " OR ".join(terms),
                "root": key,
                "start_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            yield self._search(
                f"thread:{key}", {**params, "total": str(total)}, _THREADS + priority
            )
            passed = [step for step in _AGAIN_AFTER if now - moment >= step]
            if passed and age <= wanted.look_back_days:
                whole = {**params, "until": str(passed[-1].days)}
                yield self._search(f"again:{key}", whole, _AGAIN + priority)
        if "reposts" in wanted.collect and retweets and not self.full_search:
            yield Stream(
                f"retweeters:{key}",
                "retweeted_by",
                {"id": key, "root": key, "total": str(retweets)},
                _THREADS + priority,
            )
        if "likes" in wanted.collect and likes:
            yield Stream(
                f"likes:{key}",
                "liking_users",
                {"id": key, "total": str(likes)},
                _LIKES + priority,
            )

    def _terms(self, key: str, wanted: Wanted) -> list[str]:
        replies = [f"conversation_id:{key}"] if "comments" in wanted.collect else []
        return replies + (
            self._repost_terms(key) if "reposts" in wanted.collect else []
        )

    def _repost_terms(self, key: str) -> list[str]:
        # Who retweeted is known without the search, though not when.
        retweets = [f"retweets_of_tweet_id:{key}"] if self.full_search else []
        return [f"quotes_of_tweet_id:{key}", *retweets]

    def _reposts(
        self, keys: Iterable[str], root: str, stream: Stream
    ) -> Iterator[Stream]:
        """Reposts of a thread's quotes, as many in one search as a query takes."""
        longest = 1024 if self.full_search else 512
        groups: list[list[str]] = [[]]
        for key in keys:
            terms = self._repost_terms(key)
            if len(" OR ".join([*groups[-1], *terms])) > longest:
                groups.append([])
            groups[-1] += terms
        for terms in groups:
            if terms:
                query = " OR ".join(terms)
                params = {"query": query, "root": root}
                if "start_time" in stream.params:
                    params["start_time"] = stream.params["start_time"]
                if "until" in stream.params:
                    params["until"] = stream.params["until"]
                key = f"{stream.key.split(':')[0]}:{root}:{_short(query)}"
                yield self._search(key, params, stream.priority)
        if not self.full_search:
            for key in keys:
                yield Stream(
                    f"retweeters:{key}",
                    "retweeted_by",
                    {"id": key, "root": root},
                    stream.priority,
                )


# The first post was written in March 2006: a search needs some start, or it goes
# back 30 days only.
_FIRST = "2006-03-21T00:00:00Z"


def _go_on(stream: Stream, content: Any, ids: list[int]) -> Stream:
    """The stream after a page: a list ends where no next page is named."""
    meta = content.get("meta") if isinstance(content, dict) else None
    token = meta.get("next_token") if isinstance(meta, dict) else None
    cursor = dict(stream.cursor or {})
    newest = max([*ids, int(cursor.get("newest", 0))])
    if not isinstance(token, str):
        mark = max(newest, int(stream.watermark or 0))
        return replace(
            stream,
            cursor=None,
            watermark=str(mark) if mark else None,
            state="done",
        )
    if stream.endpoint in _POST_LISTS and ids:
        lowest = min([*ids, int(cursor.get("until_id", ids[0]))])
        return replace(stream, cursor={"until_id": lowest, "newest": newest})
    # An empty page names no id, and users have no order.
    kept = {name: cursor[name] for name in ("until_id",) if name in cursor}
    return replace(stream, cursor={**kept, "token": token, "newest": newest})


def _is_continued(stream: Stream) -> bool:
    """Whether a thread was read to its end before, and its new rows are enough."""
    return (
        stream.watermark is not None
        and "root" in stream.params
        and "until" not in stream.params
        and stream.endpoint.startswith("search_")
    )


def _path(stream: Stream) -> str:
    return _PATHS[stream.endpoint].format(id=stream.params.get("id", ""))


def _asked(stream: Stream) -> dict[str, str]:
    return {name: text for name, text in stream.params.items() if name in _ASKED}


def _refers(tweet: Mapping[str, Any], kind: str) -> bool:
    references = tweet.get("referenced_tweets")
    return any(
        isinstance(reference, dict) and reference.get("type") == kind
        for reference in (references if isinstance(references, list) else ())
    )


def _count(tweet: Mapping[str, Any], *names: str) -> int:
    metrics = tweet.get("public_metrics")
    if not isinstance(metrics, dict):
        return 1  # not told: there may be some
    return sum(
        value for name in names for value in [metrics.get(name)] if type(value) is int
    )


def _moment(tweet: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(tweet.get("created_at")))
    except ValueError:
        return None


def _time(day: date, zone: ZoneInfo, latest: datetime | None = None) -> str:
    """A day's midnight; X refuses what lies less than ten seconds back."""
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    if latest is not None:
        moment = min(moment, latest.astimezone(UTC))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', " ") + '"'


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), 100):
        yield keys[start : start + 100]


API = NetworkApi(
    lambda source, clock: XApi(source.commercial, clock=clock),
    BASE_URL,
    secrets=lambda source: (TOKEN,),
)
