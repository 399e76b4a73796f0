"""`python -m tests.world`: write a synthetic world to a folder.

`--sample` writes the shipped sample anew, into `data/samples` and `data/seeds`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import get_args

from .generator import generate
from .json_lines import Compression
from .sample import write_sample
from .spec import World, WorldSpec
from .weibo_api import Layout
from .workspace_file import workspace_toml
from .writing import Format, write


def main() -> None:
    """Generate, write, and say what was written."""
    parser = argparse.ArgumentParser(prog="python -m tests.world", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--interactions", type=int, default=2000)
    parser.add_argument("--campaigns", type=int, default=1)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--format", choices=get_args(Format), default="weibo-api")
    parser.add_argument("--compression", choices=get_args(Compression), default="none")
    parser.add_argument("--layout", choices=get_args(Layout), default="lines")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--huge-ids", action="store_true")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path)
    where.add_argument("--sample", action="store_true", help="the shipped sample")
    parser.add_argument(
        "--workspace", type=Path, help="folder that also gets a workspace.toml"
    )
    options = parser.parse_args()
    if options.sample:
        data = Path(__file__).resolve().parents[2] / "data"
        for folder in ("weibo", "canonical"):
            shutil.rmtree(data / "samples" / folder, ignore_errors=True)
        _tell(write_sample(data / "samples", data / "seeds"))
        return
    world = generate(
        WorldSpec(
            seed=options.seed,
            interactions=options.interactions,
            campaigns=options.campaigns,
            days=options.days,
            huge_ids=options.huge_ids,
        )
    )
    write(
        world,
        options.out,
        options.format,
        compression=options.compression,
        layout=options.layout,
        shards=options.shards,
    )
    if options.workspace:
        options.workspace.mkdir(parents=True, exist_ok=True)
        text = workspace_toml(
            world, [("weibo-export", options.format, options.out.resolve())]
        )
        (options.workspace / "workspace.toml").write_text(text)
    _tell(world)


def _tell(world: World) -> None:
    print(f"seed {world.spec.seed}")
    for name in ("accounts", "posts", "interactions", "follows"):
        print(f"{name} {getattr(world, name).height}")
    for kind, rows in sorted(world.interactions["kind"].value_counts().iter_rows()):
        print(f"  {kind} {rows}")


if __name__ == "__main__":
    main()
