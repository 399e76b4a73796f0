"""What people export with programs and by hand: files of each format, one backfill.

Each format holds a world of its own, told from the others by a digit of its ids, and
has campaigns of its own. The rows and figures of each must be the world's, as far as
its files tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from tests.oracles.worlds import (
    ENGAGEMENTS,
    KEYS,
    Options,
    Row,
    check_marts,
    check_staging,
    restrict,
)
from tests.workspaces import Lab
from tests.world import BRANDS, World
from tests.world.dataabc import write_dataabc
from tests.world.dataabc_others import write_search, write_spider
from tests.world.facebook import EXPORT_ZONE, write_export
from tests.world.mediacrawler import write_newer, write_older
from tests.world.own_tables import write_tables
from tests.world.renumbering import account_of, renumbered
from tests.world.spec import utc_moment
from tests.world.wordpress import PREFIX, write_site
from tests.world.x_exports import write_account, write_classic, write_twarc


@dataclass(frozen=True)
class Export:
    """Files of one format.

    Attributes:
        digit: of its world's ids, those of its accounts at least.
        format: as in workspace.toml.
        write: writes a world and gives what the files tell of it.
        options: what of that to compare.
        has_digests: accounts are digests of ids.
        platform: whose they are.
        tells_engagements: of whom engaged, one by one.
        more: what its source says besides.
        prefix: with which its ids of accounts begin.
    """

    digit: int
    format: str
    write: Callable[[World, Path], World]
    options: Options = field(default_factory=lambda: Options(tables=tuple(KEYS)))
    has_digests: bool = False
    platform: str = "weibo"
    tells_engagements: bool = True
    more: str = ""
    prefix: str = ""


def told_of(unseen: Mapping[str, Sequence[str]]) -> Options:
    """All tables but for columns that files don't have."""
    return Options(tables=tuple(KEYS), unseen=unseen)


# Read out of the text, or left out where there is nothing to tell.
OF_TEXT = ("client", "media_count", "links", "region")
OF_MEDIACRAWLER = told_of(
    {
        "posts": [*OF_TEXT, "hashtags", "mentions"],
        "accounts": ["description"],
    }
)
EXPORTS = {
    "crawler": Export(
        1,
        "weibo-crawler",
        lambda world, folder: write_dataabc(world, folder, compression="gz"),
    ),
    "search": Export(
        2,
        "weibo-search",
        write_search,
        # The chain in a repost's words tells its parent, as other files' chains do.
        told_of({"interactions": ["parent_id", "parent_method"], "posts": OF_TEXT}),
    ),
    "spider": Export(
        3,
        "weibo-spider",
        write_spider,
        told_of({"posts": OF_TEXT, "accounts": ["description"]}),
        tells_engagements=False,
    ),
    "older": Export(4, "mediacrawler", write_older, OF_MEDIACRAWLER),
    "newer": Export(5, "mediacrawler", write_newer, OF_MEDIACRAWLER, has_digests=True),
    "tables": Export(
        6,
        "table",
        lambda world, folder: world,
        Options(
            kinds=ENGAGEMENTS,
            tables=tuple(KEYS),
            # A cell can't tell an empty text from none; kinds are texts.
            unseen={
                "accounts": ["description", "location", "verified_type"],
                "posts": ["client"],
            },
        ),
    ),
    "twarc": Export(7, "x-api", write_twarc, platform="x"),
    "classic": Export(8, "x-api", write_classic, platform="x"),
    "account": Export(
        9,
        "x-account",
        lambda world, folder: write_account(
            world, folder, account_of(BRANDS[0].account_id, 9)
        ),
        platform="x",
        tells_engagements=False,
    ),
    "site": Export(
        0, "wordpress-export", write_site, platform="wordpress", prefix=f"{PREFIX}:"
    ),
    # The digit that the ids of brands have by themselves, which are its pages.
    "pages": Export(
        0,
        "facebook-export",
        write_export,
        platform="facebook",
        tells_engagements=False,
        more=f'time_zone = "{EXPORT_ZONE}"\n',
    ),
}
LONGEST_ID = 10  # digits of an account's; a digest is longer
# What lies beside the files and is none of them.
STRAYS = {
    "crawler/other.db": b"no database",
    "crawler/other.csv": b"a,b\n1,2\n",
    "search/other.csv": b"a,b\n1,2\n",
    "search/short.csv": "id,user_id,微博正文\n4990000000000001,7\n".encode(),
    "older/other.csv": b"a,b\n1,2\n",
}


@dataclass(frozen=True)
class Exported:
    """The workspace after its backfill.

    Attributes:
        lab: the workspace.
        told: what the files of each export tell.
        said: what the command said.
    """

    lab: Lab
    told: Mapping[str, World]
    said: str


@pytest.fixture(scope="module")
def exported(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """One backfill over all of them."""
    lab = Lab(tmp_path_factory.mktemp("exports"))
    observed = utc_moment(small_world.spec.observed_second)
    told, sources = {}, ""
    for name, export in EXPORTS.items():
        world = renumbered(small_world, export.digit, name)
        if export.format == "table":
            told[name] = world
            sources += write_tables(world, lab.root / name)
            continue
        told[name] = export.write(world, lab.root / name)
        sources += (
            f'[[sources]]\nname = "{name}"\nplatform = "{export.platform}"\n'
            f'kind = "files"\nformat = "{export.format}"\npath = "{name}"\n'
            f"observed_at = {observed:%Y-%m-%dT%H:%M:%SZ}\n{export.more}"
        )
    for path, content in STRAYS.items():
        lab.put(path, content)
    lab.put("workspace.toml", _configuration(small_world, told, sources))
    last = small_world.spec.start + timedelta(days=small_world.spec.days)
    done = lab.call(
        *("backfill", "--from", str(small_world.spec.start), "--to", str(last)),
        *("--reason", "exports of all kinds"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Exported(lab, told, done.stdout + done.stderr)


def _configuration(world: World, told: Mapping[str, World], sources: str) -> str:
    """A `workspace.toml`: each brand with an account of each world, all campaigns."""
    brands = "".join(
        f'[[brands]]\nid = "{brand.brand_id}"\nname = "{brand.name}"\naccounts = ['
        + ", ".join(
            f'{{ platform = "{export.platform}", account_id = "'
            + export.prefix
            + account_of(brand.account_id, export.digit)
            + '" }'
            for export in EXPORTS.values()
        )
        + "]\n"
        for brand in BRANDS
    )
    campaigns = "".join(
        f'[[campaigns]]\nid = "{row["campaign_id"]}"\nbrand = "{row["brand_id"]}"\n'
        f"start = {row['start']}\nend = {row['end']}\npost_ids = ["
        + ", ".join(
            f'{{ platform = "{EXPORTS[name].platform}", post_id = "{post}" }}'
            for post in row["post_ids"]
        )
        + "]\n"
        for name, one in told.items()
        for row in one.campaigns.iter_rows(named=True)
    )
    return f'timezone = "{world.spec.timezone}"\n{sources}{brands}{campaigns}'


class Part:
    """A warehouse of which only the rows of one world are seen."""

    def __init__(self, exported: Exported, name: str) -> None:
        """See those of an export."""
        told = exported.told[name]
        self._lab = exported.lab
        self._name, self._export = name, EXPORTS[name]
        self._posts = {*told.posts["post_id"], *told.interactions["root_post_id"]}

    def dicts(self, query: str) -> list[Row]:
        """Rows of a query by name."""
        return [row for row in self._lab.dicts(query) if self.holds(row)]

    def holds(self, row: Row) -> bool:
        """Whether a row tells of the world."""
        export = self._export
        if row.get("platform", export.platform) != export.platform:
            return False
        if "campaign_id" in row:
            return bool(row["campaign_id"].endswith(f"-{self._name}"))
        for name in ("root_post_id", "post_id"):
            if name in row:
                return row[name] in self._posts
        if export.prefix:
            return bool(row["account_id"].startswith(export.prefix))
        if export.has_digests or len(row["account_id"]) > LONGEST_ID:
            return export.has_digests and len(row["account_id"]) > LONGEST_ID
        return bool(row["account_id"][1] == str(export.digit))


@pytest.mark.parametrize("name", EXPORTS)
def test_each_exports_rows_and_figures_are_its_worlds(
    name: str, exported: Exported
) -> None:
    export = EXPORTS[name]
    part = Part(exported, name)
    told = restrict(exported.told[name], export.options)
    check_staging(
        part, told, export.platform, export.options.tables, export.options.unseen
    )
    if export.tells_engagements:
        check_marts(part, told, export.platform)
        return
    # Of posts alone: the platform's counts, and nothing on who engaged.
    assert {
        (row["platform_engagements"] > 0, row["engagements"])
        for row in part.dicts("from marts.campaigns")
    } == {(True, None)}


def test_no_row_is_of_another_world(exported: Exported) -> None:
    """So that nothing was in excess that no part saw."""
    parts = [Part(exported, name) for name in EXPORTS]
    for table, keys in KEYS.items():
        for row in exported.lab.dicts(
            f"select platform, {', '.join(keys)} from staging.{table}"
        ):
            assert sum(part.holds(row) for part in parts) == 1, row


def test_what_cant_be_known_is_null(exported: Exported) -> None:
    lab = exported.lab
    genuine = {
        export: {
            row["genuine_engagements"] is None
            for row in Part(exported, export).dicts("from marts.campaigns")
        }
        for export in EXPORTS
    }
    # Of posts alone, of names alone and of masked ones nothing genuine is claimed; nor
    # of each campaign where half of the profiles are known.
    assert genuine == {
        "crawler": {False},
        "search": {True},
        "spider": {True},
        "older": {False, True},
        "newer": {True},
        "tables": {False},
        "twarc": {False},
        "classic": {False},
        "account": {True},
        "site": {True},
        "pages": {True},
    }
    lacks = dict(lab.rows("select source, lacks from marts.source_coverage"))
    assert lacks["older"].startswith("reposts one by one; likes one by one")
    # A repost without its root's id is kept, and counted nowhere.
    assert sum('"kind":"rootless"' in one for one in lab.land_records()) == 1
    # A repost's words name whom it reposts.
    assert lab.value(
        "select count(*) > 0 from staging.interactions"
        " where parent_method = 'chain' and root_post_id like '%2'"
    )


def test_what_is_no_export_is_told_and_costs_itself_alone(exported: Exported) -> None:
    assert sorted(exported.lab.quarantined(), key=lambda row: row[0]) == [
        ("crawler/other.csv", None, "its header is none of weibo-crawler's: a,b"),
        (
            "crawler/other.db",
            None,
            "no readable SQLite database: file is not a database",
        ),
        ("older/other.csv", None, "its header is none of MediaCrawler's: a, b"),
        ("search/other.csv", None, "its header is none of weibo-search's: a, b"),
        (
            "search/short.csv",
            2,
            "the row has 2 cells, the header names 3, and no known version writes that:"
            " '4990000000000001'",
        ),
    ]
    rejected = exported.lab.value("select count(*) from meta.quarantine")
    assert rejected == len(STRAYS)
