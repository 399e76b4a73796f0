"""Coordination: equality with the reference tools, planted groups, time and memory.

`python -m tests.benchmarks.coordination [--data DIR] [--toolkit COMMAND] [--large]
[--out FILE]`

Prints, for share tables that `tests/world/shares.py` makes (seed in the table):
accounts at weight one that stand in the largest component, precision and recall of the
accounts in planted groups at weight two and with the chance test, eager fans found, the
largest group, and time and peak memory of the whole command. With `--data` the cases of
the reference tools. `--toolkit compute_networks` runs coordination-network-toolkit on
the same table, where it is installed (in an environment of its own).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import networkx
import polars as pl

from flows.commands.coordinate import CoordinationRules, coordinate
from tasks.accounts.groups import communities
from tests.benchmarks.processes import run_measured
from tests.world.shares import Shares, ShareSpec, make_shares

WORLDS = {
    "1 million": ShareSpec(
        shares=980_000, accounts=100_000, objects=50_000, groups=100
    ),
    "1 million, four orders a group, fans": ShareSpec(
        shares=970_000,
        accounts=100_000,
        objects=20_000,
        groups=100,
        group_objects=4,
        own_shares=20,
        fans=400,
    ),
    "1 million, crowded": ShareSpec(
        shares=960_000,
        accounts=30_000,
        objects=500,
        exponent=1.0,
        groups=100,
        group_objects=6,
        own_shares=30,
        fans=300,
        fan_delay=120,
    ),
}
LARGE = ShareSpec(
    shares=19_980_000, accounts=2_000_000, objects=1_000_000, groups=100, days=1
)


def measure(name: str, world: Shares, folder: Path) -> dict[str, Any]:
    """Quality by the flow, time and memory by the command."""
    table = folder / "shares.parquet"
    world.table.write_parquet(table)
    out = folder / "edges.parquet"
    planted = set(world.groups["account_id"])
    row: dict[str, Any] = {"world": name, "shares": world.table.height}
    coordinate(table, CoordinationRules(10, 2), out)
    edges = pl.read_parquet(out)
    graph = networkx.Graph(edges.select("account_id", "account_id_y").rows())
    row["accounts"] = graph.number_of_nodes()
    largest = max(map(len, networkx.connected_components(graph)))
    row["largest_share_at_1"] = largest / graph.number_of_nodes()
    twice = edges.filter(pl.col("weight") >= 2)
    coordinate(table, CoordinationRules(10, 2, false_discovery_rate=0.01), out)
    tested = pl.read_parquet(out)
    for label, kept in (("weight 2", twice), ("chance test", tested)):
        accounts = set(kept["account_id"]) | set(kept["account_id_y"])
        row[label] = {
            "precision": len(accounts & planted) / max(len(accounts), 1),
            "recall": len(accounts & planted) / len(planted),
            "fans": len(accounts & set(world.fans["account_id"]))
            / max(world.fans.height, 1),
        }
    sizes = [
        len(part)
        for part in networkx.connected_components(
            networkx.Graph(tested.select("account_id", "account_id_y").rows())
        )
    ]
    row["largest_component"] = max(sizes, default=0)
    grouped = communities(tested.select(account="account_id", account_y="account_id_y"))
    row["largest_group"] = grouped.group_by("community").len()["len"].max()
    command = [sys.executable, "-m", "flows", "coordinate", str(table)]
    command += ["--time-window", "10", "--min-participation", "2", "--out", str(out)]
    _, used = run_measured(command)
    row |= used
    return row


def run_toolkit(toolkit: str, table: pl.DataFrame, folder: Path) -> dict[str, float]:
    """Load and co-retweet network of coordination-network-toolkit, window 10 s."""
    source, database = folder / "toolkit.csv", folder / "toolkit.db"
    table.select(
        message_id="content_id",
        user_id="account_id",
        username="account_id",
        repost_id="object_id",
        reply_id=pl.lit(""),
        message=pl.lit(""),
        timestamp="timestamp_share",
        urls=pl.lit(""),
    ).write_csv(source)
    _, loaded = run_measured([toolkit, str(database), "preprocess", str(source)])
    _, computed = run_measured(
        [toolkit, str(database), "compute", "co_retweet", "--time_window", "10",
         "--min_edge_weight", "1"]
    )  # fmt: skip
    return {
        "load_seconds": loaded["wall_s"],
        "network_seconds": computed["wall_s"],
        "peak_gb": max(loaded["peak_gb"], computed["peak_gb"]),
    }


def references(data: Path, folder: Path) -> list[dict[str, Any]]:
    """The reference tools' own cases: expected and found."""
    rows = []
    expected = json.loads((data / "expected.json").read_text(encoding="utf-8"))
    for case in expected["cooRTweet"]:
        search = CoordinationRules(case["time_window"], case["min_participation"])
        found = coordinate(data / case["input"], search, folder / "edges.parquet")
        edges = pl.read_parquet(folder / "edges.parquet")
        rows.append(
            {
                "case": f"{case['input']}, {search.time_window} s, participation"
                f" {search.min_participation}",
                "oracle": case["oracle"],
                "expected": [case["expect"][key] for key in ("edges", "sum_weight")],
                "found": [found.edges, edges["weight"].sum()],
            }
        )
    network = expected["cnt"]
    for case in network["cases"][:1]:
        search = CoordinationRules(case["time_window"], 1)
        found = coordinate(data / network["input"], search, folder / "edges.parquet")
        rows.append(
            {
                "case": f"{network['input']}, {search.time_window} s, weight 1",
                "oracle": network["oracle"],
                "expected": [case["undirected_edges"]],
                "found": [found.edges],
            }
        )
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--toolkit")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {"worlds": [], "references": []}
    worlds = {**WORLDS, **({"20 million": LARGE} if options.large else {})}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.data:
            for row in references(options.data, folder):
                result["references"].append(row)
                print(f"{row['case']}: {row['expected']} found {row['found']}")
        for label, spec in worlds.items():
            world = make_shares(spec)
            row = measure(label, world, folder)
            result["worlds"].append(row)
            print(
                f"{label} (seed {spec.seed}, {row['shares']:,} shares):"
                f" {row['wall_s']:.1f} s, {row['peak_gb']:.2f} GB;"
                f" {row['largest_share_at_1']:.0%} of {row['accounts']:,} accounts at"
                f" weight 1 in one component"
            )
            for rule in ("weight 2", "chance test"):
                line = ", ".join(f"{key} {part:.3f}" for key, part in row[rule].items())
                print(f"  {rule}: {line}")
            print(
                f"  largest component {row['largest_component']}, largest group"
                f" {row['largest_group']}, planted {spec.group_accounts}"
            )
            if options.toolkit and label == "1 million":
                row["toolkit"] = run_toolkit(options.toolkit, world.table, folder)
                print(f"  toolkit: {row['toolkit']}")
    if options.out:
        options.out.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
