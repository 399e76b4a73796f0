"""The ground of the emulators: a server, a log without secrets, faults."""

from __future__ import annotations

import socket
import time
from functools import partial

import httpx
import pytest

from tests.emulators.serving import Answer, Asked, Emulator, Fault, serve
from tests.workspaces import PATIENCE_SECONDS

BODY = b'{"statuses":[' + b",".join(b'{"id":%d}' % key for key in range(200)) + b"]}"

# Without a limit of its own, httpx waits for five seconds.
get = partial(httpx.get, timeout=PATIENCE_SECONDS)


class Plain(Emulator):
    """Answers always the same."""

    def answer(self, asked: Asked) -> Answer:
        """Answer the same."""
        return Answer(BODY, rows=200)


def test_a_call_is_answered_and_logged_without_its_secrets() -> None:
    emulator = Plain()
    with (
        serve(emulator) as base,
        httpx.Client(base_url=base, timeout=PATIENCE_SECONDS) as client,
    ):
        client.get("/2/a.json", params={"id": "7", "access_token": "canary"})
        client.post("/2/b.json", data={"q": "tea", "client_secret": "canary"})
        answer = client.get("/2/c.json", headers={"Authorization": "OAuth2 canary"})
    assert answer.json()["statuses"][199] == {"id": 199}
    assert answer.headers["content-encoding"] == "gzip"
    assert [(call.number, call.method, call.path) for call in emulator.calls] == [
        (1, "GET", "/2/a.json"),
        (2, "POST", "/2/b.json"),
        (3, "GET", "/2/c.json"),
    ]
    assert [dict(call.params) for call in emulator.calls] == [
        {"id": "7"},
        {"q": "tea"},
        {},
    ]
    assert emulator.calls.rows == 600
    assert "canary" not in repr(emulator.calls)


def test_calls_on_one_connection_wait_for_no_acknowledgement() -> None:
    # Without TCP_NODELAY each answer of two packets takes 40 ms.
    with (
        serve(Plain()) as base,
        httpx.Client(base_url=base, timeout=PATIENCE_SECONDS) as client,
    ):
        took = []
        for _ in range(20):
            start = time.perf_counter()
            client.get("/")
            took.append(time.perf_counter() - start)
    # A busy machine makes some slow; waiting would make all of them so.
    assert min(took) < 0.04


def test_a_mistake_of_the_emulator_is_not_hidden() -> None:
    emulator = Plain()

    def stumble(asked: Asked) -> None:
        raise KeyError("world")

    emulator.before_call = stumble
    with pytest.raises(KeyError, match="world"), serve(emulator) as base:
        assert get(base).status_code == 500


def test_two_servers_run_side_by_side_and_end() -> None:
    with serve(Plain()) as first, serve(Plain()) as second:
        assert first != second
        assert get(first).status_code == get(second).status_code == 200
    with pytest.raises(httpx.ConnectError):
        get(first)


def test_a_test_may_act_before_a_call() -> None:
    emulator = Plain()
    seen: list[int] = []
    emulator.before_call = lambda asked: seen.append(asked.number)
    with serve(emulator) as base:
        get(base)
        get(base)
    assert seen == [1, 2]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault("status", 502), 502, None),
        (Fault("status", 429, {"retry-after": "7"}), 429, None),
        (Fault("html"), 200, "text/html"),
        (Fault("redirect", location="http://elsewhere.invalid/"), 302, None),
    ],
)
def test_a_fault_takes_the_place_of_an_answer(
    fault: Fault, status: int, kind: str | None
) -> None:
    emulator = Plain()
    emulator.faults[2] = fault
    with serve(emulator) as base:
        assert get(base).status_code == 200
        answer = get(base)
        assert get(base).status_code == 200
    assert answer.status_code == status
    assert (kind or "") in answer.headers.get("content-type", "")
    assert answer.headers.get("retry-after") == fault.headers.get("retry-after")
    assert answer.headers.get("location", "") == fault.location


def test_an_answer_ends_in_the_middle() -> None:
    emulator = Plain()
    emulator.faults[1] = Fault("cut")
    with serve(emulator) as base, pytest.raises(httpx.RemoteProtocolError):
        get(base)


def test_an_answer_is_no_json() -> None:
    emulator = Plain()
    emulator.faults[1] = Fault("garbage")
    with serve(emulator) as base, pytest.raises(ValueError):
        get(base).json()


def test_an_answer_drips() -> None:
    emulator = Plain()
    emulator.faults[1] = Fault("slow", seconds=0.05)
    with (
        serve(emulator) as base,
        httpx.stream("GET", base, timeout=PATIENCE_SECONDS) as answer,
    ):
        start = time.perf_counter()
        parts = answer.iter_raw()
        found = b"".join(next(parts) for _ in range(5))
        assert time.perf_counter() - start > 0.1
    assert BODY.startswith(found)
    assert len(found) < 50


def test_a_small_answer_unpacks_to_a_large_one() -> None:
    emulator = Plain()
    emulator.faults[1] = Fault("bomb", size=3)
    with serve(emulator) as base:
        answer = get(base)
    assert int(answer.headers["content-length"]) < 10_000
    assert len(answer.content) == 3 << 20


def test_an_answer_is_huge() -> None:
    emulator = Plain()
    emulator.faults[1] = Fault("huge", size=2)
    with serve(emulator) as base:
        assert len(get(base).content) > 2 << 20


def test_who_is_killed_before_the_question_is_whole_asked_nothing() -> None:
    emulator = Plain()
    with serve(emulator) as base:
        place = ("127.0.0.1", int(base.rpartition(":")[2]))
        with socket.create_connection(place) as killed:
            killed.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nq")
            while not emulator.most_under_way:
                time.sleep(0.01)
        while emulator.under_way:
            time.sleep(0.01)
        get(f"{base}/b")
    assert [(call.number, call.path) for call in emulator.calls] == [(1, "/b")]
