"""Which sentences of which texts count as a use of a template."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl

from tasks.staging.touched import touch_all_accounts
from tasks.verdicts.groups import find_templates
from tasks.warehouse import graph
from tasks.warehouse.database import connect
from tasks.warehouse.models import load_models, run_model

PROFILES = "intermediate.account_profiles"
DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 4)  # noqa: DTZ001
TEA = "这款春茶喝完回甘特别久真的惊艳"
BOX = "包装打开的一瞬间满屋子都是茶香"


def interaction(account: str | None, text: str, **more: object) -> dict[str, object]:
    return {
        "kind": "comment",
        "account_id": account,
        "root_post_id": "p1",
        "text": text,
        "date_day": DAY,
        **more,
    }


def post(
    name: str, account: str | None, text: str, **more: object
) -> dict[str, object]:
    return {
        "post_id": name,
        "account_id": account,
        "text": text,
        "posted_at": datetime(2026, 3, 10, 3),  # noqa: DTZ001
        "date_day": DAY,
        "is_deleted": False,
        **more,
    }


def uses(
    folder: Path,
    interactions: list[dict[str, object]],
    posts: list[dict[str, object]] | None = None,
    threads: int = 2,
) -> list[tuple[str, str, str]]:
    """Rows of `text_uses`, sorted: account, template, content."""
    shown = pl.DataFrame(
        [
            {"interaction_id": f"i{place}", **row}
            for place, row in enumerate(interactions)
        ],
        schema_overrides={"account_id": pl.String},
        infer_schema_length=None,
    ).with_columns(
        platform=pl.lit("weibo"),
        acted_at=pl.lit(NOON),
        precision_seconds=pl.lit(1, dtype=pl.Int64),
    )
    published = pl.DataFrame(
        posts or [post("none", None, "")],
        schema_overrides={"account_id": pl.String, "posted_at": pl.Datetime("us")},
        infer_schema_length=None,
    ).with_columns(platform=pl.lit("weibo"))
    models = load_models("intermediate")
    connection = connect(folder / f"{threads}.duckdb")
    try:
        connection.execute(f"set threads = {threads}")
        for name, frame in (("interactions", shown), ("posts", published)):
            connection.register("frame", frame)
            connection.execute(f"create or replace table staging.{name} as from frame")
            connection.unregister("frame")
        connection.execute(
            "create table intermediate.account_profiles as"
            " select platform, account_id from staging.interactions"
            " where account_id is not null"
            " union select platform, account_id from staging.posts"
            " where account_id is not null"
        )
        touch_all_accounts(connection)
        for name in graph.needed(["intermediate.window_texts"]):
            if name.startswith("intermediate.") and name != PROFILES:
                run_model(connection, models[name], {"behaviour_days": 90})
        find_templates(connection, 90)
        return connection.execute(
            """
            select accounts.platform || ':' || accounts.account_id,
                templates.template,
                uses.content_id
            from intermediate.text_uses as uses
            inner join intermediate.numbered_accounts as accounts using (account_no)
            inner join (
                select template, dense_rank() over (order by template) as template_no
                from intermediate.text_templates group by template
            ) as templates using (template_no)
            order by all
            """
        ).fetchall()
    finally:
        connection.close()


TRIMMED = (
    f"{TEA}！",
    f"回复@友人:{TEA}[心][心] http://t.cn/A6abcd",
    f"@友人，{TEA} 100分//@别人:{BOX}",
    f"#春日新茶#{TEA[:4]}，{TEA[4:]}😂",  # a short clause goes with the next
    f"{TEA[:6]}1{TEA[6:]}…",
    f"转发微博 {TEA}",
    "這款春茶喝完回甘特別久真的驚艷",
)


def test_trimmings_are_no_difference(tmp_path: Path) -> None:
    rows = [interaction(f"a{place}", text) for place, text in enumerate(TRIMMED)]
    # 艷 is 艳 in plain spelling: one way to write it.
    assert uses(tmp_path, rows) == [
        (f"weibo:a{place}", TEA, f"comment:i{place}") for place in range(len(TRIMMED))
    ]


COMMON = (
    "转发微博",
    "支持支持支持",
    "哈哈哈哈哈哈哈哈哈哈哈哈",
    f"求抽中我！{TEA}",
    f"//@别人:{TEA}",
    "新闻周刊的秒拍视频",
    "so good! so, so good! really",
    "[心][心][心][心][心][心]12345678",
    "Thank you so much!",
)


def test_common_phrases_do_not_count(tmp_path: Path) -> None:
    """Each by somebody of its own; a use would name whose it is."""
    rows = [interaction(f"a{place}", text) for place, text in enumerate(COMMON)]
    assert uses(tmp_path, rows) == []


def test_words_of_an_alphabet_are_no_sentences(tmp_path: Path) -> None:
    """A gap between words ends nothing; a name ends at one."""
    text = "@Ann I could drink this every single morning! Great service, well done"
    assert [row[1] for row in uses(tmp_path, [interaction("a", text)])] == [
        "icoulddrinkthiseverysinglemorning"
    ]


def test_order_of_sentences_is_no_difference(tmp_path: Path) -> None:
    rows = [interaction("a", f"{TEA}，{BOX}"), interaction("b", f"{BOX}！{TEA}")]
    found = uses(tmp_path, rows)
    assert {row[:2] for row in found} == {
        (f"weibo:{account}", text) for account in "ab" for text in (TEA, BOX)
    }


def test_quotes_do_not_count(tmp_path: Path) -> None:
    """What a collected post says, or nearly, is no comment's own; the rest is."""
    rows = [interaction("a", f"{TEA[:-1]}讶，{BOX}")]
    found = uses(tmp_path, rows, [post("p1", "brand", f"新品上市 {TEA}")])
    assert [row[1] for row in found if row[0] == "weibo:a"] == [BOX]


def test_posts_are_uses_until_people_follow_one(tmp_path: Path) -> None:
    posts = [post(f"q{number}", f"b{number}", TEA) for number in range(3)]
    some = [interaction(f"a{number}", "赞", root_post_id="q0") for number in range(4)]
    assert [row[0] for row in uses(tmp_path, some, posts)] == [
        f"weibo:b{number}" for number in range(3)
    ]
    many = [*some, interaction("a9", "赞", root_post_id="q0")]
    assert uses(tmp_path / "many", many, posts) == []
    gone = [post("q0", "b0", TEA, is_deleted=True)]
    assert uses(tmp_path / "gone", some, gone) == []
    old = [post("q0", "b0", TEA, date_day=date(2025, 3, 10))]
    assert uses(tmp_path / "old", some, old) == []


def test_threads_and_order_of_rows_do_not_matter(tmp_path: Path) -> None:
    rows = [
        interaction(
            f"a{number % 50}", f"{TEA[: number % 15]}呀{TEA[number % 15 :]}，{BOX}"
        )
        for number in range(400)
    ]
    one = uses(tmp_path, rows, threads=1)
    assert uses(tmp_path, rows, threads=4) == one
    assert {row[1] for row in one} >= {BOX}
