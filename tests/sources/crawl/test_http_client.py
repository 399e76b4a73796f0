"""The client against servers that are slow, broken, greedy or lead astray."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tasks.sources.crawl.http_client import (
    Client,
    FetchError,
    ForbiddenAddressError,
)
from tests.sources.crawl.raw_server import certificate, response, says, speaking

SECRET = "2.00CANARYTOKEN"  # noqa: S105 - of no use anywhere
HEADERS = {"authorization": f"OAuth2 {SECRET}"}


class FixedClock:
    """Always the same moment."""

    def now(self) -> float:
        """4 March 2026, 01:50:00.25 UTC."""
        return 1_772_589_000.25

    def sleep(self, seconds: float) -> None:
        """Fail."""
        raise AssertionError("the client never waits")


def client(port: int, **options: object) -> Client:
    return Client(f"http://127.0.0.1:{port}", HEADERS, **options)  # type: ignore[arg-type]


def refused(
    speaker: Callable[[socket.socket, str], None], **options: object
) -> tuple[str, list[str]]:
    """What the client says of an answer that it does not take."""
    with speaking(speaker) as (port, heads), client(port, **options) as asking:
        with pytest.raises(FetchError) as caught:
            asking.get("2/statuses/show.json", {"id": "4055"})
        return str(caught.value), heads


def test_an_answer_comes_with_the_time_of_the_clock() -> None:
    body = b'{"id": 1}' * 100
    packed = response(gzip.compress(body), content_encoding="gzip", Retry_After="3")
    with (
        speaking(says(packed)) as (port, heads),
        client(port, clock=FixedClock()) as asking,
    ):
        answer = asking.get("2/statuses/show.json", {"id": "4055"})
    assert answer.body == body
    assert answer.headers["retry-after"] == "3"
    assert answer.observed_at == datetime(2026, 3, 4, 1, 50, 0, 250_000)  # noqa: DTZ001
    (head,) = heads
    assert head.startswith("GET /2/statuses/show.json?id=4055 ")
    assert f"authorization: OAuth2 {SECRET}\r\n" in head
    assert "accept-encoding: gzip\r\n" in head


def test_a_form_is_posted_in_the_body_only() -> None:
    with speaking(says(response(b"{}"))) as (port, heads), client(port) as asking:
        asking.get("2/x.json", {"q": "tea"}, method="POST")
    assert heads[0].startswith("POST /2/x.json HTTP")


def test_drops_sent_one_by_one_end_at_the_deadline() -> None:
    """A limit on each read alone never ends them."""
    whole = response(b"{" + b" " * 1000 + b"}")
    sent = []

    def drip(connection: socket.socket, head: str) -> None:
        for byte in whole:
            connection.sendall(bytes([byte]))
            sent.append(byte)
            time.sleep(0.02)

    text, _ = refused(drip, deadline_seconds=0.4)
    assert text == "/2/statuses/show.json was not complete after 0.4 s"
    assert len(sent) < len(whole)


def test_a_server_that_never_speaks_ends_at_the_deadline() -> None:
    def listen(connection: socket.socket, head: str) -> None:
        while connection.recv(1):  # until the caller hangs up
            pass

    text, _ = refused(listen, deadline_seconds=0.2)
    assert "was not complete after 0.2 s" in text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (response(b'{"a": 1}', length=100), "RemoteProtocolError"),
        (
            response(
                gzip.compress(b"{" + b" " * 5000 + b"}")[:-9], content_encoding="gzip"
            ),
            "ends too early",
        ),
        (response(b"no gzip at all", content_encoding="gzip"), "is damaged"),
        (response(b"\x0b\x02\x80{}\x03", content_encoding="br"), "not asked for"),
        (response(b"<html>login</html>", content_type="text/html"), "text/html"),
        (response(b"moved", "302 Found"), "redirects to nowhere"),
        (b"hello\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n", "Protocol"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b'transfer-encoding: chunked\r\n\r\n5\r\n{"a":',
            "RemoteProtocolError",
        ),
    ],
    ids=[
        "shorter than it says",
        "gzip cut",
        "gzip damaged",
        "packed otherwise",
        "page for people",
        "redirect to nowhere",
        "no HTTP",
        "nothing",
        "head cut",
        "chunk cut",
    ],
)
def test_a_broken_answer_is_none(data: bytes, words: str) -> None:
    text, heads = refused(says(data))
    assert words in text
    assert len(heads) == 1, "tried once"


def test_an_error_keeps_its_body_whatever_its_type() -> None:
    """Platforms say why in the body, now and then as text/html."""
    data = response(b'{"error_code":10023}', "403 Forbidden", content_type="text/html")
    with speaking(says(data)) as (port, _), client(port) as asking:
        answer = asking.get("2/x.json")
    assert (answer.status, answer.body) == (403, b'{"error_code":10023}')


def test_a_bomb_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(64 << 20), 9)
    text, _ = refused(
        says(response(packed, content_encoding="gzip")), max_bytes=1 << 20
    )
    assert "larger than any page can be" in text


def test_an_endless_answer_is_left() -> None:
    def endless(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 65_536)

    text, _ = refused(endless, max_packed_bytes=1 << 20)
    assert "larger than any page can be" in text


# --- where it may go -----------------------------------------------------------


def test_a_redirect_elsewhere_takes_no_credential_along() -> None:
    with speaking(says(response(b"{}"))) as (other, heard):
        for place in (
            f"http://127.0.0.1:{other}/steal",
            f"http://localhost:{other}/steal",
            f"//127.0.0.1:{other}/steal",
            "https://example.com/steal",
            "ftp://127.0.0.1/x",
            "http://[broken",
        ):
            moved = response(b"", "302 Found", location=place)
            text, heads = refused(says(moved))
            assert "redirects elsewhere: not followed" in text
            assert len(heads) == 1
    assert not heard


def test_a_redirect_within_the_host_is_followed_a_few_times() -> None:
    def moving(connection: socket.socket, head: str) -> None:
        if "/there" in head:
            connection.sendall(response(b"{}"))
        else:
            connection.sendall(response(b"", "302 Found", location="/there"))

    with speaking(moving) as (port, heads), client(port) as asking:
        assert asking.get("2/download.json", {"signature": "s"}).body == b"{}"
    assert len(heads) == 2
    assert heads[1].startswith("GET /there HTTP")
    text, heads = refused(says(response(b"", "302 Found", location="/2/again")))
    assert "redirects again and again" in text
    assert len(heads) == 4


def test_a_download_leads_on_to_hosts_that_are_named_and_sends_them_nothing() -> None:
    archive = response(b"PK", content_type="application/zip")
    with speaking(says(archive)) as (store, heard):
        place = f"http://127.0.0.1:{store}/a.zip?sealed=1"
        moved = says(response(b"", "302 Found", location=place))
        named = (f"http://127.0.0.1:{store}",)
        with (
            speaking(moved) as (port, heads),
            client(port, file_hosts=named) as asking,
            client(port) as strict,
        ):
            found = asking.get("download.json", {"signature": "s"}, content_type="zip")
            assert found.body == b"PK"
            # Lists never lead there, nor does a download where it is not named.
            with pytest.raises(FetchError, match="not followed"):
                asking.get("list.json")
            with pytest.raises(ForbiddenAddressError, match="'127.0.0.1'"):
                strict.get("download.json", content_type="zip")
    assert SECRET in heads[0]
    (sent,) = heard
    assert sent.startswith("GET /a.zip?sealed=1 ")
    assert SECRET not in sent
    assert "signature" not in sent


def test_links_are_followed_to_the_platforms_hosts_only() -> None:
    with (
        speaking(says(response(b"{}"))) as (port, heads),
        speaking(says(response(b"{}"))) as (other, strange),
        speaking(says(response(b"{}"))) as (second, known),
        client(port, other_hosts=(f"http://127.0.0.1:{second}",)) as asking,
    ):
        asking.get(f"http://127.0.0.1:{port}/next?page=2")
        asking.get(f"http://127.0.0.1:{second}/next?page=2")
        for address in (
            f"http://127.0.0.1:{other}/next",
            f"http://127.0.0.1:{port}@example.com/next",
            f"http://127.0.0.1.example.com:{port}/next",
            "http://example.com/next",
            "https://127.0.0.1/next",
            "file:///etc/passwd",
            "http://127.0.0.1:notaport/next",
        ):
            with pytest.raises(ForbiddenAddressError) as caught:
                asking.get(address)
            assert SECRET not in str(caught.value)
    assert (len(heads), len(known), len(strange)) == (1, 1, 0)


@pytest.mark.parametrize(
    "address", ["http://api.weibo.com", "http://8.8.8.8", "https://user:pw@api.x.com"]
)
def test_nothing_is_sent_in_the_clear(address: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        Client(address, HEADERS)


def test_what_cannot_be_written_is_told_without_it() -> None:
    """An error of Python's holds the whole text that it could not write."""
    for headers, params in (
        ({"authorization": "OAuth2 口令CANARY"}, {}),
        ({}, {"q": "CANARY\ud800"}),
    ):
        with Client("http://127.0.0.1:1", headers) as asking:
            with pytest.raises(FetchError) as caught:
                asking.get("2/x.json", params)
            assert "CANARY" not in repr(caught.value)
            assert caught.value.__suppress_context__


def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    """The handshake fails before a request, and with it the credential, is sent."""
    file = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with speaking(says(response(b"{}")), tls) as (port, heads):
        with (
            Client(f"https://localhost:{port}", HEADERS) as asking,
            pytest.raises(FetchError, match="ConnectError"),
        ):
            asking.get("2/x.json")
        assert not heads
        trusted = ssl.create_default_context(cafile=str(file))
        with Client(f"https://localhost:{port}", HEADERS, verify=trusted) as asking:
            assert asking.get("2/x.json").body == b"{}"
        # A certificate of another name.
        with (
            Client(f"https://127.0.0.1:{port}", HEADERS, verify=trusted) as asking,
            pytest.raises(FetchError, match="ConnectError"),
        ):
            asking.get("2/x.json")
    assert len(heads) == 1


def test_no_error_and_no_log_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Nor what was asked: identifiers stand in queries."""
    caplog.set_level(logging.DEBUG)
    said = []
    for speaker in (
        says(b""),
        says(response(b"<html>", content_type="text/html")),
        says(response(b"", "302 Found", location="https://example.com/?t=" + SECRET)),
        says(response(SECRET.encode(), length=999)),
    ):
        with speaking(speaker) as (port, _), client(port) as asking:
            with pytest.raises(FetchError) as caught:
                asking.get("2/x.json", {"uid": "77770000777", "access_token": SECRET})
            said += [str(caught.value), repr(caught.value), repr(asking)]
            error: BaseException | None = caught.value
            while error is not None:
                said.append(str(error))
                error = error.__cause__
    for text in (*said, caplog.text):
        assert SECRET not in text
        assert "77770000777" not in text
