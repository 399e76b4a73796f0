"""What the writers of closed networks' archives share."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .json_lines import Compression, open_packed
from .projection import true_parents
from .spec import World

Object = dict[str, Any]


def write_lines(
    folder: Path, stem: str, answers: Iterable[Any], compression: Compression
) -> None:
    """Write answers to a file, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_packed(folder / f"{stem}.jsonl", compression) as stream:
        for answer in answers:
            stream.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")


def asked(path: str, params: Mapping[str, Any], answer: Any) -> Object:
    """An answer beside its request."""
    return {"request": {"path": path, "params": dict(params)}, "answer": answer}


def threads(
    world: World, kinds: Iterable[str], roots: Iterable[str]
) -> dict[str, list[Object]]:
    """Interactions of some kinds by root, oldest first; with their true parents."""
    wanted, shown = set(kinds), set(roots)
    parents = true_parents(world)
    found: dict[str, list[Object]] = defaultdict(list)
    rows = world.interactions.sort("acted_at", "interaction_id")
    for row in rows.iter_rows(named=True):
        if row["kind"] in wanted and row["root_post_id"] in shown:
            row["true_parent"] = parents.get(row["interaction_id"])
            found[row["root_post_id"]].append(row)
    return found


def unix(moment: datetime) -> int:
    """Seconds since 1970."""
    return int(moment.timestamp())


def beijing(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A UTC time as a Chinese clock showed it."""
    return (moment + timedelta(hours=8)).strftime(form)
