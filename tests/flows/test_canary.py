"""A credential that a crawl uses stands nowhere afterwards, however the crawl ends."""

from __future__ import annotations

import functools
import json
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tasks.sources import api_landing
from tasks.sources.crawl.http_client import Client
from tasks.sources.facebook import api as facebook_api
from tasks.sources.weibo import api as weibo_api
from tasks.sources.x import api as x_api
from tests.emulators.facebook import PAGE_TOKEN, FacebookEmulator
from tests.emulators.serving import Answer, Asked, Emulator, Fault, serve
from tests.emulators.weibo import APP_SECRET, ROUGH, WeiboEmulator
from tests.emulators.x import BEARER, XEmulator
from tests.flows.networks import StandingClock, configuration
from tests.flows.weibo_api import site
from tests.test_privacy import files_below, readable
from tests.workspaces import PATIENCE_SECONDS, Lab, started
from tests.world import World, WorldSpec, generate

CANARY = "2.00canaryCANARYcanary%2Fcanary"
DAY = date(2026, 3, 1)
LOGGERS = ("", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "asyncio")


@dataclass(frozen=True)
class Network:
    """How a network takes its credential and refuses it.

    Attributes:
        variables: that hold a canary.
        expired: status and body of an expired token; CANARY stands in it.
        spent: the same of a spent budget.
        fatal: the same of what only a person can repair.
        rows: what a page of rows looks like whose first row says CANARY.
        more: lines of the source.
    """

    variables: tuple[str, ...]
    expired: tuple[int, object]
    spent: tuple[int, object]
    fatal: tuple[int, object]
    rows: object
    more: str = ""


NETWORKS = {
    "weibo": Network(
        (weibo_api.TOKEN, weibo_api.APP_SECRET),
        (400, {"error": f"expired {CANARY}", "error_code": 21327, "request": CANARY}),
        (403, {"error": f"limit of {CANARY}", "error_code": 10022}),
        (403, {"error": f"no right of {CANARY}", "error_code": 10014}),
        {"statuses": [{"id": 1, "text": CANARY, "created_at": CANARY}]},
        'commercial = true\ncollect = ["posts", "search", "historical", "profiles"]',
    ),
    "x": Network(
        (x_api.TOKEN,),
        (401, {"title": "Unauthorized", "detail": CANARY}),
        (429, {"type": "problems/usage-capped", "detail": CANARY}),
        (403, {"type": "problems/client-forbidden", "client_id": CANARY}),
        {"data": [{"id": "1", "text": CANARY, "author_id": CANARY}]},
    ),
    "facebook": Network(
        (facebook_api.TOKEN,),
        (400, {"error": {"code": 190, "message": f"Error validating {CANARY}"}}),
        (400, {"error": {"code": 4, "message": f"limit of {CANARY}"}}),
        (400, {"error": {"code": 368, "message": f"blocked {CANARY}"}}),
        {"data": [{"id": "1_2", "message": CANARY, "created_time": CANARY}]},
    ),
}


class Answering(Emulator):
    """Answers everything alike.

    Attributes:
        given: the answer.
    """

    def __init__(self, given: Answer) -> None:
        super().__init__()
        self.given = given

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        assert CANARY in asked.headers["authorization"], "nothing is at stake"
        return self.given


def answer_of(status: int, content: object) -> Answer:
    return Answer(json.dumps(content).encode(), status, headers={"x-echo": CANARY})


ECHO = {"access_token": CANARY, "headers": {"authorization": f"OAuth2 {CANARY}"}}
PAGE = f"<html>You sent authorization: Bearer {CANARY}</html>".encode()
HTML = {"content-type": "text/html", "set-cookie": CANARY}
FAULTS = {
    "cut": Fault("cut"),
    "timeout": Fault("slow", seconds=0.05),
    "redirect": Fault("redirect"),
}


def failing(kind: str, network: Network) -> Answer:
    """What a server answers that fails in a way."""
    if kind in ("expired", "spent", "fatal"):
        return answer_of(*getattr(network, kind))
    if kind == "rows":
        return answer_of(200, network.rows)
    return {
        "401": answer_of(401, ECHO),
        "403": answer_of(403, ECHO),
        "unknown": answer_of(200, ECHO),
        "odd type": Answer(b"{}", headers={"content-type": CANARY}),
        "slow down": Answer(PAGE, 429, headers={**HTML, "retry-after": CANARY}),
        "server error": Answer(PAGE, 500, headers=HTML),
        "html": Answer(PAGE, 200, headers=HTML),
    }.get(kind, answer_of(200, ECHO))


@pytest.fixture
def debug_log(tmp_path: Path) -> Iterator[Path]:
    """A file that takes every line of every library's log."""
    file = tmp_path / "debug.log"
    handler = logging.FileHandler(file)
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield file
    logging.getLogger().removeHandler(handler)
    handler.close()
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def assert_nowhere(folder: Path, *secrets: str) -> None:
    """No file below a folder holds one of these."""
    for path in files_below(folder):
        data = readable(path)
        for secret in secrets:
            assert secret.encode() not in data, path


def crawl(lab: Lab, moment: float, days: tuple[date, date]) -> str:
    """Crawl the one source; what it said, with the whole traceback of an error."""
    (source,) = lab.workspace.sources
    try:
        done = api_landing.collect_source(
            lab.workspace, source, *days, StandingClock(moment)
        )
    except Exception:
        return traceback.format_exc()
    return str(done)


@contextmanager
def served(kind: str, network: Network) -> Iterator[str]:
    """A server that fails in a way; its address."""
    if kind == "refused":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        return
    with ExitStack() as stack:
        server = Answering(failing(kind, network))
        if kind in FAULTS:
            other = Answering(answer_of(200, ECHO))
            there = stack.enter_context(serve(other))
            fault = FAULTS[kind]
            if kind == "redirect":
                fault = Fault("redirect", location=f"{there}/?access_token={CANARY}")
            server.faults = dict.fromkeys(range(1, 1000), fault)
        yield stack.enter_context(serve(server))
        assert server.number, "nobody asked"
        if kind in FAULTS:
            assert not other.number, "the redirect was followed"


@pytest.mark.parametrize("platform", NETWORKS)
@pytest.mark.parametrize(
    "kind",
    [
        "expired", "401", "403", "redirect", "html", "cut", "timeout", "refused",
        "spent", "slow down", "fatal", "server error", "unknown", "rows", "odd type",
    ],
)  # fmt: skip
def test_no_failure_leaves_the_token_anywhere(
    small_world: World,
    tmp_path: Path,
    debug_log: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    platform: str,
    kind: str,
) -> None:
    network = NETWORKS[platform]
    for name in network.variables:
        monkeypatch.setenv(name, CANARY)
    # Only what never answers is waited for in vain.
    patience = 0.2 if kind == "timeout" else PATIENCE_SECONDS
    client = functools.partial(Client, deadline_seconds=patience)
    monkeypatch.setattr(api_landing, "Client", client)
    lab = Lab(tmp_path / "workspace")
    with served(kind, network) as base:
        source = f'kind = "api"\nbase_url = "{base}"\n{network.more}\n'
        lab.put("workspace.toml", configuration(small_world, platform, source))
        said = crawl(lab, small_world.spec.observed_second, (DAY, DAY))
    logging.getLogger("tests").debug("the log is on")
    assert "the log is on" in debug_log.read_text()
    assert_nowhere(tmp_path, CANARY)
    shown = capfd.readouterr()
    assert CANARY not in said + shown.out + shown.err


@pytest.mark.parametrize("platform", NETWORKS)
def test_success_leaves_the_token_nowhere(
    small_world: World,
    tmp_path: Path,
    debug_log: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    platform: str,
) -> None:
    """The key of a search's archive besides, that Weibo's answer tells."""
    network = NETWORKS[platform]
    secrets = {
        weibo_api.TOKEN: CANARY,
        weibo_api.APP_SECRET: APP_SECRET,
        x_api.TOKEN: BEARER,
        facebook_api.TOKEN: PAGE_TOKEN,
    }
    emulator: WeiboEmulator | XEmulator | FacebookEmulator
    if platform == "weibo":
        emulator = WeiboEmulator(small_world)
        emulator.renew_token(CANARY)
    elif platform == "x":
        emulator = XEmulator(small_world)
    else:
        emulator = FacebookEmulator(small_world)
    for name in network.variables:
        monkeypatch.setenv(name, secrets[name])
    lab = Lab(tmp_path / "workspace")
    told = getattr(emulator, "told", small_world)
    days = (told.spec.start, told.spec.start.replace(day=15))
    said = ""
    with serve(emulator) as base:
        source = f'kind = "api"\nbase_url = "{base}"\n{network.more}\n'
        text = configuration(told, platform, source)
        lab.put(
            "workspace.toml",
            text.replace("start =", 'hashtags = ["春日新茶"]\nstart =', 1),
        )
        # An archive is asked for, is waited for, and comes.
        for _ in range(4):
            said += crawl(lab, emulator.now, days)
    lab.stage()
    assert lab.value("select count(*) from staging.posts") > 5
    if platform == "weibo":
        assert any(call.rows for call in emulator.calls.of("historical/download"))
    shown = capfd.readouterr()
    for name in network.variables:
        assert_nowhere(tmp_path, secrets[name])
        assert secrets[name] not in said + shown.out + shown.err


def killed_command(
    lab: Lab, emulator: Emulator, calls: int, environment: dict[str, str], log: Path
) -> None:
    """Begin a backfill that is killed with all its children at a call."""
    words = (sys.executable, "-m", "flows", *BACKFILL, "--workspace", str(lab.root))
    with (
        log.open("wb") as out,
        started(
            *words, env={**os.environ, **environment}, stdout=out, stderr=out
        ) as run,
    ):

        def kill(asked: Asked) -> None:
            if asked.number == calls:
                os.killpg(run.pid, signal.SIGKILL)

        emulator.before_call = kill
        assert run.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        emulator.before_call = None


BACKFILL = (
    "backfill", "--from", "2026-03-01", "--to", "2026-03-15", "--reason", "trial",
    "--debug",
)  # fmt: skip


def test_commands_give_the_world_and_keep_the_token_to_themselves(
    tmp_path: Path,
) -> None:
    """Killed; without a valid token; to the end; and on the next day."""
    world = generate(WorldSpec(seed=5, interactions=90, posts=5, campaigns=2))
    # Whoever looks for a fault has every library tell what it does.
    talkative = tmp_path / "talkative"
    talkative.mkdir()
    (talkative / "sitecustomize.py").write_text(
        "import logging\nlogging.basicConfig(level=logging.DEBUG,"
        " format='%(levelname)s %(name)s %(message)s')\n"
    )
    environment = {"WEIBO_ACCESS_TOKEN": CANARY, "PYTHONPATH": str(talkative)}
    more = "commercial = true"
    with site(world, tmp_path / "workspace", ROUGH, more) as found:
        lab, emulator = found.lab, found.emulator
        emulator.renew_token(CANARY)
        killed_command(lab, emulator, 20, environment, tmp_path / "killed.log")
        emulator.expire_token(CANARY)
        refused = lab.command(*BACKFILL, environment=environment)
        assert "authorise again" in refused.stderr
        emulator.renew_token(CANARY)
        backfilled = lab.command(*BACKFILL, environment=environment)
        assert backfilled.returncode == 0, backfilled.stdout + backfilled.stderr
        truth = found.told()
        found.check(truth)
        before = lab.marts()
        again = lab.command("daily", "--date", "2026-03-15", environment=environment)
        assert again.returncode == 0, again.stdout + again.stderr
        found.check(truth)
        assert {name: len(rows) for name, rows in lab.marts().items()} == {
            name: len(rows) for name, rows in before.items()
        }
    assert "DEBUG" in backfilled.stdout + backfilled.stderr
    for done in (refused, backfilled, again):
        assert CANARY not in done.stdout + done.stderr
    assert_nowhere(tmp_path, CANARY)
