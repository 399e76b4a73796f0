"""X's emulator: what it tells, its pages, its limits, its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest

from tests.emulators.serving import serve
from tests.emulators.x import BEARER, XEmulator, XOptions
from tests.workspaces import PATIENCE_SECONDS
from tests.world import BRANDS, World, WorldSpec, generate

OWNER = str(BRANDS[0].account_id)
FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,referenced_tweets,"
    "public_metrics",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
    "user.fields": "created_at,public_metrics,verified",
}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(seed=12, interactions=700))


@dataclass
class Client:
    """Calls an emulator."""

    emulator: XEmulator
    http: httpx.Client

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """One GET."""
        return self.http.get(f"/2/{path}", params=params)

    def get(self, path: str, **params: Any) -> Any:
        """The body of an answer that is no error."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def walk(self, path: str, **params: Any) -> list[Any]:
        """All rows, until no token comes."""
        rows: list[Any] = []
        token: dict[str, str] = {}
        while True:
            body = self.get(path, **params, **token)
            rows += body.get("data", [])
            if "next_token" not in body["meta"]:
                return rows
            token = {"pagination_token": body["meta"]["next_token"]}


@contextmanager
def client(
    world: World, clock: Callable[[], float] | None = None, **options: Any
) -> Iterator[Client]:
    """A running emulator and a client of it."""
    made = XOptions(**options)
    emulator = XEmulator(world, made, clock) if clock else XEmulator(world, made)
    with (
        serve(emulator) as base,
        httpx.Client(
            base_url=base,
            timeout=PATIENCE_SECONDS,
            headers={"Authorization": f"Bearer {BEARER}"},
        ) as http,
    ):
        yield Client(emulator, http)


@pytest.fixture(scope="module")
def plain(world: World) -> Iterator[Client]:
    with client(world) as running:
        yield running


def told(running: Client, kind: str) -> pl.DataFrame:
    """What X tells of reposts, comments or likes."""
    rows = running.emulator.told.interactions
    return rows.filter(pl.col("kind") == kind)


def busiest(running: Client) -> str:
    """The standing post of the brand with the most comments."""
    posts = running.emulator.told.posts.filter(
        (pl.col("account_id") == OWNER) & ~pl.col("is_deleted")
    )
    counted = told(running, "comment").group_by("root_post_id").len()
    return str(
        posts.join(counted, left_on="post_id", right_on="root_post_id")
        .sort("len", "post_id")["post_id"]
        .item(-1)
    )


def test_timelines_replies_quotes_and_retweets_are_the_whole_truth(
    plain: Client,
) -> None:
    posts = plain.emulator.told.posts.filter(~pl.col("is_deleted"))
    own = posts.filter(pl.col("account_id") == OWNER)["post_id"].to_list()
    found = plain.walk(f"users/{OWNER}/tweets", max_results=5, exclude="replies")
    keys = [row["id"] for row in found]
    assert set(own) <= set(keys)
    assert keys == sorted(keys, key=int, reverse=True)
    for root in own:
        replies = plain.walk(
            "tweets/search/all", query=f"conversation_id:{root}", max_results=50
        )
        truth = told(plain, "comment").filter(pl.col("root_post_id") == root)
        assert {row["id"] for row in replies} - {root} == set(truth["interaction_id"])
        direct = told(plain, "repost").filter(pl.col("parent_id") == root)
        quotes = plain.walk(f"tweets/{root}/quote_tweets", max_results=10)
        users = plain.walk(f"tweets/{root}/retweeted_by", max_results=3)
        assert {row["id"] for row in quotes} | {
            f"retweet-{root}-{row['id']}" for row in users
        } == set(direct["interaction_id"])
        likes = plain.walk(f"tweets/{root}/liking_users")
        liked = told(plain, "like").filter(pl.col("root_post_id") == root)
        assert {row["id"] for row in likes} == set(liked["account_id"])


def test_fields_and_expansions_come_when_asked_for(plain: Client) -> None:
    root = busiest(plain)
    bare = plain.get(f"tweets/{root}")
    assert set(bare) == {"data"}
    assert set(bare["data"]) == {"id", "text", "edit_history_tweet_ids"}
    body = plain.get(
        "tweets/search/all",
        query=f"conversation_id:{root} is:reply",
        max_results=10,
        **FIELDS,
    )
    row = body["data"][0]
    assert row["referenced_tweets"][0]["type"] == "replied_to"
    assert row["conversation_id"] == root
    assert row["created_at"].endswith("Z")
    assert set(row["public_metrics"]) == {
        "retweet_count",
        "reply_count",
        "like_count",
        "quote_count",
        "bookmark_count",
        "impression_count",
    }
    authors = {user["id"] for user in body["includes"]["users"]}
    assert {row["author_id"] for row in body["data"]} <= authors
    assert row["referenced_tweets"][0]["id"] in {
        tweet["id"] for tweet in body["includes"]["tweets"]
    }


def test_search_takes_words_users_kinds_and_times(plain: Client, world: World) -> None:
    tag = world.campaigns["hashtags"][0][0]
    posts = plain.emulator.told.posts.filter(
        pl.col("text").str.contains(f"#{tag}#", literal=True)
        & (pl.col("account_id") == OWNER)
        & ~pl.col("is_deleted")
    )
    found = plain.walk(
        "tweets/search/all",
        query=f"from:{BRANDS[0].screen_name} #{tag}# -is:reply -is:quote",
        max_results=100,
    )
    assert {row["id"] for row in found} == set(posts["post_id"])
    recent = plain.walk(
        "tweets/search/recent", query=f"from:{BRANDS[0].screen_name}", max_results=10
    )
    border = world.spec.observed_second - 7 * 86_400
    new = plain.emulator.told.posts.filter(
        (pl.col("account_id") == OWNER)
        & ~pl.col("is_deleted")
        & (pl.col("posted_at").dt.epoch("s") > border)
    )
    assert {row["id"] for row in recent} == set(new["post_id"])
    counted = plain.get("tweets/counts/recent", query=f"from:{BRANDS[0].screen_name}")
    assert counted["meta"]["total_tweet_count"] == len(new)


def test_users_are_told_by_id_and_by_name(plain: Client) -> None:
    name = BRANDS[0].screen_name
    by_name = plain.get(f"users/by/username/{name}", **FIELDS)["data"]
    assert by_name["id"] == OWNER
    both = plain.get("users", ids=f"{OWNER},5", **FIELDS)
    assert both["data"] == [by_name]
    assert both["errors"][0]["type"].endswith("/resource-not-found")
    followers = plain.walk(f"users/{OWNER}/followers", max_results=37)
    follows = plain.emulator.told.follows.filter(pl.col("account_id") == OWNER)
    assert {row["id"] for row in followers} == set(follows["follower_id"])
    assert plain.ask("users/5/tweets").status_code == 404
    mentions = plain.walk(f"users/{OWNER}/mentions", max_results=100)
    assert mentions
    assert all(f"@{name}" in row["text"] for row in mentions)


def test_what_is_absent_is_an_error_within_a_good_answer(world: World) -> None:
    with client(world) as running:
        root = busiest(running)
        other = told(running, "comment")["interaction_id"].item(0)
        running.emulator.delete(root)
        running.emulator.hide(other)
        body = running.get("tweets", ids=f"{root},{other},17")
        assert "data" not in body
        assert [problem["type"].rpartition("/")[2] for problem in body["errors"]] == [
            "resource-not-found",
            "not-authorized-for-resource",
            "resource-not-found",
        ]
        replies = running.get(
            "tweets/search/all",
            query=f"conversation_id:{root} is:reply",
            max_results=10,
            **FIELDS,
        )
        assert replies["data"]
        assert {problem["parameter"] for problem in replies["errors"]} == {
            "referenced_tweets.id"
        }
        quotes = running.ask(f"tweets/{root}/quote_tweets")
        assert quotes.status_code == 404


def test_counters_follow_what_is_there(world: World) -> None:
    with client(world) as running:
        root = busiest(running)
        before = running.get(f"tweets/{root}", **FIELDS)["data"]["public_metrics"]
        reply = (
            told(running, "comment")
            .filter(pl.col("root_post_id") == root)["interaction_id"]
            .item(0)
        )
        running.emulator.delete(reply)
        after = running.get(f"tweets/{root}", **FIELDS)["data"]["public_metrics"]
        assert after["reply_count"] == before["reply_count"] - 1
        running.emulator.edit(root, "new words")
        assert running.get(f"tweets/{root}")["data"]["text"] == "new words"


def test_pages_have_sizes_and_tokens_that_end(world: World) -> None:
    with client(world, empty_page=True, token_calls=frozenset({3})) as running:
        root = busiest(running)
        path, query = "tweets/search/all", f"conversation_id:{root}"
        assert running.ask(path, query=query, max_results=9).status_code == 400
        first = running.get(path, query=query, max_results=10)
        # An empty page that is not the last.
        assert first["meta"]["result_count"] == 0
        assert "data" not in first
        gone = running.ask(
            path, query=query, max_results=10, next_token=first["meta"]["next_token"]
        )
        assert gone.status_code == 400
        assert gone.json()["type"].endswith("/invalid-request")
        rows = running.walk(path, query=query, max_results=10)
        assert len(rows) > 10


def test_a_deletion_between_pages_loses_no_row(world: World) -> None:
    with client(world) as running:
        root = busiest(running)
        path, query = "tweets/search/all", f"conversation_id:{root} is:reply"
        whole = [row["id"] for row in running.walk(path, query=query, max_results=10)]
        page = running.get(path, query=query, max_results=10)
        running.emulator.delete(whole[9])
        rest = running.get(
            path, query=query, max_results=10, next_token=page["meta"]["next_token"]
        )
        assert rest["data"][0]["id"] == whole[10]


def test_posts_arrive_with_time(world: World) -> None:
    with client(world) as running:
        root = busiest(running)
        truth = told(running, "comment").filter(pl.col("root_post_id") == root)
        moments = truth["acted_at"].dt.epoch("s").sort()
        running.emulator.now = float(moments[len(moments) // 2])
        come = (moments <= running.emulator.now).sum()
        rows = running.walk(
            "tweets/search/all", query=f"conversation_id:{root} is:reply"
        )
        assert len(rows) == come
        metrics = running.get(f"tweets/{root}", **FIELDS)["data"]["public_metrics"]
        assert metrics["reply_count"] == come


def test_limits_stand_in_headers_and_end_in_429(world: World) -> None:
    clock = [900.0 * 1000 + 1]
    with client(world, clock=lambda: clock[0], limits={"users": 2}) as running:
        answer = running.ask("users", ids=OWNER)
        assert answer.headers["x-rate-limit-limit"] == "2"
        assert answer.headers["x-rate-limit-remaining"] == "1"
        assert answer.headers["x-rate-limit-reset"] == "900900"
        running.ask("users", ids=OWNER)
        refused = running.ask("users", ids=OWNER)
        assert refused.status_code == 429
        assert refused.json()["type"].endswith("/rate-limit-exceeded")
        assert refused.headers["x-rate-limit-remaining"] == "0"
        assert "retry-after" not in refused.headers
        clock[0] += 900
        assert running.ask("users", ids=OWNER).status_code == 200
    with client(world, limits={"users": 0}, legacy_errors=True) as running:
        refused = running.ask("users", ids=OWNER)
        assert refused.status_code == 429
        assert refused.json() == {
            "errors": [{"code": 88, "message": "Rate limit exceeded"}]
        }


def test_reading_ends_at_the_months_cap(world: World) -> None:
    with client(world, month_posts=15) as running:
        path = f"users/{OWNER}/tweets"
        running.get(path, max_results=10)
        running.get(path, max_results=5)
        refused = running.ask(path)
        assert refused.status_code == 429
        assert refused.json()["type"].endswith("/usage-capped")
        assert refused.json()["period"] == "Monthly"


def test_tokens_and_outages(world: World) -> None:
    with client(world, error_share=0.4) as running:
        codes = [running.ask("users", ids=OWNER).status_code for _ in range(30)]
        assert set(codes) == {200, 503}
        running.emulator.expire_token()
        assert running.ask("users", ids=OWNER).status_code == 401
        running.emulator.renew_token()
        assert 200 in {running.ask("users", ids=OWNER).status_code for _ in range(9)}
