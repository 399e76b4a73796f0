"""Weibo's emulator: shapes of its answers, and each of the platform's quirks."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest

from tests.emulators import weibo_shapes as shapes
from tests.emulators.serving import serve
from tests.emulators.weibo import (
    APP_SECRET,
    OWNER,
    TOKEN,
    WeiboEmulator,
    WeiboLimits,
    WeiboOptions,
)
from tests.emulators.weibo_shapes import differences
from tests.workspaces import PATIENCE_SECONDS
from tests.world import BRANDS, World, WorldSpec, generate

RIVAL = str(BRANDS[1].account_id)


@pytest.fixture(scope="module")
def world() -> World:
    return generate(WorldSpec(seed=11, interactions=900))


@dataclass
class Phone:
    """Calls an emulator as a client would."""

    emulator: WeiboEmulator
    http: httpx.Client

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """One GET."""
        return self.http.get(f"/2/{path}.json", params=params)

    def get(self, path: str, **params: Any) -> Any:
        """The body of an answer that is no error."""
        answer = self.ask(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, **params: Any) -> tuple[int, Any]:
        """HTTP status and code of an error."""
        answer = self.ask(path, **params)
        return answer.status_code, answer.json()["error_code"]

    def walk(self, path: str, name: str, count: int = 50, **params: Any) -> list[Any]:
        """All rows, paged by `max_id` until a page is empty."""
        rows: list[Any] = []
        upto = 0
        while True:
            body = self.get(path, count=count, max_id=upto, **params)
            page = body if isinstance(body, list) else body[name]
            if not page:
                return rows
            rows += page
            last = page[-1]
            upto = int(last["id"] if isinstance(last, dict) else last) - 1


@contextmanager
def phone(
    world: World, clock: Callable[[], float] | None = None, **options: Any
) -> Iterator[Phone]:
    """A running emulator and a client of it."""
    made = WeiboOptions(**options)
    emulator = (
        WeiboEmulator(world, made, clock) if clock else WeiboEmulator(world, made)
    )
    with (
        serve(emulator) as base,
        httpx.Client(
            base_url=base,
            timeout=PATIENCE_SECONDS,
            headers={"Authorization": f"OAuth2 {TOKEN}"},
        ) as http,
    ):
        yield Phone(emulator, http)


@pytest.fixture(scope="module")
def plain(world: World) -> Iterator[Phone]:
    with phone(world) as running:
        yield running


def rows_of(world: World, kind: str, root: str | None = None) -> pl.DataFrame:
    """Reposts or comments, newest first."""
    rows = world.interactions.filter(pl.col("kind") == kind)
    if root is not None:
        rows = rows.filter(pl.col("root_post_id") == root)
    return rows.sort(pl.col("interaction_id").cast(pl.Int64), descending=True)


def busiest(world: World, kind: str = "repost") -> str:
    """The standing post with the most reposts or comments."""
    standing = world.posts.filter(~pl.col("is_deleted"))["post_id"]
    counted = (
        rows_of(world, kind)
        .filter(pl.col("root_post_id").is_in(standing.implode()))
        .group_by("root_post_id")
        .len()
    )
    return str(counted.sort("len", "root_post_id")["root_post_id"][-1])


def own_posts(world: World, account: str = OWNER) -> list[str]:
    """Posts of an account, newest first."""
    posts = world.posts.filter(pl.col("account_id") == account)
    return posts.sort(pl.col("post_id").cast(pl.Int64), descending=True)[
        "post_id"
    ].to_list()


# --- shapes -------------------------------------------------------------------


def test_a_timeline_has_the_recorded_shape(plain: Phone) -> None:
    page = plain.get("statuses/user_timeline")
    assert not differences(
        page,
        shapes.envelope(
            "statuses",
            hasvisible=bool,
            ad=list,
            advertises=list,
            since_id=int,
            max_id=int,
        ),
    )
    for status in page["statuses"]:
        if "deleted" not in status:
            assert not differences(status, shapes.STATUS, shapes.STATUS_MORE)


def test_reposts_have_the_recorded_shape(world: World) -> None:
    with phone(world, names_parents=False) as running:
        page = running.get("statuses/repost_timeline", id=busiest(world), count=200)
    assert not differences(page, shapes.envelope("reposts", hasvisible=bool))
    rows = [row for row in page["reposts"] if "user" in row]
    assert len(rows) > 30
    for row in rows:
        assert not differences(row, shapes.REPOST)


def test_comments_have_the_recorded_shape(plain: Phone, world: World) -> None:
    page = plain.get("comments/show", id=busiest(world, "comment"), count=200)
    assert not differences(
        page, shapes.envelope("comments", hasvisible=bool, marks=list)
    )
    for row in page["comments"]:
        assert not differences(row, shapes.COMMENT, shapes.COMMENT_MORE)
    replies = [row for row in page["comments"] if "reply_comment" in row]
    assert replies
    for row in replies:
        assert row["reply_comment"]["id"] == row["rootid"]
        assert row["reply_comment"]["user"]["screen_name"]


def test_a_deleted_post_has_the_recorded_shape(plain: Phone, world: World) -> None:
    (gone,) = world.posts.filter("is_deleted")["post_id"].head(1)
    found = plain.get("statuses/show", id=gone)
    assert not differences(found, shapes.DELETED)
    assert found["deleted"] == "1"
    assert found["text"] == "此微博已被原作者删除。"


@pytest.mark.parametrize(
    ("path", "params", "name", "more"),
    [
        ("statuses/repost_timeline/ids", {"id": "ROOT"}, "statuses", {}),
        ("friendships/followers/ids", {}, "ids", {}),
        ("friendships/followers", {}, "users", {"display_total_number": int}),
    ],
)
def test_lists_have_the_recorded_shape(
    plain: Phone,
    world: World,
    path: str,
    params: dict[str, str],
    name: str,
    more: dict[str, Any],
) -> None:
    filled = {key: busiest(world) for key in params}
    page = plain.get(path, **filled)
    assert not differences(page, shapes.envelope(name, **more))
    first = page[name][0]
    kinds = {"statuses": str, "ids": int, "users": dict}
    assert type(first) is kinds[name]


@pytest.mark.parametrize(
    ("path", "params", "shape"),
    [
        ("users/show", {"uid": OWNER}, {**shapes.USER, "status": dict}),
        ("account/get_uid", {}, {"uid": str}),
        ("account/rate_limit_status", {}, shapes.RATE_LIMITS),
    ],
)
def test_single_answers_have_the_recorded_shape(
    plain: Phone, path: str, params: dict[str, str], shape: dict[str, Any]
) -> None:
    assert not differences(plain.get(path, **params), shape)


def test_counts_have_the_recorded_shape(plain: Phone, world: World) -> None:
    (status,) = plain.get("statuses/count", ids=busiest(world))
    (user,) = plain.get("users/counts", uids=OWNER)
    assert not differences(status, shapes.COUNTS)
    assert not differences(user, shapes.USER_COUNTS)


def test_reads_are_told_of_own_and_media_posts_only(world: World) -> None:
    own = own_posts(world)[0]
    others = world.posts.filter(
        (pl.col("account_id") != OWNER) & ~pl.col("is_deleted")
    ).sort("post_id")
    other, author = others.select("post_id", "account_id").row(0)
    path, ids = "media_statuses/count_sp/biz", f"{own},{other},999"
    with phone(world) as running:
        (found,) = running.get(path, ids=ids)
        assert not differences(found, shapes.READS)
        assert found["id"] == int(own)
        assert found["reads"] == running.emulator.reads(own)
    with phone(world, media=frozenset({author})) as running:
        assert {row["id"] for row in running.get(path, ids=ids)} == {
            int(own),
            int(other),
        }
    with phone(world, tells_reads=False) as running:
        assert running.ask(path, ids=ids).json()["error_code"] == 10014


def test_answers_carry_no_header_about_limits(plain: Phone) -> None:
    headers = plain.ask("account/get_uid").headers
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["server"].startswith("nginx")
    assert not [name for name in headers if "limit" in name.lower()]


# --- what the answers say -------------------------------------------------------


def test_all_reposts_and_comments_are_told_newest_first(
    plain: Phone, world: World
) -> None:
    for root in own_posts(world)[:4]:
        for kind, path, name in (
            ("repost", "statuses/repost_timeline", "reposts"),
            ("comment", "comments/show", "comments"),
        ):
            truth = rows_of(world, kind, root)
            found = plain.walk(path, name, id=root, count=17)
            assert [row["idstr"] for row in found] == truth["interaction_id"].to_list()
            assert [row["text"] for row in found] == truth["text"].to_list()
            assert [
                row["user"]["idstr"] if "user" in row else None for row in found
            ] == truth["account_id"].to_list()


def test_a_repost_names_its_root_and_where_known_its_parent(
    plain: Phone, world: World
) -> None:
    root = busiest(world)
    found = plain.walk("statuses/repost_timeline", "reposts", id=root)
    truth = rows_of(world, "repost", root)
    assert {row["retweeted_status"]["idstr"] for row in found} == {root}
    assert {row["idstr"]: str(row["pid"]) for row in found if "pid" in row} == dict(
        truth.filter(pl.col("parent_method") == "platform")
        .select("interaction_id", "parent_id")
        .iter_rows()
    )


def test_timelines_of_others_are_cut_by_time(plain: Phone, world: World) -> None:
    posts = world.posts.filter(pl.col("account_id") == OWNER).sort("posted_at")
    moments = posts["posted_at"].dt.epoch("s").to_list()
    found = plain.get(
        "statuses/user_timeline/other",
        uid=OWNER,
        start_time=moments[1],
        end_time=moments[-1] - 1,
    )["statuses"]
    wanted = posts["post_id"].to_list()[1:-1]
    assert [str(row["id"]) for row in found] == wanted[::-1]


def test_counters_are_those_of_the_moment(plain: Phone, world: World) -> None:
    root = busiest(world)
    newest = world.post_counters.filter(pl.col("post_id") == root).sort("observed_at")
    last = newest.row(-1, named=True)
    (found,) = plain.get("statuses/count", ids=f"{root},999")
    assert found == {
        "id": int(root),
        "comments": last["comments_count"],
        "reposts": last["reposts_count"],
        "attitudes": last["likes_count"],
    }
    first = newest.row(0, named=True)
    plain.emulator.now = first["observed_at"].timestamp()
    try:
        (found,) = plain.get("statuses/count", ids=root)
    finally:
        plain.emulator.now = world.spec.observed_second
    assert found["reposts"] == first["reposts_count"]
    assert found["comments"] == first["comments_count"]


def test_followers_are_capped_and_end_with_cursor_zero(world: World) -> None:
    truth = set(
        world.follows.filter(pl.col("account_id") == OWNER)["follower_id"].to_list()
    )
    with phone(world, follower_cap=30) as running:
        found: list[int] = []
        cursor = 0
        while True:
            page = running.get("friendships/followers/ids", count=20, cursor=cursor)
            found += page["ids"]
            cursor = page["next_cursor"]
            if not cursor:
                break
    assert len(found) == 30
    assert {str(key) for key in found} <= truth
    assert page["total_number"] == len(truth)


def test_search_finds_posts_by_hashtag_word_user_and_time(
    plain: Phone, world: World
) -> None:
    tag = world.campaigns["hashtags"][0][0]
    standing = world.posts.filter(~pl.col("is_deleted"))
    tagged = standing.filter(pl.col("text").str.contains(f"#{tag}#", literal=True))
    found = plain.get("search/topics", q=tag, count=50)["statuses"]
    assert {row["idstr"] for row in found} == set(tagged["post_id"])
    mentions = standing.filter(pl.col("text").str.contains(f"@{BRANDS[0].screen_name}"))
    found = plain.get(
        "search/statuses/limited", q=f"@{BRANDS[0].screen_name}", count=50
    )["statuses"]
    assert {row["idstr"] for row in found} == set(mentions["post_id"])
    first = tagged["posted_at"].min().timestamp()  # type: ignore[union-attr]
    found = plain.get(
        "search/statuses/limited", ids=OWNER, q=tag, endtime=int(first), count=50
    )["statuses"]
    assert len(found) == 1


# --- paging ---------------------------------------------------------------------


def test_since_id_is_exclusive_and_max_id_inclusive(plain: Phone, world: World) -> None:
    root = busiest(world)
    ids = rows_of(world, "repost", root)["interaction_id"].to_list()
    found = plain.get(
        "statuses/repost_timeline", id=root, since_id=ids[9], max_id=ids[4], count=200
    )["reposts"]
    assert [row["idstr"] for row in found] == ids[4:9]


def test_short_pages_are_not_the_last_and_nothing_is_lost(world: World) -> None:
    root = busiest(world)
    truth = rows_of(world, "repost", root)["interaction_id"].to_list()
    with phone(world, short_share=0.2) as running:
        sizes = []
        upto, found = 0, []
        while True:
            page = running.get(
                "statuses/repost_timeline", id=root, count=20, max_id=upto
            )["reposts"]
            if not page:
                break
            sizes.append(len(page))
            found += [row["idstr"] for row in page]
            upto = page[-1]["id"] - 1
        by_number = []
        for number in range(1, 100):
            page = running.get(
                "statuses/repost_timeline", id=root, count=20, page=number
            )["reposts"]
            by_number += [row["idstr"] for row in page]
    assert found == by_number == truth
    assert min(sizes[:-1]) < 20
    assert max(sizes) <= 20


def test_total_number_lies_and_flips(world: World) -> None:
    root = busiest(world)
    with phone(world, total_lies=True) as running:
        totals = {
            running.get("statuses/repost_timeline", id=root)["total_number"]
            for _ in range(5)
        }
    assert len(totals) > 1
    assert totals - {len(rows_of(world, "repost", root))}


def test_an_empty_result_may_be_a_bare_array(plain: Phone, world: World) -> None:
    root = busiest(world)
    assert plain.get("statuses/repost_timeline", id=root, max_id=5)["reposts"] == []
    with phone(world, bare_empty=True) as running:
        assert running.get("statuses/repost_timeline", id=root, max_id=5) == []
        assert running.get("search/topics", q="nothing") == []


def test_counts_are_texts_in_some_answers(world: World) -> None:
    root = busiest(world)
    with phone(world, string_counts=2) as running:
        kinds = [
            type(running.get("statuses/count", ids=root)[0]["reposts"])
            for _ in range(4)
        ]
        status = running.get("statuses/show", id=root)
    assert kinds == [int, str, int, str]
    assert type(status["reposts_count"]) is int


def test_error_codes_are_texts_where_asked(world: World) -> None:
    with phone(world, string_codes=True) as running:
        assert running.error("users/show", uid=5) == (400, "20003")
        assert running.ask("users/show", uid=5).json() == {
            "error": "User does not exists!",
            "error_code": "20003",
            "request": "/2/users/show.json",
        }


def test_new_reposts_arrive_while_pages_are_read(world: World) -> None:
    root = busiest(world)
    truth = rows_of(world, "repost", root)
    middle = truth["acted_at"].dt.epoch("s").to_list()[len(truth) // 2]
    with phone(world, seconds_per_call=20_000.0) as running:
        running.emulator.now = middle
        read: list[str] = []
        for number in range(1, 6):
            page = running.get(
                "statuses/repost_timeline", id=root, count=10, page=number
            )["reposts"]
            read += [row["idstr"] for row in page]
        # Page numbers move: rows come twice.
        assert len(read) > len(set(read))
        running.emulator.now = middle
        first = running.walk("statuses/repost_timeline", "reposts", id=root, count=10)
        # `max_id` stands still below what it has seen, and misses what is above.
        ids = [row["idstr"] for row in first]
        assert len(ids) == len(set(ids))
        running.emulator.now = world.spec.observed_second
        later = running.walk(
            "statuses/repost_timeline", "reposts", id=root, since_id=ids[0]
        )
    assert [row["idstr"] for row in later] + ids == truth["interaction_id"].to_list()


# --- caps and who may ask ---------------------------------------------------------


def test_only_the_newest_rows_are_given(world: World) -> None:
    root = busiest(world)
    reposts = rows_of(world, "repost", root)["interaction_id"].to_list()
    comments = rows_of(world, "comment", root)["interaction_id"].to_list()
    with phone(world, own_timeline_cap=5, repost_cap=20, comment_cap=10) as running:
        posts = running.walk("statuses/user_timeline", "statuses")
        found = running.walk("statuses/repost_timeline", "reposts", id=root, count=7)
        said = running.walk("comments/show", "comments", id=root, count=7)
        other = running.walk("statuses/user_timeline/other", "statuses", uid=OWNER)
    assert [str(row["id"]) for row in posts] == own_posts(world)[:5]
    assert [row["idstr"] for row in found] == reposts[:20]
    assert [row["idstr"] for row in said] == comments[:10]
    # The commercial endpoint knows no such cap.
    assert [str(row["id"]) for row in other] == own_posts(world)


def test_pages_have_a_largest_size(plain: Phone) -> None:
    other = plain.get("statuses/user_timeline/other", uid=OWNER, count=200)
    assert len(other["statuses"]) <= 25


def test_search_ends_after_the_newest_rows(world: World) -> None:
    tag = world.campaigns["hashtags"][0][0]
    with phone(world, search_cap=20) as running:
        assert running.get("search/topics", q=tag, count=10, page=2)["statuses"]
        assert running.error("search/topics", q=tag, count=10, page=3) == (400, 21411)


def test_a_timeline_is_given_to_its_own_user_only(plain: Phone) -> None:
    assert plain.error("statuses/user_timeline", uid=RIVAL) == (400, 21335)
    assert plain.error("friendships/followers", uid=RIVAL) == (400, 21335)
    assert plain.get("statuses/user_timeline", uid=OWNER)["statuses"]
    by_name = plain.get("statuses/user_timeline", screen_name=BRANDS[0].screen_name)
    assert by_name["statuses"]


def test_what_is_absent_has_its_code(plain: Phone) -> None:
    assert plain.error("statuses/show", id=7) == (400, 20101)
    assert plain.error("comments/show", id=7) == (400, 20101)
    assert plain.error("users/show", uid=7) == (400, 20003)
    # A uid as a name is nobody's.
    assert plain.error("users/show", screen_name=OWNER) == (400, 20003)
    assert plain.error("users/show") == (400, 10016)
    assert plain.error("statuses/show", id="") == (400, 10016)
    assert plain.error("no/such") == (404, 10020)
    assert plain.error("search/statuses/historical/create") == (405, 10021)
    too_many = ",".join(str(key) for key in range(1, 103))
    assert plain.error("users/counts", uids=too_many) == (400, 20009)
    assert plain.get("statuses/count", ids="7,8") == []


# --- changes ----------------------------------------------------------------------


def test_deleted_private_and_edited_answers(world: World) -> None:
    root = busiest(world)
    ids = rows_of(world, "repost", root)["interaction_id"].to_list()
    with phone(world) as running:
        emulator = running.emulator
        (before,) = running.get("statuses/count", ids=root)
        emulator.delete(ids[0])
        emulator.hide(ids[1])
        emulator.edit(ids[2], 'new "words"')
        found = running.walk("statuses/repost_timeline", "reposts", id=root)
        (after,) = running.get("statuses/count", ids=root)
        assert [row["idstr"] for row in found] == ids[2:]
        assert found[0]["text"] == 'new "words"'
        # A private repost still counts, a deleted one doesn't.
        assert after["reposts"] == before["reposts"] - 1
        emulator.show(ids[0])
        emulator.show(ids[1])
        found = running.walk("statuses/repost_timeline", "reposts", id=root)
        assert [row["idstr"] for row in found] == ids


def test_a_page_of_deleted_rows_is_not_empty(world: World) -> None:
    root = busiest(world)
    ids = rows_of(world, "repost", root)["interaction_id"].to_list()
    with phone(world) as running:
        for key in ids[:25]:
            running.emulator.delete(key)
        page = running.get("statuses/repost_timeline", id=root, count=10)["reposts"]
        assert page[0]["idstr"] == ids[25]


def test_deleted_private_and_edited_posts(world: World) -> None:
    first, second, third = own_posts(world)[:3]
    with phone(world) as running:
        running.emulator.delete(first)
        running.emulator.hide(second)
        running.emulator.edit(third, "other words")
        shown = running.get("statuses/user_timeline")["statuses"]
        assert [str(row["id"]) for row in shown[:2]] == [first, third]
        assert shown[0]["deleted"] == "1"
        assert shown[1]["text"] == "other words"
        assert running.error("statuses/show", id=second) == (400, 20112)
        assert running.error("statuses/repost_timeline", id=second) == (400, 20112)
        counted = running.get("statuses/count", ids=f"{first},{second},{third}")
        assert [str(row["id"]) for row in counted] == [third]
        running.emulator.show(first)
        assert "deleted" not in running.get("statuses/show", id=first)
    with phone(world, deleted="absent") as running:
        running.emulator.delete(first)
        shown = running.get("statuses/user_timeline")["statuses"]
        assert str(shown[0]["id"]) == second
        assert running.error("statuses/show", id=first) == (400, 20101)
        assert running.error("comments/show", id=first) == (400, 20101)


# --- limits, tokens, errors -------------------------------------------------------


def test_limits_hold_for_a_whole_clock_hour(world: World) -> None:
    # 15:38:04 in China, as in the recording: the hour ends after 1316 seconds.
    clock = [1_362_037_084.0 + 6 * 3600 - (1_362_037_084 % 3600) + 38 * 60 + 4]
    limits = WeiboLimits(user_hour=3)
    with phone(world, clock=lambda: clock[0], limits=limits) as running:
        for _ in range(3):
            running.get("account/get_uid")
        answer = running.ask("account/get_uid")
        assert answer.status_code == 403
        assert answer.json()["error_code"] == 10023
        # Asking what is left costs nothing.
        for _ in range(5):
            left = running.get("account/rate_limit_status")
        assert left["remaining_user_hits"] == 0
        assert left["reset_time_in_seconds"] == 1316
        assert left["reset_time"].endswith(":00:00")
        clock[0] += 1315
        assert running.error("account/get_uid") == (403, 10023)
        clock[0] += 1
        running.get("account/get_uid")
        assert running.get("account/rate_limit_status")["remaining_user_hits"] == 2


def test_limits_of_address_endpoint_and_day(world: World) -> None:
    # The first hour of a day in China, where an hour is 3.6 seconds.
    clock = [3.6 * (24 * 10_000 - 8) + 0.1]
    root = busiest(world)
    limits = WeiboLimits(
        ip_hour=4, user_day=6, api_hour={"statuses/count": 1}, hour_seconds=3.6
    )
    with phone(world, clock=lambda: clock[0], limits=limits) as running:
        running.get("statuses/count", ids=root)
        assert running.error("statuses/count", ids=root) == (403, 10024)
        for _ in range(3):
            running.get("account/get_uid")
        assert running.error("account/get_uid") == (403, 10022)
        rates = running.get("account/rate_limit_status")
        assert rates["remaining_ip_hits"] == 0
        for rate in rates["api_rate_limits"]:
            assert not differences(rate, shapes.RATE_LIMIT)
        # An hour is a thousandth of one, and so is the day.
        clock[0] += 3.6
        running.get("account/get_uid")
        running.get("account/get_uid")
        assert running.error("account/get_uid") == (403, 10023)
        clock[0] += 24 * 3.6
        running.get("account/get_uid")


def test_a_token_expires_and_is_renewed(world: World) -> None:
    with phone(world, token_calls=2) as running:
        running.get("account/get_uid")
        running.get("account/get_uid")
        answer = running.ask("account/get_uid")
        assert answer.status_code == 400
        assert answer.json()["error_code"] == 21327
        fresh = running.http.post(
            "/oauth2/access_token",
            data={"client_secret": APP_SECRET, "grant_type": "authorization_code"},
        ).json()
        assert not differences(fresh, shapes.NEW_TOKEN)
        running.http.headers["Authorization"] = f"OAuth2 {fresh['access_token']}"
        running.get("account/get_uid")
        running.emulator.expire_token(fresh["access_token"])
        assert running.error("account/get_uid") == (400, 21327)
        running.emulator.renew_token()
        # The old form: in the query.
        del running.http.headers["Authorization"]
        running.get("account/get_uid", access_token=TOKEN)
        running.emulator.revoke_token()
        assert running.error("account/get_uid", access_token=TOKEN) == (403, 21332)
        assert running.error("account/get_uid") == (400, 10006)
        assert TOKEN not in repr(running.emulator.calls)


def test_a_token_tells_of_itself(plain: Phone) -> None:
    answer = plain.http.post(
        "/oauth2/get_token_info", data={"access_token": TOKEN}
    ).json()
    assert not differences(answer, shapes.TOKEN_INFO)
    assert answer["uid"] == int(OWNER)


def test_errors_come_at_given_calls_and_by_chance(world: World) -> None:
    with phone(world, error_calls={2: 10001, 3: 20112}) as running:
        running.get("account/get_uid")
        assert running.error("account/get_uid") == (503, 10001)
        assert running.error("account/get_uid") == (400, 20112)
        running.get("account/get_uid")
    seen = []
    for _ in range(2):
        with phone(world, error_share=0.3) as running:
            seen.append([running.ask("account/get_uid").status_code for _ in range(40)])
    assert seen[0] == seen[1]
    assert 4 < seen[0].count(503) < 24
    assert seen[0].count(503) + seen[0].count(200) == 40


# --- historical search ------------------------------------------------------------


def signed(stamp: int = 1) -> dict[str, str]:
    """What a call about a task must carry."""
    text = f"{OWNER}{APP_SECRET}{stamp}"
    return {
        "timestamp": str(stamp),
        "signature": hashlib.md5(text.encode()).hexdigest(),  # noqa: S324
    }


def test_a_historical_search_ends_as_a_zip(world: World) -> None:
    spec = world.spec
    wanted = world.posts.filter(
        (pl.col("account_id") == OWNER) & ~pl.col("is_deleted")
    )["post_id"]
    with phone(world, historical_checks=2) as running:
        path = "/2/search/statuses/historical"
        task = running.http.post(
            f"{path}/create.json",
            data={
                "ids": OWNER,
                "starttime": spec.start_second,
                "endtime": spec.end_second - 1,
            },
        ).json()
        asked = {"task_id": task["task_id"], **signed()}
        assert running.error("search/statuses/historical/download", **asked) == (
            503,
            10009,
        )
        first = running.get("search/statuses/historical/check", **asked)
        assert not differences(first, shapes.TASK)
        assert (first["status"], first["count"]) == (False, 0)
        second = running.get("search/statuses/historical/check", **asked)
        assert (second["status"], second["count"]) == (True, len(wanted))
        packed = running.ask("search/statuses/historical/download", **asked)
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            (name,) = archive.namelist()
            lines = archive.read(name).decode().splitlines()
        found = [json.loads(line) for line in lines]
        assert {row["idstr"] for row in found} == set(wanted)
        wrong = {**asked, "signature": asked["signature"].upper()}
        assert running.error("search/statuses/historical/check", **wrong) == (
            400,
            21309,
        )
        late = running.http.post(
            f"{path}/create.json",
            data={"ids": OWNER, "starttime": 1, "endtime": spec.observed_second},
        )
        assert late.json()["error_code"] == 10008


def test_a_download_leads_to_a_sealed_archive(world: World) -> None:
    with phone(world, historical_checks=1, historical_sealed=True) as running:
        task = running.http.post(
            "/2/search/statuses/historical/create.json",
            data={
                "ids": OWNER,
                "starttime": world.spec.start_second,
                "endtime": world.spec.end_second - 1,
            },
        ).json()
        asked = {"task_id": task["task_id"], **signed()}
        running.get("search/statuses/historical/check", **asked)
        answer = running.ask("search/statuses/historical/download", **asked)
        assert answer.status_code == 302
        packed = httpx.get(answer.headers["location"], timeout=PATIENCE_SECONDS)
        password = f"{task['task_id']}{task['secret_key']}".encode()
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            (name,) = archive.namelist()
            with pytest.raises(RuntimeError):
                archive.read(name)
            lines = archive.read(name, pwd=password).decode().splitlines()
    assert {json.loads(line)["user"]["idstr"] for line in lines} == {OWNER}
