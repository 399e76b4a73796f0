"""The page in Chinese: every text, its places and tags, and what the marts say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasks.accounts.groups import SIGNALS
from tasks.accounts.identity_model import COMPARISONS
from tasks.accounts.reason_classes import REASON_CLASSES
from tasks.report.languages import (
    LANGUAGES,
    catalogue,
    language_of,
    speaking,
    tell_said,
)
from tasks.report.page import write_report
from tasks.sources.file_format import Gives
from tasks.sources.gives import lacks_of
from tasks.warehouse.errors import ConfigurationError
from tests.report.catalogues import (
    told_in_code,
    told_in_templates,
    untold_in_templates,
)
from tests.report.test_page import marts, read  # noqa: F401

# Templates whose words stand in a catalogue.
SPOKEN = (
    *("macros.html", "report.html", "sales.html", "history.html", "cohorts.html"),
    "boards.html",
    "claim.html",
)
_PLACES = re.compile(r"\{\w+\}|</?(?!br)[a-z][^>]*>")


def test_every_text_has_its_translation_and_nothing_is_left_over() -> None:
    told = {*told_in_code(), *told_in_templates()}
    found = catalogue("zh")
    texts = {text: place for text, place in told}
    missing = {text: texts[text] for text in texts.keys() - found.texts.keys()}
    assert not missing, "translate these in tasks/report/catalogues/zh.toml"
    assert not found.texts.keys() - texts.keys(), "nobody tells these any more"
    for english, chinese in (
        *found.texts.items(),
        *found.said.items(),
        *found.measures.items(),
    ):
        places = sorted(_PLACES.findall(english))
        assert sorted(_PLACES.findall(chinese)) == places, english


def test_no_word_stands_in_a_template_beside_the_catalogue() -> None:
    """What isn't told through `_` would be English on every page."""
    assert list(untold_in_templates(*SPOKEN)) == []


def test_sentences_of_the_marts_are_known_by_their_patterns() -> None:
    with speaking("zh"):
        sentences = [
            *REASON_CLASSES.values(),
            *(words.format(window=10) for words in SIGNALS.values()),
            *(level.says for one in COMPARISONS for level in one.levels if level.says),
            *lacks_of(Gives(rows=frozenset())).split("; "),
        ]
        assert [text for text in sentences if tell_said(text) is None] == []
        # One after the other, in each other, and with a name in it.
        assert tell_said(
            "Not separable from two-for-one; what follows is of both together. More"
            " than usual: 48 genuine engagements in 60 hours, where a usual post has 8"
            " (95 %: 1 to 28)."
        ) == (
            "无法与 two-for-one 区分；以下为两者合并的结果。高于平常：60 小时内 48"
            " 次真实互动，平常帖子为 8 次（95%：1 ~ 28）。"
        )
        assert tell_said(
            "5 accounts: 10 of its 10 pairs reposted the same posts within 10 seconds"
            " of each other, typically 8 times; more than chance explains"
        ) == (
            "5 个账号：10 对账号中有 10 对在 10 秒内先后转发同一帖子，一般 8 次；"
            "超出偶然所能解释的程度"
        )
        assert tell_said("words of nobody's") is None
    assert tell_said("words of nobody's") == "words of nobody's"


def test_the_page_speaks_chinese(marts: Path, tmp_path: Path) -> None:  # noqa: F811
    """All but data, names of tables and definitions that nobody translated."""
    pages = {"zh": "index.html", "en": "index-en.html"}
    for code, name in pages.items():
        others = {other: pages[other] for other in pages if other != code}
        write_report(marts, tmp_path / "report" / name, language=code, others=others)
    first = read(tmp_path / "report" / "index.html")
    other = read(tmp_path / "report" / "index-en.html")
    assert first.tags[0] == ("html", {"lang": "zh-Hans"})
    assert other.tags[0] == ("html", {"lang": "en"})
    for page, tag, file in (
        (first, "en", "index-en.html"),
        (other, "zh-Hans", "index.html"),
    ):
        ((_, link),) = [one for one in page.tags if "hreflang" in one[1]]
        assert (link["href"], link["hreflang"], link["lang"]) == (file, tag, tag)
    for words in (
        "平台统计显示，其帖子共获得 30,000 次互动：3,000 次转发、3,000 条评论和24,000"
        " 个赞（读取于 2026年3月15日 02:00 UTC）。",
        "疑似水军",
        "单次互动成本 1.67 元 16.67 元 20.83 元",
        "承诺 1,000 次互动；平台统计为 900 次。",
        "几乎没有粉丝",
        "少于承诺；疑似水军比非付费帖子高出 25 个百分点",
        "KOL（粉丝 50 万以上）",
        "上升",
        "3.1 小时",
        "数据源“export”不提供逐条点赞和阅读量",
    ):
        assert words in first.text, words
    # What is said in Chinese on the English page is marked as such, and not here.
    chinese = [attrs for _, attrs in other.tags if attrs.get("lang") == "zh"]
    assert chinese
    assert not [attrs for _, attrs in first.tags if attrs.get("lang") == "zh"]
    # What nobody translated stands in English and says so.
    raw = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert '<bdi lang="en">It gave nothing for nine days.</bdi>' in raw


def test_no_page_is_written_in_a_language_that_nobody_speaks(
    marts: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError, match="'fr': there are en and zh"):
        write_report(marts, tmp_path / "page.html", language="fr")
    assert not (tmp_path / "page.html").exists()
    assert set(LANGUAGES) == {"en", "zh"}
    assert [language_of(text) for text in ("茶", "おいしい茶", "tea", None)] == [
        "zh",
        None,
        None,
        None,
    ]
