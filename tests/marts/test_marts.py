"""The marts: equal on every road, and equal to what was planted."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasks.warehouse.models import load_models
from tests.oracles import cascades as oracle
from tests.oracles.worlds import campaign_posts
from tests.workspaces import (
    FIRST,
    LAST,
    PATIENCE_SECONDS,
    REPOSITORY,
    Lab,
    comment,
    lab_of,
    repost,
    status,
    user,
)
from tests.world import BRANDS, World, write

ALICE, BOB = user(11, "alice"), user(12, "bob")


@pytest.fixture
def made(
    small_world: World, made_once: Callable[[str, Callable[[Path], None]], Path]
) -> Lab:
    """The small world, run the plain way and published; to look at."""
    return Lab(
        made_once("mixed-world", lambda folder: mixed_lab(small_world, folder).run())
    )


@pytest.fixture
def reference(made: Lab) -> dict[str, bytes]:
    """Its published Parquet."""
    found = made.parquet()
    assert len(found) >= 7
    return found


def mixed_lab(world: World, root: Path) -> Lab:
    """Posts, reposts, comments, users as API files; likes and follows besides."""
    lab = lab_of(world, root, "weibo-api")
    likes = world.interactions.filter(pl.col("kind").is_in(["like", "mention"]))
    tables = root / "tables"
    tables.mkdir()
    likes.write_parquet(tables / "interactions.parquet")
    world.follows.write_parquet(tables / "follows.parquet")
    world.post_counters.write_parquet(tables / "post_counters.parquet")
    pl.concat([world.account_history, world.accounts]).write_parquet(
        tables / "accounts.parquet"
    )
    text = (root / "workspace.toml").read_text()
    lab.put(
        "workspace.toml",
        text + '\n[[sources]]\nname = "tables"\nplatform = "weibo"\nkind = "files"\n'
        'format = "canonical"\npath = "tables"\n',
    )
    return lab


def differing(lab: Lab, reference: dict[str, bytes]) -> list[str]:
    """Names of marts whose bytes differ."""
    made = lab.parquet()
    assert made.keys() == reference.keys()
    return [name for name in made if made[name] != reference[name]]


def test_second_run_changes_no_byte(
    made: Lab, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    lab = Lab(tmp_path / "again")
    shutil.copytree(made.root, lab.root, symlinks=True)

    def stamp() -> dict[Path, int]:
        folder = lab.root / "published/"
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    before = stamp()
    lab.run(run_id="again")
    assert stamp() == before
    # Rebuilt from landing, without the exports and without the warehouse.
    shutil.rmtree(lab.root / "export")
    (lab.root / "warehouse.duckdb").unlink()
    lab.run(run_id="rebuilt")
    assert differing(lab, reference) == []


def test_order_and_number_of_files_do_not_matter(
    small_world: World, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """Shuffled lines, split files, other names, whole files twice."""
    rng = random.Random(5)
    lab = mixed_lab(small_world, tmp_path)
    for file in sorted((tmp_path / "export").glob("*.jsonl")):
        lines = file.read_bytes().splitlines(keepends=True)
        rng.shuffle(lines)
        file.unlink()
        for part in range(3):
            name = f"{rng.randrange(1000):03d}-{file.stem}-{part}.jsonl"
            (tmp_path / "export" / name).write_bytes(b"".join(lines[part::3]))
        (tmp_path / "export" / f"0-{file.stem}.jsonl").write_bytes(b"".join(lines))
    lab.run()
    assert differing(lab, reference) == []


def test_overlapping_windows_in_any_order_do_not_matter(
    small_world: World, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    lab = mixed_lab(small_world, tmp_path)
    for first, last in ((9, 14), (1, 6), (4, 10)):
        days = date(2026, 3, first), date(2026, 3, last)
        lab.run(*days, f"from-{first}", publish=False)
    lab.publish("the last")
    assert differing(lab, reference) == []


def test_machine_does_not_matter(
    small_world: World, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """Another process, time zone, locale and hash seed; one thread of DuckDB."""
    lab = mixed_lab(small_world, tmp_path)
    script = f"""
import duckdb
import tasks.publication.marts, tasks.warehouse.database as database
from tasks.sources import file_landing
from tasks.warehouse import publication
from pathlib import Path
from tasks.warehouse.models import load_models
from tests.workspaces import Lab

whole = database.tune
def tune(connection, spill):
    whole(connection, spill)
    connection.execute("set threads = 1")
for module in (database, file_landing, publication):
    module.tune = tune
Lab(Path({str(tmp_path)!r})).run()
"""
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env={
            "WM_PSEUDONYM_KEY": "a-key-for-tests-only",
            "TZ": "America/New_York",
            "LC_ALL": "C",
            "PYTHONHASHSEED": "99",
            "PYTHONPATH": str(REPOSITORY),
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PREFECT_HOME": str(tmp_path / "prefect"),
        },
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    assert differing(lab, reference) == []


def rebuilt(lab: Lab, root: Path, covered: list[tuple[date, date]]) -> Lab:
    """The same exports, overrides and configuration in a workspace of its own."""
    shutil.copytree(
        lab.root,
        root,
        ignore=lambda _, names: {
            name
            for name in names
            if name.startswith("warehouse.duckdb")
            or name in ("landing", "quarantine", "published", "publications")
        },
    )
    fresh = Lab(root)
    fresh.land()
    fresh.stage()
    fresh.judge()
    for first, last in joined(covered):
        fresh.build(first, last)
    return fresh


def joined(covered: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """The same days in as few ranges as there are."""
    days = sorted(
        {
            first + timedelta(days=step)
            for first, last in covered
            for step in range((last - first).days + 1)
        }
    )
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and ranges[-1][1] + timedelta(days=1) == day:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def assert_as_rebuilt(lab: Lab, root: Path, covered: list[tuple[date, date]]) -> None:
    """The marts equal those made from nothing, row by row."""
    fresh = rebuilt(lab, root, covered).marts()
    for name, rows in lab.marts().items():
        assert rows == fresh[name], name


def step(
    lab: Lab, first: date = FIRST, last: date = LAST, run_id: str = "more"
) -> None:
    """Everything but publication."""
    lab.run(first, last, run_id, publish=False)


def test_random_schedule_equals_a_rebuild(small_world: World, tmp_path: Path) -> None:
    """Days, late files, changed overrides and policies, in another order each time."""
    seed = int(os.environ.get("WM_TEST_SEED", random.randrange(10**6)))
    print(f"WM_TEST_SEED={seed}")  # noqa: T201
    rng = random.Random(seed)
    root = tmp_path / "lab"
    lab = lab_of(small_world, root)
    objects = {
        file.stem: file.read_bytes().splitlines(keepends=True)
        for file in (root / "export").glob("*.jsonl")
    }
    for file in (root / "export").glob("*.jsonl"):
        file.unlink()
    portions: list[tuple[str, bytes]] = []
    for stem, lines in objects.items():
        rng.shuffle(lines)
        for part in range(4):
            portions.append((f"{stem}-{part}.jsonl", b"".join(lines[part::4])))
    rng.shuffle(portions)
    text = (root / "workspace.toml").read_text()
    authors = small_world.interactions["account_id"].drop_nulls().to_list()
    decisions: list[str] = []
    covered: list[tuple[date, date]] = []
    lab.put("export/" + portions[0][0], portions.pop(0)[1])
    for number in range(4):
        for _ in range(rng.randrange(1, 5)):
            if portions:
                name, data = portions.pop()
                lab.put(f"export/{name}", data)
        if rng.random() < 0.6:
            one, other = rng.sample(authors, 2)
            decision = rng.choice(["genuine", "phantom", "merge", "split"])
            decisions.append(
                f"{decision},weibo,{one},,{other if decision == 'merge' else ''},"
                f"known,li,2026-03-{number + 1:02d}"
            )
            lab.override(*decisions)
        if rng.random() < 0.4:
            threshold = rng.choice([0.55, 0.7, 0.8])
            days = rng.choice([3, 90])
            lab.put(
                "workspace.toml",
                f"{text}\n[policies]\nphantom_threshold = {threshold}\n"
                f"behaviour_days = {days}\n",
            )
        first = FIRST + timedelta(days=rng.randrange(14))
        last = min(first + timedelta(days=rng.choice([0, 0, 3])), LAST)
        covered.append((first, last))
        step(lab, first, last, f"step-{number}")
    assert_as_rebuilt(lab, tmp_path / "fresh", covered)


def test_daily_runs_with_growing_files_equal_a_rebuild(
    small_world: World, tmp_path: Path
) -> None:
    """An export that grows day by day, run each day."""
    root = tmp_path / "lab"
    lab = lab_of(small_world, root)
    posts, reposts = (
        [json.loads(line) for line in (root / f"export/{name}.jsonl").open()]
        for name in ("statuses", "reposts")
    )
    for file in (root / "export").glob("*.jsonl"):
        file.unlink()
    covered = []
    for number in range(1, 13, 3):
        until = f"Mar {number + 2:02d}"
        for name, objects in (("statuses", posts), ("reposts", reposts)):
            seen = [item for item in objects if item["created_at"][4:10] <= until]
            lab.put(f"export/{name}.jsonl", seen)
        days = (date(2026, 3, number), date(2026, 3, number + 2))
        covered.append(days)
        step(lab, *days, f"day-{number}")
    assert_as_rebuilt(lab, tmp_path / "fresh", covered)


def base(lab: Lab) -> None:
    """Two posts of two authors on two days, reposts of both, all run."""
    carl = user(13, "carl", followers_count=700)
    lab.put(
        "export/base.jsonl",
        [
            status(1, day=1),
            status(2, author=carl, day=8),
            repost(3, 1, ALICE, day=2),
            repost(4, 2, BOB, day=9),
        ],
    )
    lab.configure(post_ids=["1", "2", "5"])
    step(lab)


@pytest.fixture
def based(lab_once: Callable[[str, Callable[[Lab], None]], Lab]) -> Lab:
    """A workspace of one's own in which `base` has run."""
    return lab_once("base-of-marts", base)


def check_late(lab: Lab, tmp_path: Path) -> None:
    """Run a day again: what changed since must show as in a rebuild."""
    step(lab, LAST, LAST, "late")
    assert_as_rebuilt(lab, tmp_path / "fresh", [(FIRST, LAST)])


def test_late_repost_restates_its_old_day(based: Lab, tmp_path: Path) -> None:
    based.put("export/late.jsonl", [repost(6, 1, BOB, "//@alice:x", day=3)])
    check_late(based, tmp_path)


def test_first_records_after_empty_days_show(lab: Lab, tmp_path: Path) -> None:
    """The days were run before the export held anything."""
    lab.put("export/empty.jsonl", "\n")
    step(lab)
    lab.put("export/late.jsonl", [status(1), repost(3, 1, ALICE, day=2)])
    check_late(lab, tmp_path)
    assert lab.value("select sum(reposts) from marts.campaign_daily") == 1


def test_repost_that_moves_to_another_day_leaves_the_old_one(
    lab: Lab, tmp_path: Path
) -> None:
    """A newer crawl corrects a time; the old day has nothing left."""
    lab.configure(post_ids=["1"], extra="observed_at = 2026-03-10T00:00:00Z")
    lab.put("export/base.jsonl", [status(1, day=1), repost(3, 1, ALICE, day=2)])
    step(lab)
    lab.configure(post_ids=["1"], extra="observed_at = 2026-03-11T00:00:00Z")
    lab.put("export/late.jsonl", [repost(3, 1, ALICE, day=5)])
    step(lab, LAST, LAST, "late")
    assert lab.rows(
        "select activity_day, reposts from marts.campaign_daily order by 1"
    ) == [
        (date(2026, 3, 1), 0),
        (date(2026, 3, 5), 1),
    ]


def test_late_post_of_another_author_restates_daily_rates(
    based: Lab, tmp_path: Path
) -> None:
    """The campaign's audience grows: the rates of all its days fall."""
    eve = user(15, "eve", followers_count=9000)
    based.put("export/late.jsonl", [status(5, author=eve, day=12)])
    check_late(based, tmp_path)


def test_override_that_confirms_the_level_shows(based: Lab, tmp_path: Path) -> None:
    """The level stays, `is_confirmed` turns true."""
    based.override("genuine,weibo,11,,,met her,li,2026-03-10")
    check_late(based, tmp_path)
    confirmed = "select count(*) from restricted.accounts where is_confirmed"
    assert based.value(confirmed) == 1


def test_withdrawn_override_shows(lab: Lab, tmp_path: Path) -> None:
    lab.override("phantom,weibo,11,,,bought,li,2026-03-10")
    base(lab)
    assert lab.value("select sum(genuine_reposts) from marts.campaigns") == 1
    lab.override()
    check_late(lab, tmp_path)
    assert lab.value("select sum(genuine_reposts) from marts.campaigns") == 2


def test_late_profile_of_a_silent_account_shows(based: Lab, tmp_path: Path) -> None:
    """An account that did nothing yet is an account that was seen."""
    based.put("export/late.jsonl", [user(99, "dora")])
    check_late(based, tmp_path)


def test_late_counters_show(based: Lab, tmp_path: Path) -> None:
    """A snapshot of a post's counters alone."""
    text = (based.root / "workspace.toml").read_text()
    based.put(
        "workspace.toml",
        text + '[[sources]]\nname = "counters"\nplatform = "weibo"\nkind = "files"\n'
        'format = "canonical"\npath = "tables"\n',
    )
    header = "post_id,observed_at,reposts_count\n"
    based.put("tables/a/post_counters.csv", f"{header}1,2026-03-11T00:00:00Z,5\n")
    step(based)
    based.put("tables/b/post_counters.csv", f"{header}1,2026-03-12T00:00:00Z,77\n")
    step(based, LAST, LAST, "late")
    assert based.rows(
        "select platform_reposts from marts.campaign_posts where post_id = '1'"
    ) == [(77,)]
    assert_as_rebuilt(based, tmp_path / "fresh", [(FIRST, LAST)])


def test_late_broken_file_shows_in_coverage(based: Lab, tmp_path: Path) -> None:
    """It comes with a good one: alone it would be most of what its source gave."""
    based.put("export/late.json", "[{")
    good = [repost(number, 1, BOB, "//@alice:x", day=3) for number in range(60, 69)]
    based.put("export/late.jsonl", good)
    check_late(based, tmp_path)
    assert based.value("select sum(quarantined) from marts.data_coverage") == 1


def test_changed_campaign_restates_every_day(based: Lab, tmp_path: Path) -> None:
    """Another window, another list of posts."""
    based.configure(post_ids=["2"])
    check_late(based, tmp_path)
    assert based.value("select reposts from marts.campaigns") == 1


def test_changed_time_zone_makes_everything_anew(based: Lab, tmp_path: Path) -> None:
    based.configure(post_ids=["1", "2"], timezone="America/New_York")
    check_late(based, tmp_path)


# --- planted truth -----------------------------------------------------------


def members(truth: World) -> pl.DataFrame:
    """One row per campaign and interaction within the campaign's window."""
    posts = truth.campaigns.select(
        "campaign_id", "start", "end", root_post_id="post_ids"
    ).explode("root_post_id")
    return (
        truth.interactions.join(posts, on="root_post_id")
        .with_columns(
            day=pl.col("acted_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
        )
        .filter(pl.col("day").is_between(pl.col("start"), pl.col("end")))
        .filter(pl.col("day").is_between(FIRST, LAST))
    )


def test_days_equal_the_planted_truth(truth: World, built: Lab) -> None:
    expected = (
        members(truth)
        .group_by("campaign_id", "day")
        .agg(
            *(
                (pl.col("kind") == k).sum().alias(k)
                for k in ("repost", "comment", "like")
            ),
            pl.col("account_id")
            .filter(pl.col("kind") != "mention")
            .drop_nulls()
            .n_unique()
            .alias("accounts"),
        )
    )
    found = built.rows(
        "select campaign_id, activity_day, reposts, comments, likes, engaged_accounts"
        " from marts.campaign_daily where engagements > 0 order by all"
    )
    assert found == sorted(expected.iter_rows())


def test_campaigns_equal_the_planted_truth(truth: World, built: Lab) -> None:
    """Flows add up; people are counted once."""
    expected = (
        members(truth)
        .filter(pl.col("kind") != "mention")
        .group_by("campaign_id")
        .agg(
            (pl.col("kind") == "repost").sum(),
            pl.len(),
            pl.col("account_id").drop_nulls().n_unique(),
        )
    )
    found = built.rows(
        "select campaign_id, reposts, engagements, engaged_accounts"
        " from marts.campaigns order by all"
    )
    assert found == sorted(expected.iter_rows())


def test_mentions_equal_a_plain_recount(truth: World, built: Lab) -> None:
    """Calls by others in their own words; a text that stands twice counts once."""
    names = {f"@{brand.screen_name}".lower(): brand for brand in BRANDS}
    texts = {
        ("post", row["post_id"]): (row["account_id"], row["posted_at"], row["text"])
        for row in truth.posts.iter_rows(named=True)
    }
    for row in truth.interactions.iter_rows(named=True):
        if row["kind"] in ("repost", "comment"):
            own = re.split(r"//?\s*@[^:：\s]+\s*[:：]|//\s*@", row["text"] or "")[0]
            key = (row["kind"], row["interaction_id"])
            texts[key] = (row["account_id"], row["acted_at"], own)
    expected: Counter[tuple[str, date]] = Counter()
    for account, moment, text in texts.values():
        called = {name.lower() for name in re.findall(r"@[-\w·]+", text)}
        for name in called & names.keys():
            day = moment.astimezone(ZoneInfo("Asia/Shanghai")).date()
            if account != str(names[name].account_id):
                expected[names[name].brand_id, day] += 1
    found = built.rows(
        "select brand_id, activity_day, mentions from marts.share_of_voice"
        " where mentions > 0 order by all"
    )
    assert found == sorted((*key, count) for key, count in expected.items())
    assert built.rows("select count(*) from marts.campaign_daily where mentions > 0")


def test_exposure_equals_the_planted_followers(truth: World, built: Lab) -> None:
    """Each repost adds its author's followers; reach takes each account once.

    Among them the posts' authors, with the followers read nearest to the post.
    """
    followers = truth.accounts.select("account_id", "followers_count")
    reposts = (
        members(truth)
        .filter(pl.col("kind") == "repost")
        .join(followers, on="account_id")
    )
    exposure = dict(
        reposts.group_by("campaign_id").agg(pl.col("followers_count").sum()).iter_rows()
    )
    brands = {"1000000001", "1000000002"}
    assert not brands & set(reposts["account_id"])  # their followers change by day
    readings = pl.concat([truth.account_history, truth.accounts])
    authors = (
        campaign_posts(truth, hashtags=True)
        .join(truth.posts.select("post_id", "account_id", "posted_at"), on="post_id")
        .join(
            readings.select("account_id", "followers_count", "observed_at"),
            on="account_id",
        )
        .with_columns(away=(pl.col("observed_at") - pl.col("posted_at")).abs())
        .sort("campaign_id", "post_id", "away", "observed_at")
        .group_by("campaign_id", "post_id", maintain_order=True)
        .first()
    )
    assert brands & set(authors["account_id"])
    by_post = dict(
        authors.group_by("campaign_id").agg(pl.col("followers_count").sum()).iter_rows()
    )
    columns = ["campaign_id", "account_id", "followers_count"]
    reach = dict(
        pl.concat([reposts.select(columns), authors.select(columns)])
        .group_by("campaign_id", "account_id")
        .agg(pl.col("followers_count").max())
        .group_by("campaign_id")
        .agg(pl.col("followers_count").sum())
        .iter_rows()
    )
    found = built.rows(
        "select campaign_id, exposure, author_followers, potential_reach"
        " from marts.campaigns"
    )
    assert len(found) == 3
    for campaign, seen, of_authors, once in found:
        assert (seen, of_authors, once) == (
            exposure.get(campaign, 0),
            by_post[campaign],
            reach[campaign],
        )


def test_genuine_counts_are_those_of_levels(built: Lab) -> None:
    """Sums over accounts by the level that the accounts mart shows."""
    assert (
        built.value(
            """
        with shown as (
            select
                acted.campaign_id,
                sum(engagements) filter (where levels.phantom_level <> 'phantom')
                    as genuine
            from restricted.campaign_accounts as acted
            inner join restricted.accounts as levels using (platform, account_key)
            group by all
        )
        select count(*) from marts.campaigns inner join shown using (campaign_id)
        where genuine <> genuine_engagements
            or genuine_engagements not between genuine_engagements_low
            and genuine_engagements_high
            or genuine_engagements_high > engagements
        """
        )
        == 0
    )


def test_cascades_equal_the_oracle(truth: World, built: Lab) -> None:
    """Size, depth, breadth, levels, virality and half-life of every tree."""
    posted = dict(truth.posts.select("post_id", "posted_at").iter_rows())
    reposts = built.rows(
        "select root_post_id, interaction_id, parent_id, acted_at"
        " from staging.interactions where kind = 'repost'"
        " and date_day between date '2026-03-01' and date '2026-03-14'"
    )
    trees: dict[str, list[tuple[str, str]]] = {}
    times: dict[str, Any] = {}
    for root, node, parent, moment in reposts:
        trees.setdefault(root, []).append((node, parent))
        times[node] = moment
    found = built.dicts("from marts.cascades")
    assert {row["post_id"] for row in found} == {
        post
        for posts in truth.campaigns["post_ids"].to_list()
        for post in posts
        if post in trees
    }
    assert max(row["depth"] for row in found) > 3
    for row in found:
        root = row["post_id"]
        expected = oracle.measure(
            root,
            trees[root],
            {node: times[node] for node, _ in trees[root]},
            posted[root].replace(tzinfo=None),
        )
        assert (row["size"], row["depth"], row["max_breadth"]) == (
            expected.size,
            expected.depth,
            expected.max_breadth,
        )
        assert tuple(row["reposts_by_level"]) == expected.levels[1:]
        assert row["structural_virality"] == pytest.approx(
            expected.structural_virality, abs=1e-6
        )
        assert float(row["half_life_minutes"]) == pytest.approx(
            expected.half_life_minutes, abs=0.011
        )


def test_star_and_chain_have_their_known_virality(lab: Lab) -> None:
    """N nodes: a star 2(n-1)/n, a chain (n+1)/3; a missing parent is the root."""
    star = [repost(100 + n, 1, user(500 + n, f"s{n}")) for n in range(7)]
    chain = [
        repost(200 + n, 2, user(600 + n, f"c{n}"), clock=f"10:{n:02d}:00", pid=199 + n)
        for n in range(7)
    ]
    lab.put("export/a.jsonl", [status(1), status(2), *star, *chain])
    lab.configure(post_ids=["1", "2"])
    step(lab)
    found = dict((row["post_id"], row) for row in lab.dicts("from marts.cascades"))
    assert float(found["1"]["structural_virality"]) == pytest.approx(
        2 * 7 / 8, abs=1e-6
    )
    assert float(found["2"]["structural_virality"]) == pytest.approx(9 / 3, abs=1e-6)
    assert (found["1"]["depth"], found["1"]["max_breadth"]) == (1, 7)
    assert (found["2"]["depth"], found["2"]["max_breadth"]) == (7, 1)
    # The chain's first repost names a parent that was not collected.
    assert found["2"]["missing_parents"] == 1
    assert found["2"]["level_1_share"] == pytest.approx(1 / 7, abs=1e-6)


def test_window_counts_inclusive_days_of_the_zone(lab: Lab) -> None:
    """Campaign totals keep to the window; lifetime figures don't."""
    lab.put(
        "export/a.jsonl",
        [
            status(1, day=1, clock="00:00:00"),
            repost(2, 1, ALICE, day=1, clock="00:00:01"),
            repost(3, 1, BOB, day=14, clock="23:59:59"),
            repost(4, 1, ALICE, day=15, clock="00:00:00"),  # a second too late
            comment(5, 1, None, day=14),
        ],
    )
    lab.run(
        FIRST,
        date(2026, 3, 20),
        tables=["campaigns", "campaign_posts", "cascades"],
    )
    ((reposts, comments, accounts, engagements, genuine),) = lab.rows(
        "select reposts, comments, engaged_accounts, engagements, genuine_engagements"
        " from marts.campaigns"
    )
    # The hidden commenter counts among comments, not among accounts or genuine.
    assert (reposts, comments, accounts, engagements, genuine) == (2, 1, 2, 3, 2)
    ((lifetime, hour, day),) = lab.rows(
        "select lifetime_reposts, engagements_1h, engagements_24h"
        " from marts.campaign_posts"
    )
    assert (lifetime, hour, day) == (3, 1, 1)
    assert lab.value("select size from marts.cascades") == 3


def test_formats_of_one_world_agree(small_world: World, tmp_path: Path) -> None:
    """Reposts and comments per campaign and day are those planted, also from
    raw m.weibo.cn files.
    """  # noqa: D205
    lab = lab_of(small_world, tmp_path, "mweibo")
    lab.run(tables=["campaign_daily"])
    found = lab.rows(
        "select campaign_id, activity_day, reposts, comments"
        " from marts.campaign_daily where reposts + comments > 0 order by all"
    )
    expected = (
        members(small_world)
        .filter(pl.col("kind").is_in(["repost", "comment"]))
        .group_by("campaign_id", "day")
        .agg(
            *(
                (pl.col("kind") == kind).sum().alias(kind)
                for kind in ("repost", "comment")
            )
        )
    )
    assert found == sorted(expected.iter_rows())


def test_the_calendar_has_every_day_that_a_mart_names(built: Lab) -> None:
    """Of each column that is a day, by its type; and each says so in its header."""
    columns = built.rows(
        "select table_name, column_name from duckdb_columns()"
        " where schema_name = 'marts' and data_type = 'DATE'"
    )
    told = {
        (model.table, column.name): column.unit
        for model in load_models("marts").values()
        for column in model.columns
        if column.unit in ("day", "month")
    }
    assert set(columns) == set(told)
    for mart, name in columns:
        # A month stands as its first day, of which nobody told.
        assert told[mart, name] == "month" or not built.rows(
            f"select {name} from marts.{mart} where {name} is not null"
            f" and {name} not in (select day from marts.days)"
        ), (mart, name)
    assert built.value("select max(day) - min(day) + 1 - count(*) from marts.days") == 0


def test_marts_hold_no_clock_and_no_platform_id_of_people(
    truth: World, built: Lab
) -> None:
    """Accounts stand under keys; only listed and brand posts under their id."""
    accounts = set(truth.accounts["account_id"])
    for name, rows in built.marts().items():
        if name == "metric_definitions":
            continue
        for row in rows:
            values = {value for value in row if isinstance(value, str)}
            assert not values & accounts, name


def test_write_is_deterministic(small_world: World, tmp_path: Path) -> None:
    """The premise of the tests above: equal worlds, equal exports."""
    for name in ("one", "two"):
        write(small_world, tmp_path / name, "weibo-api")
    assert (tmp_path / "one/reposts.jsonl").read_bytes() == (
        tmp_path / "two/reposts.jsonl"
    ).read_bytes()
