"""A root post inside of others' records: one answer is one observation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tasks.sources.networks import RAW_TABLES
from tasks.staging.observe import observe
from tasks.warehouse import landing
from tasks.warehouse.database import in_memory
from tests.workspaces import Lab, comment, repost, status, user

ROOT = 4990000000000001


def test_the_same_answer_in_many_spellings_is_seen_once(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "workspace")
    told: dict[str, Any] = status(ROOT, "茶 \u2028 tea", reposts_count=9007199254740993)
    turned = dict(reversed(told.items()))
    later = told | {"reposts_count": "9007199254740994"}
    stub = {"id": ROOT, "created_at": ""}
    others = [
        told,
        turned,
        told | {"unknown": {"deep": [1]}},
        later,
        stub,
        "gone",
        None,
    ]
    acts = [
        repost(4990000000000100 + n, ROOT, user(100 + n, "r"))
        | {"retweeted_status": one}
        for n, one in enumerate(others)
    ]
    acts += [
        comment(4990000000000200 + n, ROOT, user(200 + n, "c")) | {"status": one}
        for n, one in enumerate([told, turned | {"idstr": str(ROOT)}])
    ]
    lines = "".join(json.dumps(act) + "\n" for act in acts)
    lab.put("export/acts.jsonl", lines)
    lab.configure()
    lab.land()
    folder = lab.root / "landing"
    with in_memory(tmp_path) as connection:
        observe(connection, folder, landing.read_log(folder), RAW_TABLES)

        def rows(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query).fetchall()

        assert rows(
            "select post_id, text, count(*) from raw.observed_posts"
            " where text like '茶%' group by all"
        ) == [(str(ROOT), "茶 \u2028 tea", 3)]
        # As a number and as a text, beyond what a float holds; once without `idstr`.
        assert rows(
            "select reposts_count, count(*) from raw.observed_post_counters"
            " where reposts_count > 0 group by all order by all"
        ) == [(9007199254740993, 2), (9007199254740994, 1)]
        # (What tells no root at all is no repost by its shape.)
        assert rows(
            "select kind, root_post_id, count(*) from raw.observed_interactions"
            " group by all order by all"
        ) == [("comment", str(ROOT), 2), ("repost", str(ROOT), 5)]
