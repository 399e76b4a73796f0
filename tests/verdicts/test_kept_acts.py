"""What is kept of accounts' own acts equals a rebuild, whatever landed when."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tasks.accounts.coordination import OBJECT_KINDS
from tasks.staging.touched import touch_all_accounts
from tasks.verdicts.account_features import make_features
from tasks.verdicts.groups import find_templates
from tasks.warehouse import graph
from tasks.warehouse.database import connect
from tasks.warehouse.models import create_table, load_models, run_model

START = datetime(2026, 3, 1)  # noqa: DTZ001 - as staging has it
BEHAVIOUR_DAYS = 3
TIMELINE_ACTS = 4
WORDS = (
    *("转发微博", "转播", "", None, "好茶[心]", "好茶 [心]"),
    "这款春茶喝完回甘特别久真的惊艳//@别人:不要",
    "这款春茶喝完回甘特别久真的惊艳 9",
    "包装打开的一瞬间满屋子都是茶香！#春日新茶# http://t.cn/a",
    "希望这次能抽到我呀谢谢品牌方",
)
_KEPT = ("account_behaviour", "account_timeline", "account_clock")


class Day:
    """Rows that land together: acts, some of them with other words than before."""

    def __init__(self, random: np.random.Generator, number: int) -> None:
        acts = [self._act(random, number) for _ in range(40)]
        self.interactions = pl.DataFrame(
            list({(row["kind"], row["interaction_id"]): row for row in acts}.values()),
            infer_schema_length=None,
        )
        self.posts = pl.DataFrame(
            {
                "platform": "weibo",
                "post_id": f"p{number}",
                "account_id": f"a{random.integers(12)}",
                "posted_at": START + timedelta(days=number),
                "date_day": (START + timedelta(days=number)).date(),
                "text": WORDS[random.integers(len(WORDS))],
                "precision_seconds": 1,
                "is_deleted": False,
                "links": [[]],
                "hashtags": [["春日新茶"]],
            },
            schema_overrides={"links": pl.List(pl.String), "text": pl.String},
        )

    @staticmethod
    def _act(random: np.random.Generator, number: int) -> dict[str, Any]:
        day = max(0, number - int(random.integers(6)))
        moment = START + timedelta(days=day, minutes=int(random.integers(24 * 60)))
        return {
            "platform": "weibo",
            "kind": ("repost", "comment", "like")[random.integers(3)],
            # Some ids come again: another observation.
            "interaction_id": f"i{random.integers(60 * (number + 1))}",
            "account_id": f"a{random.integers(12)}",
            "root_post_id": f"p{random.integers(number + 1)}",
            "acted_at": moment,
            "date_day": moment.date(),
            "precision_seconds": 1,
            "text": (*WORDS, f"独一无二 {random.integers(10**9)}")[
                random.integers(len(WORDS) + 1)
            ],
        }


def land(connection: duckdb.DuckDBPyConnection, day: Day) -> None:
    """Replace rows in staging; who had or has one is touched."""
    connection.register("acts", day.interactions)
    connection.register("posts", day.posts)
    had = (
        "insert into meta.touched_accounts"
        " select rows.platform, rows.account_id from staging.interactions as rows"
        " semi join acts using (platform, kind, interaction_id)"
    )
    connection.execute(had)
    connection.execute(
        "delete from staging.interactions as rows using acts"
        " where rows.kind = acts.kind and rows.interaction_id = acts.interaction_id"
    )
    connection.execute("insert into staging.interactions by name from acts")
    connection.execute("insert into staging.posts by name from posts")
    connection.execute(had + " union select platform, account_id from posts")


def found(
    connection: duckdb.DuckDBPyConnection, *, since_last: bool
) -> dict[str, list[Any]]:
    """All that is kept and all that follows of it, sorted."""
    make_features(
        connection,
        "Asia/Shanghai",
        BEHAVIOUR_DAYS,
        TIMELINE_ACTS,
        since_last=since_last,
    )
    find_templates(connection, BEHAVIOUR_DAYS)
    connection.execute("delete from meta.touched_accounts")
    models = load_models("intermediate")
    params = {
        "object_kind": "hashtag",
        "behaviour_days": BEHAVIOUR_DAYS,
        "time_window": 3600,
        "min_participation": 1,
        "max_burst": OBJECT_KINDS["hashtag"].max_burst,
        "lists_all": True,
    }
    shares = "intermediate.shares"
    chance = "intermediate.coordination_chance"
    for name in (shares, *graph.between(shares, chance)):
        run_model(connection, models[name], params)
    tables = ["account_features", "coordination_chance", "text_uses", *_KEPT]
    rows = {
        name: connection.execute(f"from intermediate.{name} order by all").fetchall()
        for name in tables
    }
    assert words_of(connection, "act_words") == words_of(connection, "judged_words")
    graph.drop_once(connection, graph.verdict_tables())
    return rows


def words_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[Any]:
    """Wordings of acts that are looked at, or those that are kept: no others."""
    query = f"select words from intermediate.{table} group by words order by words"
    return connection.execute(query).fetchall()


def empty(path: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse with empty canonical tables."""
    connection = connect(path)
    for model in load_models("staging").values():
        if model.columns and model.replace != "view":
            create_table(connection, model, {})
    connection.execute(
        "create table meta.account_overrides"
        " (platform varchar, account_id varchar, kind varchar)"
    )
    return connection


@pytest.mark.parametrize("seed", range(2))
def test_increment_equals_rebuild(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    days = [Day(random, number) for number in range(6)]
    with empty(tmp_path / "kept.duckdb") as kept:
        for number in random.permutation(len(days)):
            land(kept, days[number])
            if random.random() < 0.5:
                found(kept, since_last=True)
        rows = found(kept, since_last=True)
        touch_all_accounts(kept)
        anew = found(kept, since_last=False)
    assert rows == anew
    assert all(rows[name] for name in _KEPT)
