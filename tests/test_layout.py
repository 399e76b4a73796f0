"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import dataclasses
import graphlib
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import sqlglot
from sqlglot import exp

from tasks.marts.metric_headers import metric_headers
from tasks.staging.observe import SUITES
from tasks.warehouse import graph
from tasks.warehouse.database import FUNCTIONS
from tasks.warehouse.models import (
    LAYERS,
    Origin,
    in_order,
    load_models,
    table_of,
)
from tests.workspaces import REPOSITORY

SQL_FILES = sorted((REPOSITORY / "sql").rglob("*.sql"))
PYTHON_FILES = sorted(
    path for name in ("flows", "tasks") for path in (REPOSITORY / name).rglob("*.py")
)
MODELS = {
    name: model
    for layer in (
        *("staging", "intermediate", "restricted"),
        *("marts", "publication", "lists", "checks"),
    )
    for name, model in load_models(layer).items()
}
STEPS = ("extract", "validate", "deduplicate", "aggregate", "publish")
# Of the parts below the steps: what each may import besides itself.
BELOW = {
    "warehouse": set(),
    "sources": {"warehouse"},
    "report": {"warehouse"},
    "engines": {"staging", "warehouse"},
    "staging": {"report", "sources", "warehouse"},
    "verdicts": {"accounts", "staging", "warehouse"},
    "marts": {"accounts", "campaigns", "sources", "text", "warehouse"},
    "publication": {"report", "warehouse"},
    "accounts": set(),
    "campaigns": set(),
    "text": set(),
}


def imports_of(path: Path) -> Iterator[str]:
    """Modules that a file imports anywhere, but for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hints = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hints:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_modules_are_not_named_like_others() -> None:
    """A module named like a library's is imported instead of it sooner or later."""
    taken = set(sys.stdlib_module_names) | {
        name.lower() for name in importlib.metadata.packages_distributions()
    }
    taken -= {"flows", "tasks", "tests"}
    clashes = {
        str(path.relative_to(REPOSITORY))
        for path in PYTHON_FILES
        if path.stem.lower() in taken and not path.stem.startswith("__")
    }
    assert not clashes


def test_layers_import_only_lower_ones() -> None:
    """flows, the steps, what they call, then the warehouse."""
    wrong = []
    for path in PYTHON_FILES:
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        for module in imports_of(path):
            target = module.split(".")
            if target[0] == "flows" and parts[0] != "flows":
                wrong.append((parts, module))
            if target[0] == "tests":
                wrong.append((parts, module))
            if target[0] != "tasks" or len(target) < 2 or parts[0] == "flows":
                continue
            if target[1] in STEPS:  # no step knows another
                wrong.append((parts, module))
            elif len(parts) > 2 and target[1] in BELOW:
                own = parts[1]
                if target[1] != own and target[1] not in BELOW[own]:
                    wrong.append((parts, module))
    assert not wrong


def test_no_files_import_each_other_in_a_circle() -> None:
    """Also not where one of them does it late, within a function."""
    modules = {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path
        for path in PYTHON_FILES
        if path.stem != "__init__"
    }
    graph = {
        name: {module for module in imports_of(path) if module in modules} - {name}
        for name, path in modules.items()
    }
    assert len([*graphlib.TopologicalSorter(graph).static_order()]) == len(modules)


def test_orchestrator_stays_at_the_flows_door() -> None:
    """Prefect in flows only, at its use; Great Expectations in one module only."""
    for path in PYTHON_FILES:
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        roots = {module.split(".")[0] for module in imports_of(path)}
        if "prefect" in roots:
            assert parts[1] in {"notifications", "orchestration", "prefect_runs"}, path
        if "great_expectations" in roots:
            assert parts == ("tasks", "staging", "expectations"), path


def test_commands_start_no_orchestrator() -> None:
    """No command imports Prefect, nor a flow, which does: it is slow to start."""
    flows = {path.stem for path in (REPOSITORY / "flows").glob("*.py")}
    calm = {"run_summary"}
    for path in (REPOSITORY / "flows/commands").glob("*.py"):
        for module in imports_of(path):
            target = module.split(".")
            assert target[0] != "prefect", path
            assert target[0] != "flows" or target[1] not in flows - calm, path


@pytest.mark.parametrize(
    ("command", "asks"), [("doctor", "examine_"), ("recover", "mend_")]
)
def test_owners_of_files_are_asked(command: str, asks: str) -> None:
    """What an owner can say or repair is told by the command, itself or below it."""
    calls: dict[str, set[str]] = {}
    for path in PYTHON_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                calls[f"{path.stem}.{node.name}"] = {
                    call.func.id
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                }
    owned = {
        name.split(".")[1] for name in calls if name.split(".")[1].startswith(asks)
    }
    asked = {
        called
        for name, called_there in calls.items()
        if name.startswith((f"{command}.", *(f"source_files.{one}" for one in owned)))
        for called in called_there
    }
    assert len(owned) > 4
    assert owned <= asked


@pytest.mark.parametrize("path", SQL_FILES, ids=table_of)
def test_sql_file_keeps_the_sheet(path: Path) -> None:
    """Header; one select; documented columns and params; lower layers only."""
    model = MODELS[table_of(path)]
    assert model.summary, "says what one row is"
    text = path.read_text(encoding="utf-8")
    header = text[: re.search(r"^(?!--)", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    assert re.search(r"^-- grain: ", header, re.MULTILINE)
    assert re.search(r"^-- params: ", header, re.MULTILINE)
    body = text[len(header) :]
    bare = re.sub(r"'[^']*'", "''", re.sub(r"--.*", "", body))
    used = set(re.findall(r"\$([a-z_]+)", bare))
    assert used == set(model.params)
    assert ";" not in bare
    (statement,) = sqlglot.parse(text, read="duckdb")
    assert isinstance(statement, exp.Query)
    rank = LAYERS.index(model.layer)
    for read in model.reads:
        assert LAYERS.index(read.split(".")[0]) <= rank, read
    known = set(MODELS) | {
        "intermediate.account_scores",
        "intermediate.account_operators",
        "intermediate.action_effects",
        "intermediate.audience_bounds",
        "intermediate.campaign_bounds",
        "intermediate.campaign_prevalence",
        "intermediate.cascade_nodes",
        "intermediate.coordinated_accounts",
        "intermediate.folded_texts",
        "intermediate.first_suspicion",
        "intermediate.group_evidence",
        "intermediate.link_meanings",
        "intermediate.negative_rises",
        "intermediate.partner_bounds",
        "intermediate.partner_excess",
        "intermediate.network_prevalence",
        "intermediate.post_effects",
        "intermediate.praise_rises",
        "intermediate.text_templates",
        "intermediate.topics",
        "intermediate.words_sentiment",
        *(
            f"staging.valid_{table.stem}"
            for table in (REPOSITORY / "sql/staging").glob("*.sql")
        ),
    }
    for read in model.reads:
        if read.split(".")[0] in (
            "staging",
            "intermediate",
            "restricted",
            "marts",
            "lists",
        ):
            assert read in known, f"{read}: nobody makes it"


def test_nothing_looks_for_tables_that_are_gone() -> None:
    """What `replace: once` makes is read in its step alone: by models and makers."""
    once = {name for name in graph.load_graph() if graph.is_once(name)}
    assert once and once.isdisjoint(
        read
        for layer in ("lists", "publication")
        for model in load_models(layer).values()
        for read in model.reads
    )
    readers: dict[str, set[str]] = {}
    for table in graph.load_graph().values():
        for read in table.reads if table.maker else ():
            readers.setdefault(read, set()).add((table.maker or "").rpartition(".")[0])
    for path in PYTHON_FILES:
        module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        if module.startswith(
            ("tasks.verdicts.", "tasks.accounts.", "flows.commands.coordinate")
        ) or module in ("flows.train", "tasks.marts.build"):
            continue  # they make such tables themselves, and drop them
        named = re.findall(r"intermediate\.\w+", path.read_text(encoding="utf-8"))
        for name in once.intersection(named):
            assert module in readers.get(name, ()), f"{path} reads {name}"


@pytest.mark.parametrize("path", SQL_FILES, ids=table_of)
def test_sql_gives_the_same_rows_each_time(path: Path) -> None:
    """Nothing that depends on the clock, on chance, on threads or on arrival."""
    refuse_chance(path.read_text(encoding="utf-8"))


def refuse_chance(text: str) -> None:
    """Fail on SQL whose result is not a function of its input."""
    statement = sqlglot.parse_one(text, read="duckdb")
    bare = re.sub(r"'[^']*'", "''", re.sub(r"--.*", "", text)).lower()
    assert not re.search(
        r"\b(any_value|arbitrary|random|uuid|gen_random_uuid|now|today|get_current_\w+"
        r"|approx_\w+|reservoir_quantile|setseed|mode)\s*\(",
        bare,
    )
    assert not re.search(
        r"\bcurrent_(date|time|timestamp)\b|\btransaction_timestamp\b", bare
    )
    assert not re.search(r"\busing sample\b|\btablesample\b|\browid\b", bare)
    # Order matters to these: they need one of their own.
    for found in re.finditer(
        r"\b(list|array_agg|string_agg|group_concat|listagg|first|last|first_value"
        r"|last_value|row_number|lag|lead)\s*\(",
        bare,
    ):
        rest = bare[found.end() :]
        depth, end = 1, 0
        while depth:
            depth += {"(": 1, ")": -1}.get(rest[end], 0)
            end += 1
        inside, after = rest[: end - 1], rest[end:].lstrip()
        window = re.match(
            r"(filter\s*\([^)]*\)\s*)?over\s*\(([^)]*(\([^)]*\)[^)]*)*)\)", after
        )
        assert "order by" in inside or (window and "order by" in window[2]), found[0]
    assert statement is not None


@pytest.mark.parametrize(
    "text",
    [
        "select any_value(a) from t",
        "select list(a) from t",
        "select first(a) over (partition by b) from t",
        "select now()",
        "select current_date",
        "select row_number() over () from t",
        "select approx_count_distinct(a) from t",
    ],
)
def test_guard_against_chance_works(text: str) -> None:
    with pytest.raises(AssertionError):
        refuse_chance(text)
    refuse_chance("select list(a order by a), first_value(b) over (order by c) from t")


def test_functions_of_the_warehouse_know_no_clock() -> None:
    for body in FUNCTIONS.values():
        assert not re.search(r"now\s*\(|current_|random", body)


def test_every_mart_column_is_documented_once_and_published() -> None:
    """Published columns are those documented: each select gives exactly them."""
    tables = {
        **load_models("restricted"),
        **load_models("marts"),
        **load_models("publication"),
        **load_models("lists"),
    }
    for name, model in tables.items():
        statement = sqlglot.parse_one(model.sql, read="duckdb")
        assert isinstance(statement, exp.Query)
        documented = [column.name for column in model.columns]
        assert len(documented) == len(set(documented)), name
        assert statement.named_selects == documented, name
        assert all(column.comment for column in model.columns), name
        assert set(model.grain) <= set(documented), name


def test_marts_of_the_design_are_there() -> None:
    """Other tools build on these names."""
    assert {model.table for model in load_models("marts").values()} >= {
        "campaigns",
        "campaign_daily",
        "campaign_posts",
        "cascades",
        "accounts",
        "account_groups",
        "amplifiers",
        "audience_overlap",
        "audience_quality",
        "brand_actions",
        "brands",
        "competitors",
        "contacts",
        "days",
        "share_of_voice",
        "data_coverage",
        "source_coverage",
        "feedback_authenticity",
        "feedback_daily",
        "feedback_topics",
        "feedback_topics_daily",
        "partner_results",
        "campaign_links",
        "conversions",
        "metric_definitions",
        "campaign_accounts",
        "campaign_groups",
        "phantom_shares",
        "reason_classes",
        "verdict_breakdown",
    }


def test_every_published_column_has_one_definition() -> None:
    """A row per mart and column, with formula, unit and source."""
    marts = load_models("marts")
    defined = metric_headers(marts)
    columns = [
        (model.table, column.name)
        for _, model in sorted(marts.items())
        for column in model.columns
    ]
    assert [row[:2] for row in defined.iter_rows()] == columns
    assert len(set(columns)) == len(columns)
    assert defined.filter(
        pl.any_horizontal(
            pl.col("formula", "unit", "source", "role").str.strip_chars().eq("")
        )
    ).is_empty()
    by_name = {(row["mart"], row["column_name"]): row for row in defined.to_dicts()}
    assert not [row for row in by_name.values() if row["formula"] == "the same"]
    exposure = by_name["campaigns", "exposure"]
    genuine = by_name["campaign_daily", "genuine_exposure"]
    assert genuine["formula"].startswith("exposure without")
    # Taken over from the raw form, in the mart that tells its source.
    assert genuine["source"] == exposure["source"] != "this project"
    assert genuine["caveat"].endswith("as good as the phantom score")
    assert by_name["campaigns", "campaign_id"]["time_axis"] == "none"
    assert by_name["campaigns", "campaign_id"]["role"] == "key"
    assert by_name["campaign_posts", "campaign_name"]["role"] == "dimension"
    assert by_name["campaigns", "engagements"]["role"] == "measure"
    assert by_name["campaigns", "engagements"]["time_axis"] == "activity day"
    assert by_name["campaign_posts", "engagements_24h"]["time_axis"] == "post day"
    low = by_name["campaigns", "genuine_engagements_low"]
    assert low["caveat"] == by_name["campaigns", "genuine_engagements"]["caveat"]
    # What a platform counts is no form of what was collected.
    growth = by_name["campaign_daily", "platform_comments"]
    assert "collected" not in growth["caveat"]
    mentions = by_name["share_of_voice", "mentions"]
    assert "campaigns" in mentions["differs_in_text"]
    assert mentions["formula"] != by_name["campaigns", "mentions"]["formula"]
    campaign = {column.name for column in marts["marts.campaigns"].columns}
    for metric in ("engagements", "engaged_accounts", "engaged_people", "reposts"):
        assert {metric, f"genuine_{metric}"} <= campaign


# One name, different quantities: what each stands for depends on the mart's rows.
DIFFERENT = {
    "phantom_share_if_as_labelled",
    "account_key",  # an account; who posted
    "accounts",  # a brand's own; those of an audience
    "campaigns",  # that a brand runs; that a group engaged in
    "comments",  # of a campaign, a topic, an account
    "completeness",  # of a campaign, a post, a day, a source
    "cost_per_click",  # of a campaign's budget; of a partner's fee
    "cost_per_engagement",
    "cost_per_estimated_genuine_engagement",
    "cost_per_genuine_engagement",
    "cost_per_order",
    "cost_per_platform_engagement",
    "return_on_spend",
    "currency",  # of amounts; of costs beside others
    "daily_engagement_rate",  # of one day; of a window's mean day
    "day",  # of the calendar; of an audience
    "genuine_comments",  # of a campaign; of a topic
    "genuine_engagements",  # of a day; of an hour that enough accounts share
    "genuine_exposure",  # of a campaign; of a post
    "dimension",  # of verdicts; of what profiles say
    "engagement_rate_by_followers",  # of a post; of a campaign
    "engagement_rate_by_impressions",
    "engaged_accounts",  # with a campaign, in its window; with a partner's posts
    "estimated_genuine_engagements",  # of a campaign, a post; of a partner
    "engagements",  # with a campaign, with a brand, of an account, of a group
    "exposure",  # of a campaign; of one account
    "author_followers",  # of a campaign's posts; of a day's
    "engagement_kinds",  # of a campaign; of a post
    "engagement_rate_by_reach",  # mean over posts; of a post
    "genuine_daily_engagement_rate",
    "genuine_engaged_accounts",
    "genuine_engagement_rate_by_followers",
    "genuine_engagement_rate_by_impressions",
    "genuine_engagement_rate_by_reach",
    "genuine_lifetime_engagements",  # of a post; of a partner's posts
    "genuine_lifetime_engagements_low",
    "known_lifetime_engagements",
    "lifetime_engagements",
    "platform_counted_since",  # at a campaign's end; newest readings of a partner
    "platform_engagement_rate_by_reach",
    "potential_reach",  # of a campaign, a day, a post
    "influence_level",  # of an account; of a set of amplifiers
    "people",  # of an audience; of those with a verdict
    "followers",  # newest known; after an action
    "kind",  # of a group; of an action
    "likes",  # of a campaign; of an account in it; of a source
    "mentions",  # of a campaign, of a brand, by an account
    "platform_collected",  # of what the platform counts: in all, so far, of a day
    "platform_comments",  # since publication, at a campaign's end or so far; growth
    "platform_counted_at",
    "platform_counted_posts",
    "platform_daily_engagement_rate",  # of one day; of a window's mean day
    "platform_engagements",  # of a campaign, a post, a day; of a source's posts
    "platform_engagement_rate_by_followers",  # of a post; of a campaign
    "platform_engagement_rate_by_impressions",
    "platform_likes",
    "platform_reads",
    "platform_reposts",
    "phantom_share",  # of a campaign's accounts; of an audience's
    "phantom_share_low",  # the same
    "posts",  # of a campaign, of a day, of an account
    "reposts",
    "negative",  # of a campaign; of a topic
    "neutral",
    "positive",
    "sentiment_net",  # of comments together; mean of an action's days
    "size",
    "source",  # of data; of a definition
    "value",
    "why_not",  # to contact somebody; to tell an effect
}


def test_one_name_is_one_quantity_or_told_apart() -> None:
    """Same words in all marts; a name that means several things is listed above."""
    defined = metric_headers(load_models("marts"))
    told = defined.filter(pl.col("differs_in_text") != "")
    assert set(told.get_column("column_name")) == DIFFERENT
    # A name stands for one unit: a group's size is accounts, a cascade's reposts.
    units = defined.group_by("column_name").agg(pl.col("unit").unique().sort())
    several = units.filter(pl.col("unit").list.len() > 1)
    assert several.rows() == [("size", ["accounts", "reposts"])]


def test_definitions_that_can_not_be_told_are_refused() -> None:
    marts = load_models("marts")
    days = marts["marts.days"]
    bare = dataclasses.replace(days.columns[0], unit=None)
    with pytest.raises(ValueError, match="no unit"):
        metric_headers({"marts.days": dataclasses.replace(days, columns=(bare,))})
    source = Origin("holidays", "a library", "")
    with pytest.raises(ValueError, match="no column holidays"):
        metric_headers({"marts.days": dataclasses.replace(days, origins=(source,))})
    source = Origin("engagements", "another one", "")
    daily = marts["marts.campaign_daily"]
    with pytest.raises(ValueError, match="defined twice"):
        metric_headers(
            marts
            | {"marts.campaign_daily": dataclasses.replace(daily, origins=(source,))}
        )


def test_every_model_is_reached_in_order() -> None:
    """Each stands after what it reads; nothing reads in a circle."""
    for layer in ("staging", "intermediate", "restricted", "marts", "checks"):
        # A table of staging is read by the views that it is made of: its old rows.
        models = {
            name: model
            for name, model in MODELS.items()
            if model.layer == layer
            and (layer != "staging" or model.table not in SUITES)
        }
        ordered = [model.name for model in in_order(models)]
        assert sorted(ordered) == sorted(models)
        for name, model in models.items():
            for read in model.reads & models.keys() - {name}:
                assert ordered.index(read) < ordered.index(name)


@pytest.mark.parametrize(
    "table", ["accounts", "posts", "post_counters", "interactions", "follows"]
)
def test_networks_give_columns_of_the_canonical_tables(table: str) -> None:
    """All go into the same table; what a network never tells, `by name` fills."""
    parts = [
        name
        for name, model in MODELS.items()
        if model.layer == "staging" and model.table.endswith(f"_{table}")
    ]
    assert len(parts) >= 5
    columns = {
        part: sqlglot.parse_one(MODELS[part].sql, read="duckdb").named_selects
        for part in sorted(parts)
    }
    canonical = columns.pop(f"staging.canonical_{table}")
    where = {"source", "path", "position", "item", "platform"}
    for part, names in columns.items():
        told = [name for name in canonical if name in names]
        assert names == told, part  # none besides, in one order
        assert where <= set(names), part
        # Somewhere an id stands as it was written; and what does, as it was understood.
        written = {name.removesuffix("_text") for name in names if name[-5:] == "_text"}
        assert written and written <= set(names), part


def test_every_table_is_needed() -> None:
    """By what readers get, by checks or by verdicts: a forgotten file runs in vain."""
    tables = graph.load_graph()
    asked = [name for name, one in tables.items() if one.layer not in {"intermediate"}]
    assert set(graph.needed([*asked, graph.VERDICTS])) == set(tables)


def shipped_files() -> Iterator[Path]:
    """Files of the repository; what .gitignore names is left out."""
    ignored = re.compile(
        r"^(\.git|\.venv|\.[a-z]+_cache|\.hypothesis|__pycache__|\.env)$"
    )
    produced = {"landing", "quarantine", "validation", "published", "publications"}
    waiting = [REPOSITORY]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if ignored.match(path.name) or path.is_symlink():
                continue
            if path.parent == REPOSITORY / "data" and (
                path.name in produced
                or path.name.startswith(("warehouse.duckdb", "ledger", ".key", ".lock"))
            ):
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path


def test_no_file_carries_a_registry_address() -> None:
    """A lock file that does can't be installed behind a mirror."""
    addresses = re.compile(
        rb"pypi\.org/simple|files\.pythonhosted\.org|registry\.npmjs\.org"
        rb"|^\s*(--index-url|--extra-index-url|-i )",
        re.MULTILINE,
    )
    for path in shipped_files():
        if path == Path(__file__).resolve():
            continue
        assert not addresses.search(path.read_bytes()), path
        assert path.name not in ("uv.lock", "poetry.lock", "package-lock.json")


def test_top_level_is_that_of_the_design() -> None:
    """Four folders of code and tests, one of data, and conventional files."""
    folders = {
        path.relative_to(REPOSITORY).parts[0]
        for path in shipped_files()
        if len(path.relative_to(REPOSITORY).parts) > 1
    }
    assert folders <= {"flows", "tasks", "sql", "data", "tests", ".ci", ".github"}
    steps = {path.stem for path in (REPOSITORY / "tasks").glob("*.py")}
    assert steps == {"__init__", *STEPS}


def test_nothing_that_is_read_can_run() -> None:
    """No loader that builds objects of what a file says."""
    loaders = {"pickle", "shelve", "marshal", "yaml", "joblib", "dill", "cloudpickle"}
    for path in PYTHON_FILES:
        found = {name.split(".")[0] for name in imports_of(path)}
        assert not found & loaders, path


def test_tests_in_the_table_of_faults_are_there() -> None:
    """Each row names one, or says why not."""
    text = (REPOSITORY / "tests/README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    told = [row for row in rows if row[0] not in ("| fault", "| ---")]
    assert len(told) > 80
    for fault, expected, test in told:
        name = test.removesuffix(" |").strip("` |")
        if not name:
            assert expected.endswith("."), f"{fault}: no test, and no sentence why"
            continue
        file, _, function = name.partition("::")
        source = (REPOSITORY / file).read_text(encoding="utf-8")
        assert f"\ndef {function}(" in source, name
