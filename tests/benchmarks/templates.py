"""Text templates: planted armies with edited scripts, eager fans, time and memory.

`python -m tests.benchmarks.templates [--seeds 20260801 20260802] [--texts 1000000]
[--threads DIR] [--out FILE]` prints, for worlds that `tests/world/scripts.py` makes:
planted accounts in a coordinated group (recall), planted among all in groups
(precision), groups of several armies, and eager fans in a group; then time and memory
of the templates of so many sentences. `--threads` judges real threads (a folder of
m.weibo.cn's JSON, no part of the project): nobody should be in a group.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.workspaces import Lab
from tests.world.scripts import ScriptSpec, make_scripts

EDITS = {
    "copies": ScriptSpec(edits=0, reorders=False),
    "no edit, order and spelling": ScriptSpec(edits=0),
    "one edit a text": ScriptSpec(edits=1),
    "two edits a text": ScriptSpec(edits=2),
    "four edits a text": ScriptSpec(edits=4),
    "two edits, three members": ScriptSpec(edits=2, members=3, armies=60),
}


def grouped(lab: Lab) -> dict[str, set[str]]:
    """Members of each coordinated group."""
    lab.land()
    lab.stage()
    lab.judge()
    return {
        group: set(accounts)
        for group, accounts in lab.rows(
            "select group_id, list(account_id) from intermediate.coordinated_accounts"
            " group by group_id"
        )
    }


def measure(spec: ScriptSpec, folder: Path) -> dict[str, float]:
    """Figures of one planted world."""
    world = make_scripts(spec)
    lab = Lab(folder)
    lab.configure(format="canonical", post_ids=["p0"])
    (lab.root / "export").mkdir(parents=True)
    world.posts.write_parquet(lab.root / "export/posts.parquet")
    world.interactions.write_parquet(lab.root / "export/interactions.parquet")
    groups = grouped(lab)
    found = set().union(*groups.values())
    planted = set(world.armies)
    armies = [{world.armies.get(name) for name in group} for group in groups.values()]
    return {
        "texts": world.posts.height + world.interactions.height,
        "recall": len(found & planted) / len(planted),
        "precision": len(found & planted) / max(len(found), 1),
        "groups of one army": sum(len(one) == 1 and None not in one for one in armies),
        "other groups": sum(len(one) > 1 or None in one for one in armies),
        "fans": sum(name.startswith("fan") for name in found) / spec.fans,
    }


def threads(folder: Path, workspace: Path) -> dict[str, int]:
    """Accounts of real threads that stand in a group."""
    lab = Lab(workspace)
    lab.put(
        "workspace.toml",
        'timezone = "Asia/Shanghai"\n[[sources]]\nname = "threads"\n'
        f'platform = "weibo"\nkind = "files"\nformat = "mweibo"\npath = "{folder}"\n'
        "[policies]\nbehaviour_days = 600\n",
    )
    groups = grouped(lab)
    return {
        "accounts": int(lab.value("select count(*) from intermediate.accounts")),
        "groups": len(groups),
        "grouped": len(set().union(*groups.values())),
    }


def speed(texts: int) -> dict[str, float]:
    """Half of the sentences are everybody's own, half are edited ones of 2,000."""
    from tasks.accounts.text_templates import text_templates

    random = np.random.Generator(np.random.PCG64([20260801, texts]))
    letters = np.arange(0x4E00, 0x4E00 + 2_500, dtype=np.uint32)
    chance = 1 / np.arange(1, len(letters) + 1)
    chance /= chance.sum()
    own = random.choice(letters, (texts // 2, 14), p=chance)
    copies = random.choice(letters, (2_000, 14), p=chance)[
        random.integers(0, 2_000, texts - texts // 2)
    ]
    rows = np.arange(len(copies))
    for _ in range(2):
        places = random.integers(0, 14, len(copies))
        copies[rows, places] = random.choice(letters, len(copies), p=chance)
    points = np.concatenate([own, copies]).astype("<u4")
    sentences = pl.DataFrame(
        {"sentence": [row.tobytes().decode("utf-32-le") for row in points]}
    ).with_columns(accounts=pl.lit(1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started, used = time.perf_counter(), time.process_time()
    found = text_templates(sentences)
    return {
        "sentences": texts,
        "distinct": sentences["sentence"].n_unique(),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(time.process_time() - used, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "of_which_making_them_gb": round(before, 2),
        "templates": found["template"].n_unique(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[20260801, 20260802])
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--threads", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {}

    def tell(name: str, figures: dict[str, Any]) -> None:
        result[name] = figures
        told = ", ".join(f"{key} {value:.4g}" for key, value in figures.items())
        print(f"{name}: {told}", flush=True)

    if options.texts:
        tell("speed", speed(options.texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in options.seeds:
            for label, spec in EDITS.items():
                title = f"{label}, seed {seed}"
                tell(title, measure(replace(spec, seed=seed), folder / title))
        if options.threads:
            tell("real threads", threads(options.threads, folder / "threads"))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
