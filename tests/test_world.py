"""The synthetic world keeps its promises, and the shipped sample is made by it."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from tests.world import (
    World,
    WorldSpec,
    generate,
    sample_seeds,
    sample_world,
    write,
    write_big,
    write_sample,
)
from tests.world.brand_courses import CourseSpec, CourseWorld, plant_courses

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
WITH_OBJECTS = ("repost", "comment")


@pytest.fixture(scope="module")
def world() -> World:
    """A world small enough for row-wise checks."""
    return generate(WorldSpec(seed=11, interactions=3000, campaigns=3))


def files_of(folder: Path) -> dict[str, bytes]:
    """Contents of all files below a folder by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def ids_of(world: World) -> set[str]:
    """Ids of the interactions that have objects in the platform's API."""
    rows = world.interactions.filter(pl.col("kind").is_in(WITH_OBJECTS))
    return set(rows["interaction_id"])


def answers_of(world: World) -> pl.DataFrame:
    """Reposts and comments beside their truth."""
    return world.interactions.filter(pl.col("kind").is_in(WITH_OBJECTS)).join(
        world.truth_interactions, on="interaction_id"
    )


@pytest.mark.parametrize("format", ["weibo-api", "mweibo", "canonical"])
def test_equal_specs_give_equal_bytes(tmp_path: Path, format: Any) -> None:
    """Two runs write the same files."""
    spec = WorldSpec(seed=5, interactions=400)
    write(generate(spec), tmp_path / "one", format)
    write(generate(spec), tmp_path / "two", format)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    other = generate(dataclasses.replace(spec, seed=6))
    write(other, tmp_path / "three", format)
    assert files_of(tmp_path / "one") != files_of(tmp_path / "three")


def test_volumes_are_those_asked_for(world: World) -> None:
    """Reposts and comments add up to the spec, ids are unique."""
    kinds = dict(world.interactions["kind"].value_counts().iter_rows())
    assert kinds["repost"] + kinds["comment"] == world.spec.interactions
    assert kinds["repost"] == 1650
    assert not world.interactions["interaction_id"].is_duplicated().any()
    assert not world.accounts["account_id"].is_duplicated().any()
    assert not world.accounts["screen_name"].is_duplicated().any()
    assert not world.posts["post_id"].is_duplicated().any()


def test_true_parents_come_earlier(world: World) -> None:
    """Each true parent is the root, or an earlier answer to the same root."""
    answers = answers_of(world)
    nodes = pl.concat(
        [
            answers.select(
                "interaction_id",
                "root_post_id",
                "kind",
                pl.col("acted_at").alias("parent_time"),
                pl.col("depth").alias("parent_depth"),
            ),
            world.posts.select(
                pl.col("post_id").alias("interaction_id"),
                pl.col("post_id").alias("root_post_id"),
                pl.lit(None, pl.String).alias("kind"),
                pl.col("posted_at").alias("parent_time"),
                pl.lit(0, pl.Int64).alias("parent_depth"),
            ),
        ]
    )
    joined = answers.join(
        nodes,
        left_on=["true_parent_id", "root_post_id"],
        right_on=["interaction_id", "root_post_id"],
        suffix="_parent",
    )
    assert joined.height == answers.height
    assert (joined["parent_time"] < joined["acted_at"]).all()
    assert (joined["parent_depth"] + 1 == joined["depth"]).all()
    assert (joined["kind_parent"].fill_null(joined["kind"]) == joined["kind"]).all()
    assert (joined["depth"] > 3).any()


def test_chains_and_platform_ids_lead_to_the_true_parent(world: World) -> None:
    """Platform ids always do, chains mostly; both leave some parents unknown."""
    reposts = answers_of(world).filter(pl.col("kind") == "repost")
    right = pl.col("parent_id") == pl.col("true_parent_id")
    shares = dict(reposts.group_by("parent_method").agg(right.mean()).iter_rows())
    assert shares["platform"] == 1
    assert 0.8 < shares["chain"] < 1
    assert shares["root"] < 1
    deep = reposts.filter(pl.col("depth") > 1)
    assert 0.3 < (deep["parent_method"] == "platform").mean() < 0.55  # type: ignore[operator]


def test_counters_reconcile_with_the_interactions(world: World) -> None:
    """The last snapshot counts exactly the rows, earlier ones fewer."""
    counted = world.interactions.group_by("root_post_id").agg(
        (pl.col("kind") == kind).sum().cast(pl.Int64).alias(f"{kind}s_seen")
        for kind in ("repost", "comment", "like")
    )
    last = world.post_counters.filter(
        pl.col("observed_at") == pl.col("observed_at").max()
    )
    joined = last.join(
        counted, left_on="post_id", right_on="root_post_id", how="left"
    ).fill_null(0)
    assert joined.height == world.posts.height
    for kind in ("repost", "comment", "like"):
        assert (joined[f"{kind}s_count"] == joined[f"{kind}s_seen"]).all()
    growth = world.post_counters.sort("observed_at").select(
        pl.col("reposts_count").diff().over("post_id").min()
    )
    assert growth.item() >= 0


def test_phantoms_look_like_their_kind(world: World) -> None:
    """Each kind of phantom carries its marks; groups act within seconds."""
    accounts = world.accounts.join(world.truth_accounts, on="account_id")
    fresh = accounts.filter(pl.col("kind") == "fresh")
    start = world.posts["posted_at"].min()
    assert (fresh["registered_at"] < start).all()
    assert fresh["screen_name"].str.contains(r"\d{5,}(_\d+)?$").all()
    assert fresh["avatar_url"].str.contains("default").mean() > 0.6  # type: ignore[operator]
    batches = accounts.filter(pl.col("kind") == "vendor_batch").group_by("batch")
    burst = batches.agg(
        pl.col("registered_at").max() - pl.col("registered_at").min(),
        pl.col("description").str.replace(r" ?合作VX.*", "").n_unique().alias("texts"),
    )
    assert burst["registered_at"].max().total_seconds() < 3 * 3600  # type: ignore[union-attr]
    assert (burst["texts"] == 1).all()
    acted = world.interactions.filter(pl.col("kind") == "repost").join(
        world.truth_accounts.filter(pl.col("group").is_not_null()), on="account_id"
    )
    gaps = acted.sort("acted_at").select(
        pl.col("acted_at").diff().dt.total_seconds().over("root_post_id", "group")
    )
    assert gaps["acted_at"].median() < 15  # type: ignore[operator]


def test_operators_share_what_the_truth_says(world: World) -> None:
    """Accounts of one person share a contact, a picture, or nothing."""
    accounts = world.accounts.join(world.truth_accounts, on="account_id")
    people = accounts.drop_nulls("operator").with_columns(
        contact=pl.col("description").str.extract(r"合作VX: (\w+)"),
        picture=pl.col("avatar_url").str.extract(r"180/(\w+)\.jpg"),
    )
    sizes = people.group_by("operator").agg(
        pl.len(),
        pl.col("shared_identity").first(),
        pl.col("contact").n_unique(),
        pl.col("contact").null_count().alias("without"),
        pl.col("picture").n_unique(),
    )
    assert sizes["len"].is_between(2, 5).all()
    by_contact = sizes.filter(pl.col("shared_identity") == "contact")
    assert by_contact.height
    assert (by_contact["contact"] == 1).all()
    assert (by_contact["without"] == 0).all()
    by_picture = sizes.filter(pl.col("shared_identity") == "avatar")
    assert by_picture.height
    assert (by_picture["picture"] == 1).all()


def test_opinions_are_told_by_the_words(world: World) -> None:
    """Where there is an opinion, the text names its product."""
    said = answers_of(world).drop_nulls("product")
    named = said.filter(pl.col("text").str.contains(pl.col("product"), literal=True))
    assert named.height == said.height
    assert set(said["opinion"]) == {"positive", "neutral", "negative"}


def read_lines(data: bytes) -> Iterator[dict[str, Any]]:
    """Objects of JSON lines."""
    return (json.loads(line) for line in data.decode().splitlines())


@pytest.mark.parametrize("layout", ["lines", "arrays", "envelopes"])
def test_weibo_api_files_hold_all_interactions(
    world: World, tmp_path: Path, layout: Any
) -> None:
    """Each layout parses back to the same ids, parents and texts."""
    write(world, tmp_path, "weibo-api", layout=layout, shards=2)
    objects: list[dict[str, Any]] = []
    for name, data in files_of(tmp_path).items():
        stem = name.split(".")[0].split("-")[0]
        if stem not in ("reposts", "comments"):
            continue
        if layout == "arrays":
            objects += json.loads(data)
        elif layout == "lines":
            objects += read_lines(data)
        else:
            for page in read_lines(data):
                assert len(page[stem]) <= 50
                objects += page[stem]
    assert len(objects) == world.spec.interactions
    assert {item["idstr"] for item in objects} == ids_of(world)
    rows = {row["interaction_id"]: row for row in answers_of(world).to_dicts()}
    names = dict(world.accounts.select("account_id", "screen_name").iter_rows())
    for item in objects:
        row = rows[item["idstr"]]
        assert item["id"] == int(item["mid"]) == int(item["idstr"])
        assert item["text"] == row["text"]
        root = item.get("retweeted_status") or item["status"]
        assert root["idstr"] == row["root_post_id"]
        assert ("user" in item) == (row["account_id"] is not None)
        if "user" in item:
            assert item["user"]["idstr"] == row["account_id"]
            assert item["user"]["screen_name"] == names[row["account_id"]]
        if "pid" in item:
            assert str(item["pid"]) == row["true_parent_id"]
        if "reply_comment" in item:
            assert item["reply_comment"]["idstr"] == row["true_parent_id"]


def test_weibo_api_statuses_and_users_are_whole(world: World, tmp_path: Path) -> None:
    """All posts and accounts are written, with times in the platform's form."""
    write(world, tmp_path, "weibo-api", compression="gz")
    packed = {name: gzip.decompress(data) for name, data in files_of(tmp_path).items()}
    statuses = list(read_lines(packed["statuses.jsonl.gz"]))
    assert [item["idstr"] for item in statuses] == world.posts["post_id"].to_list()
    first = world.posts.row(0, named=True)["posted_at"]
    # Eight hours east of UTC, in English names.
    assert statuses[0]["created_at"].endswith(" +0800 2026")
    assert f"{(first.hour + 8) % 24:02d}:{first:%M:%S}" in statuses[0]["created_at"]
    users = list(read_lines(packed["users.jsonl.gz"]))
    assert len(users) == world.accounts.height
    assert {"created_at", "followers_count", "verified_type"} <= set(users[0])


def test_mweibo_folders_hold_all_interactions(world: World, tmp_path: Path) -> None:
    """A folder per post; nested replies, hidden authors and roots included."""
    write(world, tmp_path, "mweibo")
    found: set[str] = set()
    hidden = nested = roots = 0
    for folder in tmp_path.iterdir():
        assert json.loads((folder / "detail.json").read_bytes())["id"] == folder.name
        if (folder / "reposts.json").exists():
            for item in json.loads((folder / "reposts.json").read_bytes()):
                hidden += item["user"] is None
                if item["id"] == folder.name:
                    roots += 1
                else:
                    found.add(item["id"])
        if (folder / "comments.json").exists():
            for item in json.loads((folder / "comments.json").read_bytes()):
                replies = item["comments"] or []
                nested += len(replies)
                found |= {item["id"], *(reply["id"] for reply in replies)}
    assert found == ids_of(world)
    assert hidden
    assert nested
    assert roots


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_canonical_files_hold_all_interactions(
    world: World, tmp_path: Path, table_format: Any
) -> None:
    """Every kind is there, likes and mentions included."""
    write(world, tmp_path, "canonical", table_format=table_format)
    path = tmp_path / f"interactions.{table_format}"
    if table_format == "parquet":
        assert pl.read_parquet(path).equals(world.interactions)
    else:
        table = pl.read_csv(path, infer_schema=False)
        assert (
            table["interaction_id"].to_list()
            == world.interactions["interaction_id"].to_list()
        )


def test_large_worlds_are_those_held_whole(tmp_path: Path) -> None:
    """Written block by block or at once, the files are the same."""
    totals = write_big(tmp_path / "big", 2000, 2, seed=3, days=10)
    spec = WorldSpec(seed=3, interactions=2000, campaigns=2, days=10)
    whole = generate(spec)
    write(whole, tmp_path / "whole", "weibo-api", compression="zst")
    for name in ("reposts.jsonl", "comments.jsonl"):
        packed = (tmp_path / "whole" / f"{name}.zst").read_bytes()
        data = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        lines = [json.loads(line) for line in data.splitlines()]
        big = read_lines((tmp_path / "big" / name).read_bytes())
        assert [item["id"] for item in lines] == [item["id"] for item in big]
    assert totals.by_campaign["reposts"].sum() == totals.interactions["repost"]
    assert totals.by_campaign["comments"].sum() == totals.interactions["comment"]
    write_big(tmp_path / "tables", 2000, 2, seed=3, days=10, format="canonical")
    stored = pl.read_parquet(tmp_path / "tables" / "interactions.parquet")
    assert stored.height == whole.interactions.height


def test_huge_ids_leave_the_range_of_doubles(tmp_path: Path) -> None:
    """Ids stay whole through the writers."""
    world = generate(WorldSpec(interactions=300, huge_ids=True))
    assert world.posts["post_id"].cast(pl.Int64).min() > 2**53  # type: ignore[operator]
    write(world, tmp_path, "weibo-api", layout="envelopes")
    pages = read_lines((tmp_path / "reposts.jsonl").read_bytes())
    found = {str(item["id"]) for page in pages for item in page["reposts"]}
    assert found <= ids_of(world)
    assert found


def test_shipped_sample_is_reproduced(tmp_path: Path) -> None:
    """The files in the repository are what `write_sample` makes, and no others."""
    world = write_sample(tmp_path)
    for name, lines in sample_seeds(world).items():
        shipped_lines = (SAMPLES.parent / "seeds" / name).read_text(encoding="utf-8")
        assert shipped_lines.splitlines() == lines, name
    for folder in ("weibo", "canonical"):
        made, shipped = files_of(tmp_path / folder), files_of(SAMPLES / folder)
        assert made.keys() == shipped.keys()
        assert made == shipped
    assert sum(map(len, files_of(tmp_path / "weibo").values())) < 1_200_000
    assert sum(map(len, files_of(tmp_path / "canonical").values())) < 200_000


def test_sample_has_activity_on_every_day() -> None:
    """A first look at the product shows no empty day."""
    world = sample_world()
    days = world.interactions.select(
        pl.col("acted_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
    )
    assert days.n_unique() == world.spec.days == 45


def test_courses_of_brands_are_the_same_each_time_and_say_what_was_added() -> None:
    spec = CourseSpec(seed=2, days=30, brands=2, promotions=1, quiet_days=14)
    made, again = plant_courses(spec), plant_courses(spec)
    assert made.world.interactions.equals(again.world.interactions)
    assert made.added.equals(again.added)
    acts = made.world.interactions.join(made.added, on="interaction_id")
    assert acts.height == made.added.height > 0
    assert set(made.actions["brand_id"]) == set(made.brands)
    # Each brand posts daily, and no act is older than its post.
    days = made.world.posts.group_by("account_id").agg(
        pl.col("posted_at").dt.convert_time_zone(spec_zone(made)).dt.date().n_unique()
    )
    assert days["posted_at"].to_list() == [30, 30]
    joined = made.world.interactions.join(
        made.world.posts.select("post_id", "posted_at"),
        left_on="root_post_id",
        right_on="post_id",
    )
    assert joined.height == made.world.interactions.height
    assert (joined["acted_at"] >= joined["posted_at"]).all()


def spec_zone(made: CourseWorld) -> str:
    return made.world.spec.timezone
