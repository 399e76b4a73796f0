"""One HTTP client for every platform: polite, bounded, and silent about secrets.

It asks only the hosts it was made for, over TLS (but for this machine itself),
follows no redirect that leads elsewhere, sends no credential to where files lie, and
gives up on answers that are late, too large, cut short or of another kind. It tries
once: whether to try again, and what an attempt costs, is decided where the
platform's errors are known. Several calls may be under way at once (`send`).

An error's text names the path, never the query, a header or the answer. Where an
answer repeats a credential that was sent, as error pages do, it is blotted out before
anybody sees it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
import threading
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

# A page of 200 rows has about 400 KB; nothing that is asked for comes near these.
MAX_PACKED_BYTES = 32 << 20
MAX_BYTES = 64 << 20
# For one call, from connecting to the last byte.
DEADLINE_SECONDS = 60.0
# A download may lead on to where the file lies; a chain of redirects is a loop.
MAX_REDIRECTS = 3
_TIMEOUT = httpx.Timeout(20.0, connect=10.0).as_dict()
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "gzip",
    "connection": "keep-alive",
    "user-agent": "weibo-manager",
}
# A shorter word may stand in an answer by chance.
_SHORTEST_SECRET = 8


class FetchError(Exception):
    """No usable answer this time: the network, or an answer that breaks rules."""


class ForbiddenAddressError(Exception):
    """An address that this client must not ask; asking again changes nothing."""


class Clock(Protocol):
    """Time as the crawl sees it; tests put their own in its place."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        """Make a clock.

        Args:
            stop: ends a wait as soon as it is set.
        """
        self._stop = stop or threading.Event()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._stop.wait(seconds)


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: unpacked.
        observed_at: when it was complete, UTC without a zone.
        asked: the query or form that it answers, without its secrets; several calls
            may be under way, and an error doesn't say whose it is.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    observed_at: datetime
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Sent:
    """What a call sends: all parameters, how, and what of them is secret."""

    params: Mapping[str, str] = field(repr=False)
    is_json: bool
    secrets: frozenset[bytes] = field(repr=False)


class Client:
    """A client for the host of one base address."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        clock: Clock | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        max_packed_bytes: int = MAX_PACKED_BYTES,
        max_bytes: int = MAX_BYTES,
        verify: ssl.SSLContext | bool = True,
        other_hosts: tuple[str, ...] = (),
        file_hosts: tuple[str, ...] = (),
    ) -> None:
        """Make a client.

        Args:
            base_url: of the platform; only its scheme, host and port are asked.
            headers: sent with each call, credentials among them.
            clock: for `observed_at`.
            deadline_seconds: for a whole call.
            max_packed_bytes: of an answer as it comes.
            max_bytes: of an answer unpacked.
            verify: certificates; a context of one's own for a private authority.
            other_hosts: base addresses of the same platform that may be asked too.
            file_hosts: addresses that downloads may lead on to; they are sent no
                headers.

        Raises:
            ForbiddenAddressError: the address is not https, and not this machine.
        """
        self._base = base_url.rstrip("/")
        self._allowed = {_origin(address) for address in (base_url, *other_hosts)}
        self._file_hosts = {_origin(address) for address in file_hosts}
        self._headers = dict(headers or {})
        self._clock = clock or SystemClock()
        self._deadline = deadline_seconds
        self._max_packed = max_packed_bytes
        self._max = max_bytes
        self._secrets = _secrets(self._headers)
        _silence()
        # A thread of its own: the caller may stand in an event loop already.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="http", daemon=True
        )
        self._thread.start()
        # Read once, it takes longer than many calls.
        self._trust = (
            httpx.create_ssl_context(trust_env=False) if verify is True else verify
        )
        # Connections that are kept, by host. Each is a transport of its own: a pool of
        # many looks at all of them for each call, and a client's cookies, redirects and
        # authentication, which are of no use here, take a fifth of a call.
        self._idle: dict[tuple[str, str, int], list[httpx.AsyncHTTPTransport]] = {}

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close connections; calls that are under way are given up."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for kept in self._idle.values():
            for http in kept:
                await http.aclose()

    def _connect(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=1),
            trust_env=False,
            verify=self._trust,
        )

    @property
    def sent_headers(self) -> dict[str, str]:
        """The headers that are sent, credentials among them; never to be printed."""
        return dict(self._headers)

    def set_headers(self, headers: Mapping[str, str]) -> None:
        """Take other credentials from now on."""
        self._headers = dict(headers)
        # The former ones may still be echoed.
        self._secrets |= _secrets(self._headers)

    def get(
        self,
        address: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        content_type: str = "json",
    ) -> Answer:
        """Ask once and wait for the answer; as `send`."""
        sent = self.send(address, params, method=method, content_type=content_type)
        return sent.result()

    def send(
        self,
        address: str,
        params: Mapping[str, str] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        method: str = "GET",
        is_json: bool = False,
        content_type: str = "json",
    ) -> Future[Answer]:
        """Ask once; the answer comes later, or a FetchError in its place.

        Args:
            address: a path below the base address, or a whole address that an
                answer gave.
            params: query; the form of a POST.
            secrets: more of it; blotted out where this call's answer repeats it.
            method: GET or POST.
            is_json: the form is sent as JSON.
            content_type: what the answer's type must contain; all but JSON are
                downloads.

        Raises:
            ForbiddenAddressError: the address leads elsewhere; so may the answer.
        """
        url = address if "://" in address else f"{self._base}/{address.lstrip('/')}"
        if _origin(url) not in self._allowed:
            raise ForbiddenAddressError(
                f"an answer leads to the host '{urlsplit(url).hostname}', which is"
                " not the platform's: not followed"
            )
        sent = _Sent(
            {**(params or {}), **(secrets or {})},
            is_json,
            frozenset(_secrets(secrets or {})),
        )
        work = self._fetch(method, url, sent, content_type)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _fetch(
        self, method: str, url: str, sent: _Sent, content_type: str
    ) -> Answer:
        path = urlsplit(url).path
        kept = self._idle.setdefault(_origin(url), [])
        http = kept.pop() if kept else self._connect()
        try:
            async with asyncio.timeout(self._deadline):
                for _ in range(MAX_REDIRECTS + 1):
                    asked = http, method, url, sent, path, content_type
                    found = await self._ask(*asked)
                    if isinstance(found, Answer):
                        return found
                    # The address that is led to is whole: it has its own query.
                    method, url, sent = "GET", found, replace(sent, params={})
        except TimeoutError:
            raise FetchError(
                f"{path} was not complete after {self._deadline:g} s"
            ) from None
        except (
            *(httpx.HTTPError, httpx.InvalidURL, httpx.StreamError),
            # What can't be written; the error holds it, a credential maybe.
            UnicodeError,
        ) as error:
            raise FetchError(f"{path}: {type(error).__name__}") from None
        finally:
            kept.append(http)
        raise FetchError(f"{path} redirects again and again")

    async def _ask(
        self,
        http: httpx.AsyncHTTPTransport,
        method: str,
        url: str,
        sent: _Sent,
        path: str,
        kind: str,
    ) -> Answer | str:
        """The answer, or the address that it leads on to and that may be asked."""
        answer = await http.handle_async_request(self._request(method, url, sent))
        try:
            if answer.has_redirect_location:
                return self._follow(url, answer.headers["location"], path, kind)
            if answer.is_redirect:
                raise FetchError(f"{path} redirects to nowhere")
            body = await self._read(answer, path)
            told = {
                name.lower(): self._blotted(text.encode(), sent.secrets).decode()
                for name, text in answer.headers.items()
            }
            found = told.get("content-type", "")
            if answer.status_code < 400 and kind not in found:
                raise FetchError(
                    f"{path} answered {found.split(';')[0] or 'nothing known'}"
                    f" in place of {kind}"
                )
            return Answer(
                answer.status_code,
                told,
                self._blotted(body, sent.secrets),
                datetime.fromtimestamp(self._clock.now(), UTC).replace(tzinfo=None),
            )
        finally:
            await answer.aclose()

    def _request(self, method: str, url: str, sent: _Sent) -> httpx.Request:
        own = self._headers if _origin(url) in self._allowed else {}
        form: dict[str, Any] = {}
        if sent.params and method == "POST":
            form = {"json" if sent.is_json else "data": sent.params}
        elif sent.params:
            mark = "&" if "?" in url else "?"
            url = f"{url}{mark}{httpx.QueryParams(sent.params)}"
        return httpx.Request(
            method,
            url,
            headers={**_HEADERS, **own},
            extensions={"timeout": _TIMEOUT},
            **form,
        )

    def _blotted(self, told: bytes, more: frozenset[bytes] = frozenset()) -> bytes:
        for secret in self._secrets | more:
            told = told.replace(secret, b"***")
        return told

    def _follow(self, url: str, location: str, path: str, kind: str) -> str:
        is_file = kind != "json"
        allowed = self._allowed | (self._file_hosts if is_file else set())
        try:
            target = urljoin(url, location)
            origin = _origin(target)
        except (ForbiddenAddressError, ValueError):
            raise FetchError(f"{path} redirects elsewhere: not followed") from None
        if origin in allowed:
            return target
        if is_file:
            host = self._blotted(origin[1].encode()).decode()
            raise ForbiddenAddressError(
                f"a download leads to the host '{host}': if it is the platform's,"
                " name its address in the source's `download_hosts`"
            )
        raise FetchError(f"{path} redirects elsewhere: not followed")

    async def _read(self, answer: httpx.Response, path: str) -> bytes:
        packing = answer.headers.get("content-encoding", "identity").lower()
        if packing not in ("identity", "gzip"):
            raise FetchError(f"{path} is packed in a way that was not asked for")
        # Own unpacking: the library's passes a stream that ends too early, and
        # unpacks without a bound.
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing == "gzip" else None
        parts: list[bytes] = []
        packed = size = 0
        async for chunk in answer.aiter_raw():
            packed += len(chunk)
            part = chunk
            if unpack is not None:
                try:
                    part = unpack.decompress(chunk, self._max - size + 1)
                except zlib.error:
                    raise FetchError(f"{path} is damaged") from None
            size += len(part)
            if packed > self._max_packed or size > self._max:
                raise FetchError(f"{path} is larger than any page can be")
            parts.append(part)
        if unpack is not None and packed and not unpack.eof:
            raise FetchError(f"{path} ends too early")
        return b"".join(parts)


def _silence() -> None:
    """Keep the libraries out of logs: they write addresses, queries, headers.

    Each logger by itself: a logging configuration may have set any of them.
    """
    for name in ("httpx", "httpcore", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)


def _secrets(headers: Mapping[str, str]) -> set[bytes]:
    """Credentials of headers, as an answer may repeat them; no short words."""
    words = {text.rpartition(" ")[2] for text in headers.values()}
    forms = {form for word in words for form in (word, quote(word, ""), unquote(word))}
    return {form.encode() for form in forms if len(form) >= _SHORTEST_SECRET}


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise ForbiddenAddressError("an address that is none") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise ForbiddenAddressError(
            f"the address of '{host}' is not https: nothing is sent in the clear"
        )
    if parts.username or parts.password:
        raise ForbiddenAddressError("an address that carries a password")
    return parts.scheme, host, port


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
