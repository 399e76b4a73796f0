"""Networks: one folder each, one registry, and nobody else who knows their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from tasks.sources.capabilities import as_markdown
from tasks.sources.crawl.network_api import api_of
from tasks.sources.networks import FORMATS, RAW_TABLES
from tasks.warehouse import networks
from tasks.warehouse.networks import FACTS, NETWORKS, TRAITS, read_facts
from tests.workspaces import REPOSITORY

SOURCES = REPOSITORY / "tasks/sources"
STAGING = REPOSITORY / "sql/staging"
NAMES = {
    name
    for facts in NETWORKS.values()
    for name in (facts.name, facts.title, *facts.formats)
}
# Where a name stands in code all the same, and why.
NAMED = {
    # Findings of one network, measured on its accounts.
    "tasks/accounts/phantom_score.py": {"weibo"},
    # An error's shape tells whose it is, whatever the source says.
    "tasks/sources/error_answers.py": {"Facebook", "RenRen", "WordPress"},
}


def code_outside() -> Iterator[Path]:
    """Code and models that are no network's own, without the registry."""
    own = [*(folder.parent for folder in networks.NETWORK_FILES)]
    own += [STAGING / folder.name for folder in own]
    for top in ("flows", "tasks", "sql"):
        for path in sorted((REPOSITORY / top).rglob("*")):
            if path.suffix not in (".py", ".sql") or path == SOURCES / "networks.py":
                continue
            if not any(path.is_relative_to(folder) for folder in own):
                yield path


def words_of(path: Path) -> set[str]:
    """What stands in quotes in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        tree = sqlglot.parse_one(text, read="duckdb")
        return {str(one.this) for one in tree.find_all(exp.Literal) if one.is_string}
    told: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # SQL in a string quotes once more.
            told |= {node.value, *re.findall(r"'([^']*)'", node.value)}
    return told


def named_in(path: Path) -> set[str]:
    """Networks and formats that a file names."""
    text = path.read_text(encoding="utf-8")
    return {
        name
        for name in words_of(path) & NAMES
        # One letter may be anything, but beside the word platform.
        if len(name) > 1
        or re.search(rf"(platform|network)\b[^\n]*[\"']{name}[\"']", text)
    }


def test_no_other_code_knows_a_network_by_name() -> None:
    found = {
        str(path.relative_to(REPOSITORY)): named
        for path in code_outside()
        if (named := named_in(path))
    }
    assert found == NAMED


def test_the_search_for_names_finds_them(tmp_path: Path) -> None:
    python, sql = tmp_path / "one.py", tmp_path / "one.sql"
    python.write_text("QUERY = \"select * from t where platform = 'renren'\"\n")
    sql.write_text("select 'X' as a from t where platform in ('weibo', 'x')")
    assert named_in(python) == {"renren"}
    assert named_in(sql) == {"weibo", "x"}


def test_a_networks_folders_and_its_facts_agree() -> None:
    assert {form for facts in FACTS.values() for form in facts.formats} == set(FORMATS)
    for table in RAW_TABLES.values():
        assert set(table.formats) <= set(FORMATS)
    models = {folder.name for folder in STAGING.iterdir() if folder.is_dir()}
    # A network without a format of its own has no models either.
    assert models == {name for name, facts in FACTS.items() if facts.formats}
    for name, facts in FACTS.items():
        assert facts.traits <= TRAITS.keys()
        has_api = (SOURCES / name / "api.py").exists()
        assert has_api == (facts.api is not None)
        if facts.api is not None:
            assert api_of(facts.api.format) is not None
            assert facts.api.format in facts.formats
            assert facts.api.commercial_parts <= facts.api.parts
    assert sum(facts.is_default for facts in FACTS.values()) == 1


def test_the_readmes_table_has_every_format_and_network() -> None:
    """What people look up is what the registry has."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| network | state") :].partition("\n\n")[0]
    told = {
        cell for row in table.splitlines() for cell in re.findall(r"`([^`]+)`", row)
    }
    # Of canonical tables data/README.md tells.
    assert set(FORMATS) - {"canonical"} <= told
    for facts in NETWORKS.values():
        assert facts.title in table, facts.title


def test_the_readmes_table_of_what_is_told_is_the_registrys() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = as_markdown()
    assert f"\n\n{table}\n\n" in text, f"put this into README.md:\n{table}"


def test_no_two_networks_are_called_the_same() -> None:
    names = [
        {spelled.lower() for spelled in (facts.name, facts.title, *facts.other_names)}
        for facts in NETWORKS.values()
    ]
    assert len(set().union(*names)) == sum(map(len, names))


def test_every_trait_is_some_networks_and_asked_for() -> None:
    """A trait that nobody has or asks for would tell nothing."""
    code = "".join(path.read_text(encoding="utf-8") for path in code_outside())
    for trait in TRAITS:
        assert networks.platforms_with(trait), trait
        assert re.search(rf"{trait}\(|platforms_with\(\"{trait}\"\)", code), trait


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('title = "Y"\nformat = "y"', "format"),
        ('title = "Y"\ntraits = ["is_round"]', "is_round"),
        ('title = "Y"\n[persons]\nauthor = ["uid"]', "author"),
        ('title = "Y"\n[api]\nparts = ["posts"]', "format"),
    ],
)
def test_mistakes_of_facts_are_refused(text: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / "network.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=what):
        read_facts(file)
