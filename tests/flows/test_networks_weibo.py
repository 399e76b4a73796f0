"""Weibo: what its API answers, through the product, against the world's truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.sources.api_landing import describe_spending
from tasks.sources.weibo import api as weibo_api
from tasks.warehouse.errors import ConfigurationError
from tests.emulators.naive import crawl_weibo
from tests.emulators.serving import Asked, serve
from tests.emulators.weibo import (
    OWNER,
    ROUGH,
    TOKEN,
    WeiboEmulator,
    WeiboLimits,
    WeiboOptions,
)
from tests.emulators.weibo_options import APP_SECRET
from tests.emulators.weibo_truth import remembered, told
from tests.flows.networks import configuration
from tests.flows.weibo_api import ACCOUNTS, Site, at, site
from tests.oracles.worlds import CHECKED_MARTS, check_marts, check_staging
from tests.workspaces import Lab
from tests.world import World
from tests.world.spec import utc_moment

PLATFORM = "weibo"
# Weibo shows neither of these one by one.
UNSEEN = {
    "posts": ("observed_at",),
    "interactions": ("observed_at",),
    "post_counters": ("reads_count", "observed_at"),
}


def threads_of(world: World) -> list[str]:
    """Posts of the brand's account and of its campaigns."""
    own = world.posts.filter(pl.col("account_id") == OWNER)["post_id"]
    listed = world.campaigns["post_ids"].explode()
    return sorted({*own, *listed} - {None})


def check(lab: Lab, truth: World) -> None:
    """Staging and marts hold what the platform told, row by row, and no more."""
    check_staging(lab, truth, PLATFORM, ("posts", "interactions"), UNSEEN)
    check_marts(lab, truth, PLATFORM)
    assert lab.value("select count(*) from meta.quarantine") == 0


def visit(lab: Lab, emulator: WeiboEmulator, name: str, threads: list[str]) -> None:
    """Read everything there is now into a folder of answers."""
    with serve(emulator) as base:
        for number, body in enumerate(crawl_weibo(base, TOKEN, [OWNER], threads)):
            lab.put(f"{name}/{number:04d}.json", body)


def source(name: str, second: float) -> str:
    """A folder of answers as a source."""
    observed = utc_moment(int(second))
    return (
        f'kind = "files"\nformat = "weibo-api"\npath = "{name}"\n'
        f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n"
    )


def run(lab: Lab, world: World, tables: Sequence[str] = CHECKED_MARTS) -> None:
    """Run all steps over the world's days, for these marts; all where none is named."""
    first = world.spec.start
    last = first + timedelta(days=world.spec.days)
    lab.run(first, last, publish=False, tables=tables)


@pytest.mark.parametrize("options", [WeiboOptions(), ROUGH], ids=["plain", "rough"])
def test_answers_of_the_api_give_the_world(
    small_world: World, tmp_path: Path, options: WeiboOptions
) -> None:
    lab = Lab(tmp_path)
    emulator = WeiboEmulator(small_world, options)
    threads = threads_of(small_world)
    visit(lab, emulator, "export", threads)
    lab.put(
        "workspace.toml",
        configuration(small_world, PLATFORM, source("export", emulator.now)),
    )
    run(lab, small_world)
    check(lab, told(emulator, threads))


def test_what_changes_between_two_visits_is_right_after_the_next_run(
    small_world: World, tmp_path: Path
) -> None:
    lab = Lab(tmp_path)
    # Without the platform's word on parents, those that come late matter more.
    options = WeiboOptions(names_parents=False)
    emulator = WeiboEmulator(small_world, options)
    threads = threads_of(small_world)
    emulator.now = small_world.spec.start_second + 10 * 86_400.0
    whole = told(emulator, threads)
    parents = whole.interactions.filter(pl.col("parent_method") == "chain")
    late = parents["parent_id"].unique().sort().to_list()[:5]
    for key in late:
        emulator.hide(key)
    first = emulator.now
    visit(lab, emulator, "first", threads)
    earlier = told(emulator, threads)
    lab.put(
        "workspace.toml", configuration(small_world, PLATFORM, source("first", first))
    )
    run(lab, small_world, tables=())
    check(lab, earlier)
    found = dict(earlier.interactions.select("interaction_id", "parent_id").iter_rows())

    emulator.now = float(small_world.spec.observed_second)
    for key in late:
        emulator.show(key)
    rows = earlier.interactions.sort("interaction_id")
    reposts = rows.filter(pl.col("kind") == "repost")["interaction_id"].to_list()
    comments = rows.filter(pl.col("kind") == "comment")["interaction_id"].to_list()
    standing = earlier.posts.filter(~pl.col("is_deleted")).sort("post_id")
    gone, private, edited = standing["post_id"].to_list()[:3]
    emulator.delete(reposts[0])
    emulator.delete(comments[0])
    emulator.hide(comments[1])
    emulator.edit(reposts[3], "改过的话 #春日新茶#")
    emulator.edit(comments[3], "改过的评论")
    emulator.delete(gone)
    emulator.hide(private)
    emulator.edit(edited, "改过的微博")
    visit(lab, emulator, "second", threads)
    later = told(emulator, threads)
    twice = configuration(small_world, PLATFORM, source("first", first)).replace(
        "[[brands]]",
        f'[[sources]]\nname = "again"\nplatform = "{PLATFORM}"\n'
        f"{source('second', emulator.now)}[[brands]]",
        1,
    )
    lab.put("workspace.toml", twice)
    run(lab, small_world, tables=())
    truth = remembered(earlier, later, names_parents=options.names_parents)
    check(lab, truth)
    moved = [
        key
        for key, parent in truth.interactions.select(
            "interaction_id", "parent_id"
        ).iter_rows()
        if parent in late and found.get(key, parent) != parent
    ]
    assert moved
    # The same as of a workspace that saw both at once.
    fresh = Lab(tmp_path / "fresh")
    for name in ("first", "second"):
        for path in sorted((lab.root / name).iterdir()):
            fresh.put(f"{name}/{path.name}", path.read_bytes())
    fresh.put("workspace.toml", twice)
    run(fresh, small_world, tables=())
    assert fresh.marts() == lab.marts()


# --- the crawl ------------------------------------------------------------------

COMMERCIAL = "commercial = true"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential that every API source needs."""
    monkeypatch.setenv("WEIBO_ACCESS_TOKEN", TOKEN)


@pytest.mark.parametrize("options", [WeiboOptions(), ROUGH], ids=["plain", "rough"])
def test_the_crawl_gives_the_world(
    small_world: World,
    tmp_path: Path,
    token: None,
    options: WeiboOptions,
) -> None:
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        collected = found.collect()
        assert collected.deferred is None
        truth = found.told()
    found.build()
    assert len(truth.interactions) > 250
    found.check(truth)


def test_changes_between_two_crawls_are_right_after_the_second(
    small_world: World, tmp_path: Path, token: None
) -> None:
    # Without the platform's word on parents, those that come late matter more.
    options = WeiboOptions(names_parents=False)
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        emulator = found.emulator
        emulator.now = at(small_world, 9)
        chained = found.told().interactions.filter(pl.col("parent_method") == "chain")
        late = chained["parent_id"].unique().sort().to_list()[-5:]
        for key in late:
            emulator.hide(key)
        found.collect()
        found.build()
        first_calls = len(emulator.calls)
        earlier = found.told()
        found.check(earlier)
        known = dict(
            earlier.interactions.select("interaction_id", "parent_id").iter_rows()
        )

        emulator.now = float(small_world.spec.observed_second)
        for key in late:
            emulator.show(key)
        recent = earlier.interactions.sort("acted_at")
        reposts = recent.filter(pl.col("kind") == "repost")["interaction_id"].to_list()
        comments = recent.filter(pl.col("kind") == "comment")[
            "interaction_id"
        ].to_list()
        emulator.delete(reposts[-1])
        emulator.delete(comments[-1])
        emulator.hide(comments[-2])
        emulator.edit(reposts[-3], "改过的话")
        emulator.edit(comments[-3], "改过的评论")
        standing = earlier.posts.filter(~pl.col("is_deleted")).sort("posted_at")
        gone, private, edited = standing["post_id"].to_list()[-3:]
        emulator.delete(gone)
        emulator.hide(private)
        emulator.edit(edited, "改过的微博 #春日新茶#")
        found.collect()
        found.build()
        truth = remembered(earlier, found.told(), names_parents=False)
        found.check(truth)
        assert len(emulator.calls) < 3 * first_calls
        # Nothing is new: only the posts themselves are looked at.
        before = len(emulator.calls)
        assert found.collect().deferred is None
        again = [call.path for call in emulator.calls[before:]]
        lists = [path for path in again if "repost_timeline" in path]
        assert len(lists) <= len(threads_of(small_world))
    moved = [
        key
        for key, parent in truth.interactions.select(
            "interaction_id", "parent_id"
        ).iter_rows()
        if parent in late and known.get(key, parent) != parent
    ]
    assert moved


def test_rows_that_arrive_while_pages_are_read_are_there_after_the_next_run(
    small_world: World, tmp_path: Path, token: None
) -> None:
    options = WeiboOptions(seconds_per_call=1800.0, short_share=0.1)
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        found.emulator.now = at(small_world, 6)
        for _ in range(30):
            found.collect()
            if found.emulator.now >= small_world.spec.end_second:
                break
        found.emulator.now = float(small_world.spec.observed_second)
        found.collect()
        truth = found.told()
    found.check_rows(truth)


def test_a_crawl_without_budget_waits_and_goes_on_where_it_stopped(
    small_world: World, tmp_path: Path, token: None
) -> None:
    limit = 15
    options = WeiboOptions(limits=WeiboLimits(ip_hour=limit))
    more = f"{COMMERCIAL}\nlimits = {{ ip-hour = {limit} }}\nbudget_share = 1.0\n"
    with site(small_world, tmp_path, options, f"{more}reserve = 0.0") as found:
        runs = 0
        while found.collect().deferred is not None:
            runs += 1
            assert runs < 50
            found.emulator.now = (found.emulator.now // 3600 + 1) * 3600
        calls = found.emulator.calls
        # Not one call over the limit, and no hour that wasn't used up but the last.
        assert [call for call in calls if call.status != 200] == []
        by_hour = Counter(call.time // 3600 for call in calls)
        assert set(list(by_hour.values())[:-1]) == {limit}
        assert runs >= 2
        pages = Counter((call.path, *sorted(call.params.items())) for call in calls)
        repeated = {page for page, times in pages.items() if times > 1}
        listed = {page for page in repeated if "timeline.json" in page[0]}
        assert not listed, "a page was read twice"
        truth = found.told()
    found.check_rows(truth)


def test_a_crawl_without_a_token_stops_and_goes_on_with_a_new_one(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: None,
) -> None:
    options = WeiboOptions(token_calls=20)
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        is_done = False
        for number in range(40):
            try:
                is_done = found.collect().deferred is None
            except ConfigurationError as error:
                assert TOKEN not in str(error)
                fresh = found.emulator.renew_token(f"{TOKEN}{number}")
                monkeypatch.setenv("WEIBO_ACCESS_TOKEN", fresh)
            else:
                break
        assert is_done
        refused = [call for call in found.emulator.calls if call.error == 21327]
        assert len(refused) >= 2
        truth = found.told()
    found.check_rows(truth)


@pytest.mark.parametrize("is_sealed", [False, True], ids=["plain", "sealed"])
def test_the_archive_of_searches_gives_what_the_search_gives(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: None,
    is_sealed: bool,
) -> None:
    monkeypatch.setenv("WEIBO_APP_SECRET", APP_SECRET)
    options = WeiboOptions(historical_sealed=is_sealed)
    parts = 'collect = ["posts", "reposts", "comments", "counters", "historical"]'
    with site(small_world, tmp_path, options, f"{COMMERCIAL}\n{parts}") as found:
        found.emulator.now = float(small_world.spec.observed_second) + 86_400
        waiting = found.collect().deferred
        assert waiting is not None and "prepares an answer" in waiting
        for _ in range(4):
            found.emulator.now += 3600
            if found.collect().deferred is None:
                break
        else:
            pytest.fail("the archive never came")
        truth = found.told()
        assert found.emulator.calls.of("historical")[-1].rows > 0
    if is_sealed:
        found.check_rows(truth)
    else:
        found.build()
        found.check(truth)
    secret = APP_SECRET.encode()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if secret in path.read_bytes()]


ARCHIVE = (
    f'{COMMERCIAL}\ncollect = ["posts", "reposts", "comments", "counters",'
    ' "historical"]\n'
)


def collect_hourly(found: Site, most: int = 30) -> str | None:
    """Crawl once an hour until nothing is left to do; what is left else."""
    deferred = None
    for _ in range(most):
        deferred = found.collect().deferred
        if deferred is None:
            break
        found.emulator.now += 3600
    return deferred


def test_an_archive_at_another_host_is_fetched_without_the_token(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: None,
) -> None:
    monkeypatch.setenv("WEIBO_APP_SECRET", APP_SECRET)
    options = WeiboOptions(historical_sealed=True)
    with site(small_world, tmp_path, options, ARCHIVE) as found:
        emulator = found.emulator
        asked: list[Asked] = []
        # The same archives at another address; it writes down what it is sent.
        store = WeiboEmulator(small_world)
        store._tasks = emulator._tasks
        store.options = options
        store.before_call = asked.append
        with serve(store) as elsewhere:
            emulator.options = replace(options, historical_host=elsewhere)
            emulator.now = float(small_world.spec.observed_second) + 86_400
            with pytest.raises(ConfigurationError, match="download_hosts"):
                collect_hourly(found)
            assert not asked
            before = len(emulator.calls.of("historical/create"))
            found.configure(f'{ARCHIVE}download_hosts = ["{elsewhere}"]')
            assert collect_hourly(found) is None
        # It went on at the download.
        assert len(emulator.calls.of("historical/create")) == before
        assert asked
        for call in asked:
            assert call.path.startswith("/historical/")
            assert not call.params
            assert TOKEN not in str(dict(call.headers))
        truth = found.told()
    found.check_rows(truth)


def test_a_large_archive_comes_in_parts_and_an_expired_one_again(
    small_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: None,
) -> None:
    monkeypatch.setenv("WEIBO_APP_SECRET", APP_SECRET)
    monkeypatch.setattr(weibo_api, "_MOST_POSTS", 4)
    with site(small_world, tmp_path, WeiboOptions(), ARCHIVE) as found:
        found.emulator.now = float(small_world.spec.observed_second) + 86_400
        assert found.collect().deferred is not None
        calls = found.emulator.calls
        made = len(calls.of("historical/create"))
        found.emulator.now += 8 * 86_400
        assert found.collect().deferred is not None
        assert len(calls.of("historical/create")) == 2 * made
        assert collect_hourly(found) is None
        downloads = calls.of("historical/download")
        assert len(downloads) > made
        assert max(call.rows for call in downloads) <= 4
        assert {call.error for call in calls.of("historical")} == {None}
        truth = found.told()
    found.check_rows(truth)


def test_a_smaller_limit_than_ours_is_learned_and_used(
    small_world: World, tmp_path: Path, token: None
) -> None:
    """An app of the lowest level: our limits would let every run stop at once."""
    options = WeiboOptions(limits=WeiboLimits(ip_hour=30))
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        assert collect_hourly(found) is None
        calls = found.emulator.calls
        assert {call.status for call in calls} == {200}
        by_hour = list(Counter(call.time // 3600 for call in calls).values())
        # 0.9 of 30, and of that 0.9 for what is not urgent.
        assert min(by_hour[:-1]) >= 24
        assert max(by_hour) <= 27
        truth = found.told()
    found.check_rows(truth)


def test_counters_are_kept_as_they_were_seen_and_the_newest_is_shown(
    small_world: World, tmp_path: Path, token: None
) -> None:
    """After an hour, a day, a week and a month; a later day asks nothing more."""
    with site(small_world, tmp_path, WeiboOptions(), COMMERCIAL) as found:
        emulator = found.emulator
        posted = found.told().posts.sort("posted_at").row(0, named=True)
        key, moment = posted["post_id"], posted["posted_at"].timestamp()
        expected = []
        for hours in (2, 26, 8 * 24, 31 * 24):
            emulator.now = moment + hours * 3600.0
            assert found.collect().deferred is None
            expected.append(emulator.counts(key))
        for days in (33, 35):
            emulator.now = moment + days * 86_400.0
            assert found.collect().deferred is None
        counted = [
            call.time
            for call in emulator.calls.of("statuses/count.json")
            if key in call.params["ids"].split(",")
        ]
    found.build(tables=["campaign_posts"])
    seen = found.lab.rows(
        "select reposts_count, comments_count, likes_count from staging.post_counters"
        f" where post_id = '{key}' order by observed_at"
    )
    assert list(dict.fromkeys(seen)) == list(dict.fromkeys(expected))
    assert len(set(expected)) > 2
    assert max(counted) == moment + 31 * 24 * 3600.0
    shown = found.lab.rows(
        "select distinct platform_reposts, platform_comments, platform_likes"
        f" from marts.campaign_posts where post_id = '{key}'"
    )
    assert shown == [expected[-1]]


def test_reads_are_asked_and_shown_where_the_contract_has_them(
    small_world: World, tmp_path: Path, token: None
) -> None:
    with site(small_world, tmp_path, WeiboOptions(), COMMERCIAL) as found:
        emulator = found.emulator
        found.collect()
        emulator.now += 86_400
        found.collect()
        assert len(emulator.calls.of("media_statuses/count_sp/biz")) == 2
        own = small_world.posts.filter(pl.col("account_id") == ACCOUNTS[0])
        truth = {
            key: emulator.reads(key)
            for key in own["post_id"]
            if key not in emulator.deleted_posts
        }
    found.build(tables=["campaign_posts", "source_coverage"])
    rows = found.lab.rows(
        "select post_id, max(reads_count) from staging.post_counters"
        " where reads_count is not null group by all"
    )
    assert dict(rows) == truth
    shown = found.lab.rows(
        "select post_id, platform_reads from marts.campaign_posts"
        " where platform_reads is not null"
    )
    assert shown
    assert all(truth[key] == reads for key, reads in shown)
    ((counters, lacks),) = found.lab.rows(
        "select gives_counters, lacks from marts.source_coverage"
    )
    assert counters == "reposts, comments, likes, reads"
    assert "reads" not in lacks.split("; ")


@pytest.mark.parametrize(
    "options",
    [WeiboOptions(tells_reads=False), WeiboOptions(owner=ACCOUNTS[1])],
    ids=["no right", "other people's posts"],
)
def test_reads_that_are_not_told_are_asked_for_once_a_week(
    small_world: World,
    tmp_path: Path,
    token: None,
    options: WeiboOptions,
) -> None:
    """A contract without them has all the rest."""
    with site(small_world, tmp_path, options, COMMERCIAL) as found:
        calls = found.emulator.calls
        for days, asked in ((0, 1), (1, 1), (7, 2)):
            found.emulator.now += days * 86_400
            assert found.collect().deferred is None
            assert len(calls.of("media_statuses/count_sp/biz")) == asked
        truth = found.told()
    found.lab.stage()
    assert found.lab.value("select count(*) from staging.interactions") == len(
        truth.interactions
    )
    assert found.lab.value("select count(reads_count) from staging.post_counters") == 0


def test_a_command_without_budget_publishes_what_it_has_and_ends_with_three(
    small_world: World, tmp_path: Path, token: None
) -> None:
    more = f"{COMMERCIAL}\nlimits = {{ ip-hour = 15 }}\nbudget_share = 1.0"
    with site(small_world, tmp_path / "workspace", None, more) as found:
        done = found.lab.call(
            "backfill", "--from", str(found.first), "--to", str(found.last),
            "--reason", "trial",
        )  # fmt: skip
        assert done.returncode == 3, done.stdout + done.stderr
        assert "goes on where it stopped" in done.stdout + done.stderr
        assert len(found.emulator.calls) <= 15
        assert (found.lab.root / "published" / "marts.duckdb").exists()
        status = found.lab.call("status").stdout
    assert "calls to make: " in status
    assert "at the permitted rate done by" in status
    assert "ip-hour 15 of 15 until " in status


def test_profiles_are_read_weekly_and_counts_between(
    small_world: World, tmp_path: Path, token: None
) -> None:
    with site(small_world, tmp_path, WeiboOptions(), COMMERCIAL) as found:
        calls = found.emulator.calls
        found.collect()
        assert len(calls.of("users/show_batch/other")) == 1
        assert not calls.of("users/counts")
        found.emulator.now += 86_400
        found.collect()
        assert len(calls.of("users/show_batch/other")) == 1
        assert len(calls.of("users/counts")) == 1
        found.emulator.now += 7 * 86_400
        found.collect()
        assert len(calls.of("users/show_batch/other")) == 2
    found.lab.stage()
    days = found.lab.dicts(
        "select account_id, count(distinct date_day) as days,"
        " count(distinct followers_count) as counts, count(screen_name) as names"
        f" from staging.accounts where account_id = '{ACCOUNTS[0]}' group by all"
    )
    assert days[0]["days"] >= 2
    assert 0 < days[0]["names"] <= days[0]["days"]


def test_the_platforms_word_on_what_is_left_is_believed(
    small_world: World, tmp_path: Path, token: None
) -> None:
    """Others share the limit: not one call is refused."""
    options = WeiboOptions(limits=WeiboLimits(ip_hour=30), token_calls=100_000)
    more = f"{COMMERCIAL}\nlimits = {{ ip-hour = 1000 }}\nbudget_share = 1.0"
    with site(small_world, tmp_path, options, f"{more}\nreserve = 0.0") as found:
        deferred = found.collect().deferred
        assert deferred is not None and "budget" in deferred
        assert {call.status for call in found.emulator.calls} == {200}
        (source,) = found.lab.workspace.sources
        plan = describe_spending(found.lab.workspace, source)
    assert plan is not None
    assert plan["token_ends_at"] is not None
    assert sum(plan["calls_left"].values()) > 0
    assert plan["limits"][0]["spent"] <= plan["limits"][0]["limit"]


def test_an_app_that_may_not_ask_for_its_limits_reads_all_the_same(
    small_world: World, tmp_path: Path, token: None
) -> None:
    with site(small_world, tmp_path, WeiboOptions(), COMMERCIAL) as found:
        # The first two calls are those for limits and token.
        found.emulator.error_calls |= {1: 10014, 2: 10014}
        collected = found.collect()
        assert collected.deferred is None
        truth = found.told()
    found.check_rows(truth)


def test_a_gap_is_told_as_completeness(
    small_world: World, tmp_path: Path, token: None
) -> None:
    """A list that the platform cuts, and rows that it hides but counts."""
    cap = 5
    with site(small_world, tmp_path, WeiboOptions(repost_cap=cap), COMMERCIAL) as found:
        comments = found.told().interactions.filter(pl.col("kind") == "comment")
        for key in comments["interaction_id"].sort().to_list()[:3]:
            found.emulator.hide(key)
        found.collect()
        truth = found.told()
    found.build(tables=["data_coverage"])
    drawn = Counter(truth.interactions.select("root_post_id", "kind").iter_rows())
    expected: Counter[str] = Counter()
    collected: Counter[str] = Counter()
    zone = small_world.spec.timezone
    days = truth.posts.with_columns(
        pl.col("posted_at").dt.convert_time_zone(zone).dt.date().alias("day")
    )
    counts = dict(
        (row["post_id"], row["reposts_count"] + row["comments_count"])
        for row in truth.post_counters.iter_rows(named=True)
    )
    for key, day in days.select("post_id", "day").iter_rows():
        if key in counts:
            expected[day] += counts[key]
            collected[day] += min(drawn[key, "repost"], cap) + drawn[key, "comment"]
    rows = found.lab.rows(
        "select activity_day, expected, expected_collected, expected_completeness"
        " from marts.data_coverage where expected is not null"
    )
    assert {row[0] for row in rows} == set(expected)
    for day, stated, found_rows, completeness in rows:
        assert (stated, found_rows) == (expected[day], collected[day])
        assert completeness == (
            round(min(found_rows / stated, 1), 6) if stated else None
        )
    assert sum(collected.values()) < sum(expected.values()) - 3
