"""What all tests share: a fixed key, no network chatter, small workspaces."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Before anything imports the product: keys must be the same in every process.
os.environ["WM_PSEUDONYM_KEY"] = "a-key-for-tests-only"
os.environ["DO_NOT_TRACK"] = "1"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
# Workers share the cores: a thread of LightGBM or OpenBLAS that waits must not compute
# in vain.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")

import pytest
from hypothesis import HealthCheck, settings

from tests.workspaces import (
    Lab,
    comment,
    repost,
    status,
    user,
)
from tests.world import World, WorldSpec, generate

settings.register_profile(
    "project",
    deadline=None,  # shared cores
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("project")


def _be_quiet() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


# What `make test` leaves out: these need a browser, Java, Node.js, an older DuckDB, or
# an environment of their own that takes minutes to install.
NEEDS_MORE = (
    *("browser", "postgres", "reader", "delta", "objectstore", "workers"),
    *("spark", "node", "superset"),
)
_MARKED = pytest.StashKey[int]()

# At its end a worker of pytest-xdist prints pages of warnings of DuckDB's binding.
if "PYTEST_XDIST_WORKER" in os.environ:
    atexit.register(_be_quiet)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list) -> None:
    """Put first what waits; count what needs more than Python, and is left out.

    Tests that share a server stand together at the beginning of the first worker's
    share: no other worker takes some of them over, and starts a server of its own.
    Who waits at the end would leave the machine idle.
    """
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
    left_out = names_left_out(config)
    config.stash[_MARKED] = sum(
        any(item.get_closest_marker(name) for name in left_out) for item in items
    )


def names_left_out(config: pytest.Config) -> list[str]:
    """Marks of `NEEDS_MORE` that this run is told to leave out."""
    told = config.option.markexpr or ""
    return [name for name in NEEDS_MORE if told.startswith("not") and name in told]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells its count to who started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["marked"] = session.config.stash.get(_MARKED, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    node.config.stash[_MARKED] = getattr(node, "workeroutput", {}).get("marked", 0)


def pytest_terminal_summary(terminalreporter) -> None:
    """Say aloud what a run without these tests leaves out."""
    config = terminalreporter.config
    marked = config.stash.get(_MARKED, 0)
    if marked:
        names = " or ".join(names_left_out(config))
        terminalreporter.write_line(f"Left out here: {marked} tests marked {names}")


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all workers: the first who asks makes, the others wait.

    Who gets it only reads its files, or copies it: even to query a warehouse locks it.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def get(name: str, make: Callable[[Path], None]) -> Path:
        target, building = base / name, base / f"{name}.building"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                shutil.rmtree(building, ignore_errors=True)
                building.mkdir()
                make(building)
                building.rename(target)
        return target

    return get


@pytest.fixture(scope="session", autouse=True)
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The orchestrator's database is the tests' own, not the user's."""
    home = tmp_path_factory.mktemp("prefect")
    before = os.environ.get("PREFECT_HOME")
    os.environ["PREFECT_HOME"] = str(home)
    yield home
    if before is None:
        del os.environ["PREFECT_HOME"]
    else:
        os.environ["PREFECT_HOME"] = before


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """An empty workspace with one `weibo-api` source in `export/`."""
    made = Lab(tmp_path / "workspace")
    made.configure(post_ids=["1"])
    (made.root / "export").mkdir()
    return made


@pytest.fixture
def lab_once(
    lab: Lab, made_once: Callable[[str, Callable[[Path], None]], Path]
) -> Callable[[str, Callable[[Lab], None]], Lab]:
    """A workspace that is made once for all tests; each gets a copy of its own.

    What makes it gets a workspace as `lab` is, in another folder.
    """

    def get(name: str, make: Callable[[Lab], None]) -> Lab:
        def make_folder(folder: Path) -> None:
            made = Lab(folder)
            shutil.copytree(lab.root, folder, dirs_exist_ok=True)
            make(made)

        there = made_once(name, make_folder)
        shutil.copytree(there, lab.root, symlinks=True, dirs_exist_ok=True)
        return lab

    return get


@pytest.fixture(scope="session")
def small_world() -> World:
    """Three hundred reposts and comments, besides likes and follows."""
    return generate(WorldSpec(seed=3, interactions=300, campaigns=2))


@dataclass(frozen=True)
class FinishedRun:
    """A backfill by the command line, and everything that it left."""

    lab: Lab
    outputs: tuple[str, ...]
    exit_code: int


# Marks of an invented person, who must appear nowhere but in the warehouse.
CANARY_ID, CANARY_POST = "77770000777", "66660000666"
CANARY_NAME, CANARY_TEXT = "金丝雀Canary", "只有我知道的秘密话"


@pytest.fixture(scope="session")
def finished_run(
    tmp_path_factory: pytest.TempPathFactory,
    made_once: Callable[[str, Callable[[Path], None]], Path],
) -> FinishedRun:
    """One real run, with good, bad and broken records.

    Each worker of pytest-xdist has a copy of what it left.
    """

    def make(folder: Path) -> None:
        done = run_once(Lab(folder / "workspace"))
        kept = (done.returncode, done.stdout, done.stderr)
        (folder / "said.json").write_text(json.dumps(kept))

    root = tmp_path_factory.mktemp("finished")
    made = made_once("finished-run", make)
    shutil.copytree(made, root, symlinks=True, dirs_exist_ok=True)
    exit_code, *outputs = json.loads((made / "said.json").read_text())
    return FinishedRun(Lab(root / "workspace"), tuple(outputs), exit_code)


def run_once(lab: Lab) -> subprocess.CompletedProcess[str]:
    """The real run of `finished_run`."""
    lab.configure(post_ids=["1"])
    canary = user(CANARY_ID, CANARY_NAME, description=f"{CANARY_TEXT} VX: canary77")
    people = [user(100 + n, f"person {n}") for n in range(10)]
    lab.put(
        "export/a.jsonl",
        [
            status(1),
            *(repost(10 + n, 1, who) for n, who in enumerate(people)),
            repost(CANARY_POST, 1, canary, CANARY_TEXT, day=2),
            comment(f"{CANARY_POST}1", 1, canary, CANARY_TEXT, day=3),
            # Rejected by a rule, and by its shape.
            {**repost(f"{CANARY_POST}2", 1, canary, CANARY_TEXT), "created_at": "昨天"},
            {"odd": CANARY_TEXT, "user": canary},
        ],
    )
    lab.put("export/broken.json", f'[{{"id": 1, "text": "{CANARY_TEXT}"'.encode())
    return lab.command(
        "backfill",
        "--from",
        "2026-03-01",
        "--to",
        "2026-03-14",
        "--reason",
        "trial",
        environment={"PREFECT_LOGGING_LEVEL": "INFO"},
    )
