"""Alarms: told once, at real addresses, and never lost in silence."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from tasks.report import alarms
from tasks.report.alarms import ADDRESSES, send_trial, tell_findings
from tasks.warehouse.errors import AlarmError, ConfigurationError
from tasks.warehouse.workspace import Workspace
from tests.workspaces import Lab


@dataclass
class Chat:
    """A chat's hook: what it was sent, and what it answers."""

    status: int = 200
    bodies: list[dict[str, str]] = field(default_factory=list)
    port: int = 0


@contextmanager
def hook() -> Iterator[Chat]:
    """An HTTP server on loopback."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            chat.bodies.append(json.loads(self.rfile.read(size)))
            self.send_response(chat.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        chat.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield chat
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """A mail server on loopback that speaks as much SMTP as a delivery needs."""
    mails: list[str] = []
    started: list[int] = []
    ready = threading.Event()
    stop = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                break
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        started.append(server.sockets[0].getsockname()[1])
        ready.set()
        async with server:
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait()
    try:
        yield started[0], mails
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def publish(lab: Lab, *findings: tuple[str, str]) -> None:
    """A publication with these findings: an id and its day."""
    lab.configure()
    lab.put("ledger.json", {"covered_days": []})
    folder = lab.root / "published"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(
        json.dumps({"window": {"first_day": "2026-03-01", "last_day": "2026-03-14"}})
    )
    (folder / "marts.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "marts.duckdb")) as marts:
        marts.execute(
            "create table campaigns as select 'launch' as campaign_id,"
            " '新茶上市' as campaign_name"
        )
        marts.execute(
            "create table findings (finding_id text, finding_kind text, campaign_id"
            " text, partner_id text, source text, platform text, activity_day date,"
            " message text, advice text)"
        )
        for name, day in findings:
            marts.execute(
                "insert into findings values (?, 'phantom_burst', 'launch', null, null,"
                " 'weibo', ?, 'Many came.', 'Look.')",
                [name, day],
            )


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A workspace folder; nobody is told anything."""
    monkeypatch.delenv(ADDRESSES, raising=False)
    lab = Lab(tmp_path / "lab")
    (lab.root / "export").mkdir(parents=True)
    return lab


def told_in_file(workspace: Workspace) -> list[str]:
    """Ids in `alarms.jsonl`, in their order."""
    lines = (workspace.root / "alarms.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["finding_id"] for line in lines]


def test_findings_are_told_once_by_chat_mail_and_file(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, ("old", "2026-03-01"), ("a", "2026-03-13"))
    with hook() as chat, mailbox() as (port, mails):
        mail = f"mailto://127.0.0.1:{port}?from=wm@example.com&to=team@example.com"
        monkeypatch.setenv(ADDRESSES, f"json://127.0.0.1:{chat.port}/hook\n{mail}")
        assert [one.finding_id for one in tell_findings(lab.workspace).new] == ["a"]
        assert not tell_findings(lab.workspace).new
        publish(lab, ("a", "2026-03-13"), ("b", "2026-03-14"))
        tell_findings(lab.workspace)
    assert [body["title"] for body in chat.bodies] == ["Weibo Manager: 1 finding"] * 2
    assert chat.bodies[0]["message"] == (
        "2026-03-13 phantom burst, 新茶上市 (weibo): Many came. Look."
    )
    assert "2026-03-14" in chat.bodies[1]["message"]
    assert "2026-03-13" not in chat.bodies[1]["message"]
    assert len(mails) == 2
    assert "team@example.com" in mails[0]
    assert told_in_file(lab.workspace) == ["a", "b"], "that of 1 March is old news"
    for name in ("alarms.json", "alarms.jsonl"):
        assert (lab.root / name).stat().st_mode & 0o077 == 0


def test_what_an_address_refused_is_told_again_there_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, ("a", "2026-03-13"))
    with hook() as broken, hook() as sound:
        broken.status = 500
        addresses = [f"json://127.0.0.1:{one.port}/s3cret" for one in (broken, sound)]
        monkeypatch.setenv(ADDRESSES, " ".join(addresses))
        (failed,) = tell_findings(lab.workspace).failed
        assert failed == f"address 1 of {ADDRESSES} (json)"
        broken.status = 200
        assert not tell_findings(lab.workspace).failed
        tell_findings(lab.workspace)
    assert len(broken.bodies) == 2
    assert len(sound.bodies) == 1
    assert "s3cret" not in (lab.root / "alarms.json").read_text()


def test_what_was_killed_while_it_was_sent_is_not_sent_twice(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, ("a", "2026-03-13"))
    with hook() as chat:
        monkeypatch.setenv(ADDRESSES, f"json://127.0.0.1:{chat.port}/")
        real = alarms.write_atomically

        def killed(path: Path, text: str) -> None:
            if "sent" in text:
                raise KeyboardInterrupt
            real(path, text)

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(alarms, "write_atomically", killed)
            tell_findings(lab.workspace)
        tell_findings(lab.workspace)
    assert len(chat.bodies) == 1
    assert told_in_file(lab.workspace) == ["a"]


def test_a_source_that_died_long_ago_is_told_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, ("a", "2026-03-13"))
    gone = alarms.Finding(
        *("source_late:x", "source_late", "x", None, "weibo", date(2020, 1, 1)),
        message="Gone.",
        advice="Look.",
    )
    monkeypatch.setattr(alarms, "_late", lambda workspace: [gone])
    assert len(tell_findings(lab.workspace).new) == 2
    publish(lab, ("a", "2026-03-13"), ("b", "2026-03-14"))
    assert [one.finding_id for one in tell_findings(lab.workspace).new] == ["b"]
    assert not tell_findings(lab.workspace).new


def test_dry_run_leaves_no_trace(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(lab, ("a", "2026-03-13"))
    with hook() as chat:
        monkeypatch.setenv(ADDRESSES, f"json://127.0.0.1:{chat.port}/")
        assert len(tell_findings(lab.workspace, dry_run=True).new) == 1
    assert not chat.bodies
    assert not list(lab.root.glob("alarms*"))


def test_kinds_may_be_left_out(lab: Lab) -> None:
    publish(lab, ("a", "2026-03-13"))
    with (lab.root / "workspace.toml").open("a") as handle:
        handle.write('[alarms]\nleave_out = ["phantom_burst"]\n')
    assert not tell_findings(lab.workspace).new


def test_many_findings_are_one_message(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, *((f"f{n:02}", "2026-03-13") for n in range(30)))
    with hook() as chat:
        monkeypatch.setenv(ADDRESSES, f"json://127.0.0.1:{chat.port}/")
        tell_findings(lab.workspace)
    (body,) = chat.bodies
    assert body["title"] == "Weibo Manager: 30 findings"
    assert body["message"].count("phantom burst") == 20
    assert len(told_in_file(lab.workspace)) == 30


def test_trial_says_whether_addresses_work(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=ADDRESSES):
        send_trial()
    with hook() as chat:
        monkeypatch.setenv(ADDRESSES, f"json://127.0.0.1:{chat.port}/")
        assert not send_trial()
        chat.status = 403
        assert len(send_trial()) == 1
    assert "Nothing is wrong" in chat.bodies[0]["message"]


def test_mistakes_are_told_without_the_secret(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(lab, ("a", "2026-03-13"))
    monkeypatch.setenv(ADDRESSES, "nonsense://s3cret json//s3cret")
    with pytest.raises(ConfigurationError) as caught:
        tell_findings(lab.workspace)
    assert len(caught.value.mistakes) == 2
    assert "s3cret" not in str(caught.value)
    monkeypatch.delenv(ADDRESSES)
    (lab.root / "alarms.json").write_text("{")
    with pytest.raises(AlarmError, match=r"alarms\.json can't be read"):
        tell_findings(lab.workspace)
