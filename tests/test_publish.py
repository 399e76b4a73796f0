"""Publication: swapped as a whole, described, readable by older readers."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pytest

from flows.commands.privacy import erase
from tasks.publish import publish
from tasks.sources.erasure_watch import keep_out
from tasks.warehouse import ledger
from tasks.warehouse.errors import ConfigurationError, StepFailedError
from tasks.warehouse.lock import hold_workspace
from tasks.warehouse.models import load_models
from tasks.warehouse.publication import (
    STORAGE_VERSION,
    damaged_files,
    roll_back,
    swap,
)
from tasks.warehouse.workspace import load_workspace
from tests.publication.schema import SCHEMA, schema_of
from tests.workspaces import (
    FIRST,
    LAST,
    MARTS,
    PATIENCE_SECONDS,
    REPOSITORY,
    Lab,
    comment,
    repost,
    started,
    status,
    user,
)

ALICE = user(11, "alice")

# Nothing of their kind need have happened.
MAY_BE_EMPTY = {
    "account_groups",
    "amplifiers",
    "campaign_cohorts",  # of a second campaign
    "audience_overlap",  # two of them share five accounts
    "audience_quality",
    "campaign_accounts",
    "campaign_groups",
    "contacts",
    "audience_breakdown",  # of fewer accounts than may be told
    "campaign_links",  # nobody wrote one down
    "conversions",
    "findings",  # nothing deserves a look
    "hot_topics",  # no board was read
    "partner_results",  # of nobody paid
    "feedback_topics",
    "feedback_topics_daily",
    "verdict_breakdown",
}


def small(lab: Lab, reposts: int = 3) -> Lab:
    """A workspace with a little of everything."""
    lab.put(
        "export/a.jsonl",
        [
            status(1, reposts_count=9),
            *(repost(10 + n, 1, ALICE, day=1 + n) for n in range(reposts)),
            comment(5, 1, user(12, "bob")),
        ],
    )
    return lab


def publish_once(folder: Path, reposts: int = 3) -> None:
    """Make a workspace with one publication."""
    lab = Lab(folder)
    lab.configure(post_ids=["1"])
    small(lab, reposts).run(run_id="first")


@pytest.fixture
def published(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Lab:
    """A publication to look at."""
    return Lab(made_once("published", publish_once))


@pytest.fixture
def own(published: Lab, lab: Lab) -> Lab:
    """A workspace of one's own with that publication."""
    shutil.copytree(published.root, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


@pytest.fixture
def first(lab: Lab, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Lab:
    """A workspace of one's own with a publication of one repost: more will come."""
    there = made_once("published-first", partial(publish_once, reposts=1))
    shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
    return lab


@pytest.fixture
def second(first: Lab, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Lab:
    """The same, with marts of four reposts that are not published yet."""

    def make(folder: Path) -> None:
        shutil.copytree(first.root, folder, symlinks=True, dirs_exist_ok=True)
        small(Lab(folder), 4).run(run_id="second", publish=False)

    there = made_once("second-unpublished", make)
    shutil.rmtree(first.root)
    shutil.copytree(there, first.root, symlinks=True)
    return first


def test_every_table_and_column_is_described(published: Lab) -> None:
    """As documented in the model: names, order, comments."""
    file = published.root / "published/marts.duckdb"
    models = {
        model.table: model
        for layer in ("marts", "publication")
        for model in load_models(layer).values()
    }
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = dict(
            connection.execute(
                "select table_name, comment from duckdb_tables()"
            ).fetchall()
        )
        assert tables == {name: model.summary for name, model in models.items()}
        assert all(tables.values())
        for name, model in models.items():
            columns = connection.execute(
                "select column_name, comment from duckdb_columns()"
                " where table_name = $name order by column_index",
                {"name": name},
            ).fetchall()
            assert columns == [(c.name, c.comment) for c in model.columns], name
            assert all(comment for _, comment in columns), name


def test_no_column_goes_without_another_version(published: Lab) -> None:
    """Dashboards name columns and rely on their types; new ones are always welcome.

    `schema.json` says what version has which: written anew by
    `python -m tests.publication.schema`, with another `SCHEMA_VERSION` where one goes.
    """
    known = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found = schema_of(published.root / "published/manifest.json")
    assert known["schema_version"] == found["schema_version"]
    for table, columns in known["tables"].items():
        assert columns.items() <= found["tables"][table].items(), table
    new = {
        f"{table}.{column}"
        for table, columns in found["tables"].items()
        for column in columns.keys() - known["tables"].get(table, {}).keys()
    }
    assert not new, "not in schema.json"


def test_keys_are_never_null_where_they_say_so(published: Lab) -> None:
    file = published.root / "published/marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name from duckdb_columns() where not is_nullable"
        ).fetchall()
    assert set(rows) == {
        (model.table, name)
        for layer in ("marts", "publication")
        for model in load_models(layer).values()
        for name in model.grain
        if name not in model.nullable_grain
    }


def test_parquet_holds_the_same_rows_in_order_of_the_key(published: Lab) -> None:
    folder = published.root / "published"
    models = {model.table: model for model in load_models("marts").values()}
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        for name in MARTS:
            order = ", ".join(f"{key} nulls last" for key in models[name].grain)
            table = connection.execute(f"from {name} order by {order}").fetchall()
            parquet = folder / f"parquet/{name}.parquet"
            rows = duckdb.sql(f"from '{parquet}'").fetchall()
            assert rows == table, name
            assert rows or name in MAY_BE_EMPTY, name
            # The grain is a key.
            assert len(rows) == len(
                duckdb.sql(
                    f"select distinct {', '.join(models[name].grain)} from '{parquet}'"
                ).fetchall()
            ), name


def test_parquet_says_what_its_columns_are(published: Lab) -> None:
    """What a comment is in DuckDB stands in the file's own metadata, by name."""
    folder = published.root / "published"
    for model in load_models("marts").values():
        rows = duckdb.sql(
            "select decode(key), decode(value) from"
            f" parquet_kv_metadata('{folder}/parquet/{model.table}.parquet')"
        ).fetchall()
        told = dict(rows)
        assert told["comment"] == model.summary
        assert json.loads(told["key"]) == list(model.grain)
        assert json.loads(told["columns"]) == {
            column.name: {"unit": column.unit, "comment": column.comment}
            for column in model.columns
        }


# Types that every BI tool knows: whole numbers have a sign, amounts are exact.
READERS_TYPES = {
    *("BIGINT", "DOUBLE", "DECIMAL(18,4)", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP"),
    *("VARCHAR[]", "BIGINT[]"),
}
# Functions, types or units of some database that reads marts.
RESERVED = {"day", "hour", "kind", "rank", "size", "time", "timestamp", "user"}


def test_types_and_names_are_those_that_every_reader_takes(published: Lab) -> None:
    tables = schema_of(published.root / "published/manifest.json")["tables"]
    types = {kind for columns in tables.values() for kind in columns.values()}
    assert types <= READERS_TYPES
    reserved = RESERVED | {
        word
        for (word,) in duckdb.sql(
            "select keyword_name from duckdb_keywords()"
            " where keyword_category = 'reserved'"
        ).fetchall()
    }
    models = load_models("marts") | load_models("publication")
    for model in models.values():
        names = {column.name for column in model.columns if not column.is_older_name}
        assert not names & reserved, model.name
        older = [column for column in model.columns if column.is_older_name]
        for column in older:
            assert column.comment.split()[3].rstrip(";") in names, column


def test_manifest_describes_each_file(published: Lab) -> None:
    folder = published.root / "published"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["window"] == {
        "first_day": "2026-03-01",
        "last_day": "2026-03-14",
        "days": 14,
    }
    parquet = {
        file["file"]: file
        for file in manifest["files"]
        if file["file"].endswith("parquet")
    }
    expected = {f"parquet/{name}.parquet" for name in MARTS}
    assert set(parquet) == expected | {"history/changes.parquet"}
    for name, file in parquet.items():
        data = (folder / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert duckdb.sql(f"select count(*) from '{folder / name}'").fetchall() == [
            (file["rows"],)
        ]
        described = duckdb.sql(f"describe from '{folder / name}'").fetchall()
        assert {row[0]: row[1] for row in described} == file["schema"]


def test_storage_version_is_that_of_older_readers(published: Lab) -> None:
    """BI tools embed older DuckDB; 1.4 is the oldest that is supported."""
    file = published.root / "published/marts.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as marts (read_only)")
        ((tags,),) = connection.execute(
            "select tags from duckdb_databases() where database_name = 'marts'"
        ).fetchall()
    assert STORAGE_VERSION == "v1.4.0"
    assert tags["storage_version"].startswith("v1.4.0")


@pytest.mark.reader
def test_duckdb_1_4_opens_the_marts(published: Lab) -> None:
    """With a real one: `make test-marked` installs it apart."""
    folder = os.environ["WM_TEST_DUCKDB_1_4"]
    script = (
        "import duckdb, sys; assert duckdb.__version__.startswith('1.4')\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(sum(len(c.execute(f'from {t}').fetchall())"
        " for (t,) in c.execute('show tables').fetchall()))"
    )
    file = published.root / "published/marts.duckdb"
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)],
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) > 30


def test_no_leftovers_lie_around(published: Lab) -> None:
    """No write-ahead log, no spill, no half build; plain permissions."""
    names = {path.name for path in published.root.rglob("*") if path.is_file()}
    assert not [name for name in names if name.endswith((".wal", ".tmp", ".building"))]
    assert ".spill" not in {
        path.name for path in (published.root / "publications").rglob("*")
    }
    assert (published.root / "published/report/index.html").stat().st_size > 100


def test_publication_before_is_kept_and_equal_content_is_none(second: Lab) -> None:
    """`previous/1` holds what stood before; nothing new is no publication."""
    lab = second
    folder = lab.root / "published"
    before = folder.resolve()
    lab.publish("second")
    assert folder.resolve() != before
    assert (folder / "previous/1").resolve() == before
    assert [
        duckdb.sql(f"select reposts from '{path}/parquet/campaigns.parquet'").fetchall()
        for path in (folder, folder / "previous/1")
    ] == [[(4,)], [(1,)]]
    now = folder.resolve()
    assert not lab.publish("again").is_new
    assert folder.resolve() == now


def make_folder(root: Path, number: int) -> Path:
    """A finished build that says its number in every file."""
    folder = root / "publications/.building"
    (folder / "parquet").mkdir(parents=True)
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        for table in ("one", "two"):
            connection.execute(f"create table {table} as select {number} as number")
        connection.execute(
            f"copy one to '{folder}/parquet/one.parquet' (format parquet)"
        )
    (folder / "manifest.json").write_text(json.dumps({"number": number}))
    return folder


READER = """
import duckdb, json, sys
from pathlib import Path
root = Path(sys.argv[1])
seen, reads = set(), 0
print("ready", flush=True)
while not (root / "stop").exists():
    try:
        with duckdb.connect(str(root / "published/marts.duckdb"), read_only=True) as c:
            both = c.execute("select one.number, two.number from one, two")
            ((one, two),) = both.fetchall()
        assert one == two, (one, two)
        # A reader of several files finds the folder once.
        folder = (root / "published").resolve(strict=True)
        ((number,),) = duckdb.sql(f"from '{folder}/parquet/one.parquet'").fetchall()
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["number"] == number >= one, (manifest, number, one)
    except (FileNotFoundError, duckdb.IOException) as error:
        gone = ("No such file", "No files found", "database does not exist")
        if not any(words in str(error) for words in gone):
            raise
        continue  # three swaps passed since the folder was found
    seen.add(number)
    reads += 1
    (root / f"seen-{len(seen)}").touch()
print(reads, len(seen))
"""


def wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    """Until a process that runs has made a file, however busy the machine is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not file.exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_readers_never_see_a_mix_of_publications(tmp_path: Path) -> None:
    """A reader that opens all the time, while twenty publications pass by."""
    swap(tmp_path, make_folder(tmp_path, 0), "publication-0")
    with started(
        *(sys.executable, "-c", READER, str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"
        for number in range(1, 21):
            swap(tmp_path, make_folder(tmp_path, number), f"publication-{number}")
            if number == 10:
                wait_for(tmp_path / "seen-1", reader)
        wait_for(tmp_path / "seen-2", reader)
        (tmp_path / "stop").touch()
        out, errors = reader.communicate(timeout=PATIENCE_SECONDS)
    assert reader.returncode == 0, errors
    reads, seen = map(int, out.split())
    assert reads >= seen >= 2
    # Two before the newest are kept, older ones are gone.
    kept = {path.name for path in (tmp_path / "publications").iterdir()}
    assert kept == {"current", "publication-20", "publication-19", "publication-18"}
    for place, name in ((1, "publication-19"), (2, "publication-18")):
        previous = tmp_path / f"published/previous/{place}"
        assert previous.resolve().name == name
    assert not (tmp_path / "published/previous/3").exists()


def test_a_publication_killed_at_any_write_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers see the old one or the new one, whole; the next attempt ends it."""
    moments = 0
    while True:
        moments += 1
        root = tmp_path / str(moments)
        swap(root, make_folder(root, 0), "publication-0")
        left = [moments]

        def die(*given: object, left: list[int] = left, then: object = None) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            assert callable(then)
            then(*given)

        with monkeypatch.context() as patched:
            for name in ("fsync", "replace"):
                patched.setattr(os, name, partial(die, then=getattr(os, name)))
            try:
                swap(root, make_folder(root, 1), "publication-1")
            except KeyboardInterrupt:
                is_killed = True
            else:
                is_killed = False
        folder = (root / "published").resolve(strict=True)
        number = int(folder.name.removeprefix("publication-"))
        assert json.loads((folder / "manifest.json").read_text())["number"] == number
        with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as marts:
            assert marts.execute("select number from one").fetchall() == [(number,)]
        if not is_killed:
            break
        shutil.rmtree(root / "publications/.building", ignore_errors=True)
        swap(root, make_folder(root, 1), "publication-1")
        folder = (root / "published").resolve(strict=True)
        assert json.loads((folder / "manifest.json").read_text())["number"] == 1
    assert moments > 8


def test_what_is_renamed_is_on_the_disk_before(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the folder after it, so that a power loss leaves the old or the new."""
    synced: set[tuple[int, int]] = set()
    waiting: dict[tuple[int, int], str] = {}
    fsync, replace = os.fsync, os.replace

    def identity(found: os.stat_result) -> tuple[int, int]:
        return found.st_dev, found.st_ino

    def note_fsync(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(identity(os.fstat(descriptor)))
        waiting.pop(identity(os.fstat(descriptor)), None)

    def note_replace(source: Path, target: Path) -> None:
        found = os.lstat(source)
        if stat.S_ISREG(found.st_mode):
            assert identity(found) in synced, source
        replace(source, target)
        waiting[identity(Path(target).parent.stat())] = str(target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    small(lab)
    lab.land()
    swap(lab.root, make_folder(lab.root, 0), "publication-0")
    assert len(synced) > 5
    assert waiting == {}


def test_a_full_disk_is_told_and_with_room_the_bytes_are_the_same(
    second: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At several moments of a publication: the old one stands, or the new one."""
    lab = second
    before = (lab.root / "published").resolve()
    calm = tmp_path / "calm"
    shutil.copytree(lab.root, calm, symlinks=True)
    publish(calm, "second")
    for moment in (1, 12, 30):
        left = [moment]

        def fill(path: Path, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

        with monkeypatch.context() as patched:
            patched.setattr("tasks.warehouse.publication.sync", fill)
            with pytest.raises(StepFailedError, match="No space left"):
                publish(lab.root, "second")
        now = (lab.root / "published").resolve().name
        assert now in {before.name, (calm / "published").resolve().name}, moment
        assert damaged_files(lab.root / "published") == []
    publish(lab.root, "second")
    assert lab.parquet() == Lab(calm).parquet()


def test_altered_publication_is_made_again(own: Lab) -> None:
    """A run proves what stands against its manifest; readers keep what they opened."""
    lab = own
    marts = lab.parquet()
    link = lab.root / "published"
    for name in (
        "marts.duckdb",
        "parquet/campaigns.parquet",
        "report/index.html",
        "manifest.json",
    ):
        folder = link.resolve()
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 0x55  # the size stays
        (folder / name).write_bytes(data)
        if name == "manifest.json":
            (folder / name).write_text('{"files": ["garbage"]')
        assert lab.publish("again").is_new, name
        assert lab.parquet() == marts
        assert damaged_files(link) == []
        assert link.resolve() != folder
        assert (link / "restricted/contacts.csv").exists()
        assert not lab.publish("once more").is_new
        with pytest.raises(ConfigurationError, match="no publication|is damaged"):
            roll_back(lab.root, folder.name)


def test_publications_can_be_mounted_alone(second: Lab, tmp_path: Path) -> None:
    """As a container sees them: the marts, and no list of contacts."""
    lab = second
    assert (lab.root / "published/restricted/contacts.csv").exists()
    alone = tmp_path / "mounted"
    shutil.copytree(lab.root / "publications", alone, symlinks=True)
    with duckdb.connect(str(alone / "current/marts.duckdb"), read_only=True) as marts:
        assert marts.execute("select count(*) from campaigns").fetchall() == [(1,)]
    assert not (alone / "current/restricted").exists()
    for name in ("contacts.csv", "amplifiers.csv", "people.duckdb"):
        assert (lab.root / "published/restricted" / name).exists()
        assert not list(alone.rglob(name))
    # A workspace of an older version, whose link led to the folder itself.
    link = lab.root / "published"
    target = link.resolve()
    link.unlink()
    link.symlink_to(target)
    (lab.root / "publications/current").unlink()
    lab.publish("second")
    assert link.resolve() != target
    assert link.readlink() == Path("publications/current")


@pytest.mark.parametrize("umask", [0o000, 0o027])
def test_what_holds_people_is_its_owners_whatever_the_umask(
    lab: Lab, umask: int
) -> None:
    """Landing, warehouse, quarantine, ledger; others read what the umask grants."""
    small(lab)
    lab.put("export/bad.jsonl", b'{"odd": 1}\n')
    (lab.root / "landing").mkdir(mode=0o777)
    (lab.root / "landing").chmod(0o777)
    before = os.umask(umask)
    try:
        with ledger.open_run(lab.workspace, "daily", (FIRST, LAST)) as run:
            lab.run(run_id=run.run_id)
        with hold_workspace(lab.workspace.lock, "test"):
            pass
        assert os.umask(umask) == umask, "the process keeps its own"
    finally:
        os.umask(before)

    def mode(name: str) -> int:
        return stat.S_IMODE((lab.root / name).stat().st_mode)

    for name in ("landing", "quarantine", "restricted", "published/restricted"):
        assert mode(name) == 0o700, name
    for name in ("warehouse.duckdb", "ledger.json", ".lock"):
        assert mode(name) == 0o600, name
    for path in (lab.root / "quarantine").iterdir():
        assert mode(str(path)) == 0o600
    for name in ("publications", "published/parquet", "published/report"):
        assert mode(name) == 0o755 & ~umask, name
    for name in ("published/marts.duckdb", "published/manifest.json"):
        assert mode(name) == 0o644 & ~umask, name


def test_a_workspace_may_lie_anywhere(tmp_path: Path) -> None:
    """Blanks, marks that are patterns elsewhere, Chinese, quotes."""
    lab = Lab(tmp_path / "品牌 a [1]*, it's 100%;x")
    lab.configure(post_ids=["1"], policies="quarantine_threshold = 0.9")
    lab.put("export/bad?[1].jsonl", b'{"odd": 1}\n')
    small(lab).run()
    assert lab.value("select count(*) from staging.interactions") == 4
    assert lab.value("select count(*) from meta.quarantine") == 1
    assert damaged_files(lab.root / "published") == []
    erase(lab.workspace, "weibo", "11")
    with ledger.open_run(lab.workspace, "daily", (FIRST, LAST), prepare=keep_out):
        pass
    lab.run(run_id="again")
    assert lab.value("select count(*) from staging.interactions") == 1
    with pytest.raises(ConfigurationError, match=r"has a '\?' in its path: move"):
        load_workspace(tmp_path / "what?")


def test_crash_at_publication_leaves_old_or_new(first: Lab, tmp_path: Path) -> None:
    """Killed before the swap: the old stands; after it: the new; both go on."""
    lab = first
    before = lab.parquet()
    small(lab, 4)
    other = Lab(tmp_path / "undisturbed")
    other.configure(post_ids=["1"])
    small(other, 4).run(run_id="other")
    lab.run(run_id="killed", publish=False)
    script = (
        "from pathlib import Path; from tests.workspaces import Lab;"
        f"Lab(Path({str(lab.root)!r})).publish('killed')"
    )
    for place, expected in (
        ("publish:swap", before),
        ("publish:ledger", other.parquet()),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=REPOSITORY,
            env={**os.environ, "WM_CRASH_AT": place, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert lab.parquet() == expected
    lab.run(run_id="after")
    assert lab.parquet() == other.parquet()
    assert not (lab.root / "publications/.building").exists()
    assert lab.value("select count(*) > 0 from meta.intervals where step = 'publish'")
