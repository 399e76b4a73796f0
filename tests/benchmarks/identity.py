"""Identity links from profiles: planted worlds, a real vendor, peers, time, memory.

`python -m tests.benchmarks.identity [--data DIR] [--seeds 202 203 204]
[--accounts 20000] [--million] [--out FILE]` prints the tables and writes JSON. DIR is
the folder of `bot_profiles` (real accounts, no part of the project). The peers are
Splink's own way (EM on the data at hand, term frequencies, an address-book set of
comparisons) and the rule of one hour and one template of names.

`--train FOLDER` writes instead the shipped parameters, their card and charts, from
one planted world of seed 101.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import splink.comparison_library as cl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tasks.accounts.identity import link_profiles
from tasks.accounts.identity_card import describe_parameters
from tasks.accounts.identity_model import (
    COMPARISONS,
    KINDS,
    read_parameters,
    shipped_parameters,
    write_parameters,
)
from tasks.accounts.identity_training import estimate_parameters
from tasks.accounts.name_shapes import name_forms
from tasks.accounts.operators import LINKS_SCHEMA, find_operators
from tasks.warehouse.database import scratch
from tasks.warehouse.seed_tables import OVERRIDE_SCHEMA
from tests.oracles.linkage import linker_of
from tests.world import generate
from tests.world.profiles import make_profiles
from tests.world.spec import WorldSpec

TRAINED_ON = WorldSpec(
    seed=101,
    accounts=400_000,
    interactions=1_200_000,
    sockpuppet_share=0.06,
    household_share=0.02,
    remade_batches=True,
    together_share=0.6,
)
KEY = ["platform", "account_id"]


def planted(spec: WorldSpec) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Profiles and who is behind them: operator, is_judged, is_person, is_genuine."""
    made = make_profiles(spec, 30)
    return made.accounts, owners_of(made.truth)


def acting(spec: WorldSpec) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Profiles, who is behind them, and who acted in which thread."""
    world = generate(spec)
    acts = (
        world.interactions.filter(pl.col("kind").is_in(["repost", "comment"]))
        .join(
            world.posts.select(root_post_id="post_id", author="account_id"),
            on="root_post_id",
        )
        .select(
            "platform",
            "account_id",
            "author",
            thread="root_post_id",
            second=pl.col("acted_at").dt.epoch("s"),
        )
    )
    return world.accounts, owners_of(world.truth_accounts), acts


def owners_of(truth: pl.DataFrame) -> pl.DataFrame:
    """Who is behind the accounts of a world's truth."""
    is_genuine = truth["kind"].is_in(["brand", "opinion_leader", "genuine", "inactive"])
    return truth.select(
        pl.lit("weibo").alias("platform"),
        "account_id",
        operator=pl.coalesce("operator", "batch"),
        is_judged=is_genuine | pl.coalesce("operator", "batch").is_not_null(),
        is_person=pl.col("operator").is_not_null(),
        is_genuine=is_genuine & pl.col("operator").is_null(),
        signs=pl.col("shared_identity"),
    )


def real_vendor(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The vendor INT among the genuine accounts of E13 (Cresci et al. 2015)."""
    raw = pl.read_parquet(folder / "cresci2015_e13_int.parquet")
    profiles = raw.select(
        pl.lit("x").alias("platform"),
        "account_id",
        "screen_name",
        "description",
        "location",
        display_name="name",
        avatar_url="profile_image_url",
        registered_at=pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"),
        followers_count="followers_count",
        following_count="friends_count",
        posts_count="statuses_count",
    )
    is_bot = raw["label"] == "bot"
    owners = raw.select(
        pl.lit("x").alias("platform"),
        "account_id",
        operator="campaign",
        is_judged=pl.lit(value=True),
        is_person=pl.lit(value=False),
        is_genuine=~is_bot,
        signs=pl.lit(None, pl.String),
    )
    return profiles, owners


def connect(
    profiles: pl.DataFrame, acts: pl.DataFrame | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection with the table `profiles`, and `acts` where they are known."""
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    for name, frame in (("profiles", profiles), ("acts", acts)):
        if frame is not None:
            connection.register("frame", frame)
            connection.execute(f"create table {name} as select * from frame")
            connection.unregister("frame")
    return connection


def measure(pairs: pl.DataFrame, owners: pl.DataFrame) -> dict[str, Any]:
    """Figures of pairs, and of the components that they make.

    A pair is judged when something is known of one of its accounts.
    """
    known = owners.with_row_index("row")
    joined = pairs.join(known, on=KEY).join(
        known, left_on=["platform_y", "account_id_y"], right_on=KEY, suffix="_y"
    )
    judged = joined.filter(pl.col("is_judged") | pl.col("is_judged_y"))
    right = (judged["operator"] == judged["operator_y"]).fill_null(value=False)
    people = (
        judged["is_person"]
        | judged["is_person_y"]
        | (judged["is_genuine"] & judged["is_genuine_y"])
    )
    rows = len(known)
    graph = coo_matrix(
        ([1] * len(joined), (joined["row"].to_list(), joined["row_y"].to_list())),
        shape=(rows, rows),
    )
    _, labels = connected_components(graph, directed=False)
    grouped = known.with_columns(group=pl.Series(labels)).with_columns(
        size=pl.len().over("group"), alike=pl.len().over("group", "operator")
    )
    own = grouped.filter(pl.col("operator").is_not_null())

    def recall(frame: pl.DataFrame) -> float:
        every = frame.group_by("operator").len()["len"]
        found = frame.group_by("operator", "group").len()["len"]
        total = int((every * (every - 1)).sum())
        return int((found * (found - 1)).sum()) / total if total else math.nan

    persons = own.filter("is_person")
    batches = own.filter(~pl.col("is_person")).with_columns(
        with_own=(pl.col("alike") > 1) & (pl.col("alike") * 2 > pl.col("size"))
    )
    by_batch = batches.group_by("operator").agg(pl.col("with_own").mean())
    largest = batches.group_by("operator").agg(
        share=pl.col("alike").max() / pl.len(),
    )["share"]
    genuine = grouped.filter("is_genuine")
    return {
        "pairs": len(judged),
        "pair_precision": float(right.mean() or 0) if len(judged) else math.nan,
        "person_pairs": int(people.sum()),
        "person_precision": float(right.filter(people).mean() or 0),
        "person_recall": recall(persons),
        "person_recall_with_sign": recall(persons.filter(pl.col("signs") != "none")),
        "batch_accounts_with_own": float(batches["with_own"].mean() or 0),
        "worst_batch_with_own": float(by_batch["with_own"].min() or 0),
        "median_largest_share": float(largest.median() or 0),
        "genuine_grouped": float((genuine["size"] > 1).mean() or 0),
    }


def grouped(profiles: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Each account of a group, as `find_operators` makes them, with its first one."""
    operators = find_operators(
        profiles.select(*KEY, first_seen_at="registered_at"),
        pairs.select(list(LINKS_SCHEMA)),
        pl.DataFrame(schema=OVERRIDE_SCHEMA),
    )
    first = pl.col("account_id").first().over("operator_id")
    return (
        operators.sort(KEY)
        .with_columns(first=first)
        .filter(pl.col("first") != pl.col("account_id"))
        .select(
            "platform",
            account_id="first",
            platform_y="platform",
            account_id_y="account_id",
        )
    )


def of_groups(found: dict[str, Any], groups: dict[str, Any]) -> dict[str, Any]:
    """Figures of pairs, with those of groups in the place of components."""
    of_pairs = ("pairs", "pair_precision", "person_pairs", "person_precision")
    return {**groups, **{name: found[name] for name in of_pairs}}


def profiles_alone(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The pairs of `link_profiles` with the shipped parameters."""
    links = link_profiles(connection, "profiles", shipped_parameters())
    print(links.blocking)
    return links.pairs


def with_behaviour(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The same where it is known who entered which thread."""
    return link_profiles(
        connection, "profiles", shipped_parameters(), acts="acts"
    ).pairs


def hour_and_template(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Accounts of one template of names that registered in one hour."""
    profiles = connection.table("profiles").pl()
    keyed = pl.concat(
        [
            profiles.select(
                *KEY, hour=pl.col("registered_at").dt.truncate("1h").cast(pl.String)
            ),
            name_forms(profiles).select("template"),
        ],
        how="horizontal",
    ).drop_nulls()
    sizes = pl.len().over("platform", "hour", "template")
    return (
        keyed.filter(sizes >= 2)
        .sort(KEY)
        .with_columns(first=pl.col("account_id").first().over("hour", "template"))
        .filter(pl.col("first") != pl.col("account_id"))
        .select(
            "platform",
            pl.col("first").alias("account_id"),
            pl.col("platform").alias("platform_y"),
            pl.col("account_id").alias("account_id_y"),
        )
    )


def splink_defaults(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Splink with its stock comparisons, trained by EM on the data at hand."""
    connection.execute(
        "create or replace temp table peer as select row_number() over (order by "
        "platform, account_id) as node, platform, account_id, screen_name, "
        "description, location, avatar_url, "
        "strftime(registered_at, '%Y-%m-%d') as day from profiles"
    )
    interface = DuckDBAPI(connection)
    rules = [block_on("day"), block_on("screen_name"), block_on("avatar_url")]
    linker = Linker(
        interface.register("peer"),
        SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="node",
            comparisons=[
                cl.JaroWinklerAtThresholds("screen_name"),
                cl.LevenshteinAtThresholds("description"),
                cl.ExactMatch("location").configure(term_frequency_adjustments=True),
                cl.ExactMatch("avatar_url"),
            ],
            blocking_rules_to_generate_predictions=rules,
        ),
        log_level=logging.ERROR,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(rules[0])
    predicted = linker.inference.predict(
        threshold_match_probability=0.9, warning_mode="never"
    )
    nodes = connection.sql("select node, platform, account_id from peer").pl()
    return (
        predicted.as_duckdbpyrelation()
        .select("node_l, node_r")
        .pl()
        .join(nodes.rename({"node": "node_l"}), on="node_l")
        .join(
            nodes.rename(
                {
                    "node": "node_r",
                    "platform": "platform_y",
                    "account_id": "account_id_y",
                }
            ),
            on="node_r",
        )
        .select(*KEY, "platform_y", "account_id_y")
    )


def train(folder: Path) -> None:
    """Write identity.json, identity.md, identity.svg and identity_batch.svg."""
    profiles, owners, acts = acting(TRAINED_ON)
    source = (
        f"one planted world of {TRAINED_ON.accounts:,} accounts, seed {TRAINED_ON.seed}"
    )
    text = write_parameters(
        estimate_parameters(
            connect(profiles, acts), "profiles", owners, source=source, acts="acts"
        )
    )
    (folder / "identity.json").write_text(text, encoding="utf-8")
    parameters = read_parameters(text)
    for kind, name in zip(KINDS, ("identity", "identity_batch"), strict=True):
        linker = linker_of(
            pl.DataFrame({one.name: [0] for one in COMPARISONS}),
            parameters,
            kind,
            TRAINED_ON.account_total,
        )
        chart = linker.visualisations.match_weights_chart()
        chart.save(str(folder / f"{name}.svg"))
    charts = (
        "\n![Match weights, person](identity.svg)\n"
        "![Match weights, batch](identity_batch.svg)\n"
    )
    made_by = "python -m tests.benchmarks.identity --train data/models"
    card = describe_parameters(parameters, text, made_by, charts)
    (folder / "identity.md").write_text(card, encoding="utf-8")


def make_million(folder: Path) -> None:
    """Write a million planted profiles, and who is behind them."""
    profiles, owners = planted(
        WorldSpec(
            seed=7,
            accounts=1_000_000,
            sockpuppet_share=0.06,
            household_share=0.02,
            remade_batches=True,
        )
    )
    profiles.write_parquet(folder / "profiles.parquet")
    owners.write_parquet(folder / "owners.parquet")


def million() -> dict[str, Any]:
    """Link a million planted profiles: seconds and GB at the peak of this process.

    Another process makes the world; the profiles stand in a scratch database, as in
    a run.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "tests.benchmarks.identity"]
        subprocess.run([*command, "--make-million", name], check=True)
        with scratch(folder / "links") as connection:
            connection.execute(
                "create table profiles as from read_parquet($file)",
                {"file": str(folder / "profiles.parquet")},
            )
            started = time.perf_counter()
            pairs = profiles_alone(connection)
            seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        owners = pl.read_parquet(folder / "owners.parquet")
        profiles = pl.read_parquet(folder / "profiles.parquet")
    groups = measure(grouped(profiles, pairs), owners)
    return {
        "seconds": round(seconds, 1),
        "peak_gb": round(peak, 2),
        **of_groups(measure(pairs, owners), groups),
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[202, 203, 204])
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--only-million", action="store_true")
    parser.add_argument("--make-million", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    pl.Config.set_tbl_cols(-1)
    pl.Config.set_tbl_rows(-1)
    if options.train:
        train(options.train)
        return
    if options.make_million:
        make_million(options.make_million)
        return
    if options.only_million:
        print(json.dumps(million(), indent=1))
        return
    worlds: dict[str, tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame | None]] = {
        f"planted, seed {seed}": acting(
            WorldSpec(
                seed=seed,
                accounts=options.accounts,
                interactions=int(2.5 * options.accounts),
                sockpuppet_share=0.06,
                household_share=0.02,
                remade_batches=True,
                together_share=0.6,
            )
        )
        for seed in options.seeds
    }
    if options.data:
        worlds["vendor INT and genuine E13"] = (*real_vendor(options.data), None)
    results: dict[str, Any] = {}
    for name, (profiles, owners, acts) in worlds.items():
        ways = [profiles_alone, splink_defaults, hour_and_template]
        if acts is not None:
            ways.insert(1, with_behaviour)
        for way in ways:
            connection = connect(profiles, acts)
            started = time.perf_counter()
            pairs = way(connection)
            seconds = time.perf_counter() - started
            found = measure(pairs, owners)
            if way in (profiles_alone, with_behaviour):
                groups = measure(grouped(profiles, pairs), owners)
                found = of_groups(found, groups)
            found = {"seconds": round(seconds, 1), **found}
            results[f"{name}, {way.__name__}"] = found
            print(f"\n{name}, {way.__name__}")
            for key, value in found.items():
                print(f"  {key:26} {value:.4f}")
    if options.million:
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.identity", "--only-million"],
            check=True,
        )
    if options.out:
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
