"""A web application on a port of this machine, in a thread, with a log of its calls.

The log holds what a test asserts on and never a credential: parameters that carry
one are dropped before anything is kept.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SECRET_PARAMS = frozenset(
    (
        *("access_token", "client_secret", "code", "signature", "appsecret_proof"),
        *("token", "app_secret"),
    )
)
_START_SECONDS = 300.0


@dataclass(frozen=True)
class Call:
    """One request and what it was answered.

    Attributes:
        number: of the call at its server, from 1.
        method: GET or POST.
        path: without the query.
        params: of the query and the form, without credentials.
        status: HTTP status.
        rows: records in the answer.
        error: the platform's own error code, None where there is none.
        time: seconds of the server's clock.
    """

    number: int
    method: str
    path: str
    params: Mapping[str, str]
    status: int
    rows: int
    error: int | str | None
    time: float


class CallLog(list[Call]):
    """Calls in the order of their answers."""

    def of(self, path: str) -> list[Call]:
        """The calls whose path contains this."""
        return [call for call in self if path in call.path]

    @property
    def rows(self) -> int:
        """Records in all answers."""
        return sum(call.rows for call in self)


@dataclass(frozen=True)
class Fault:
    """What happens to a call in place of, or besides, its answer.

    Attributes:
        kind: `status` answers with `status` alone; `html` with a page for people
            and status 200; `cut` ends in the middle of the body; `slow` sends the
            body byte by byte; `redirect` sends elsewhere; `bomb` is `size`
            megabytes of zeros, packed to a thousandth; `huge` is `size` megabytes that
            never end as JSON; `garbage` is no JSON.
        status: HTTP status of `status`.
        headers: besides.
        location: where `redirect` leads.
        seconds: between two bytes of `slow`.
        size: of `bomb` and `huge`.
    """

    kind: Literal[
        "status", "html", "cut", "slow", "redirect", "bomb", "huge", "garbage"
    ]
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    seconds: float = 0.05
    size: int = 8


class Cut(Exception):  # noqa: N818 - a way to end an answer, no error of ours
    """Ends an answer in the middle."""


async def faulty(fault: Fault, body: bytes) -> Response:
    """The answer that a fault makes of a body."""
    headers = dict(fault.headers)
    json_type = "application/json;charset=UTF-8"
    if fault.kind == "status":
        return Response(b"", fault.status, headers)
    if fault.kind == "html":
        page = "<html><body>请登录</body></html>"
        return Response(page, 200, headers, media_type="text/html")
    if fault.kind == "redirect":
        return Response(b"", 302, {**headers, "location": fault.location})
    if fault.kind == "garbage":
        return Response(b'{"statuses":[{"id":12', 200, headers, media_type=json_type)
    if fault.kind == "bomb":
        packed = gzip.compress(bytes(fault.size << 20), 9)
        headers["content-encoding"] = "gzip"
        return Response(packed, 200, headers, media_type=json_type)
    if fault.kind == "cut":
        headers["content-length"] = str(len(body) + 100)

        async def part() -> AsyncIterator[bytes]:
            yield body[: len(body) // 2]
            raise Cut

        return StreamingResponse(part(), 200, headers, media_type=json_type)
    if fault.kind == "huge":

        async def zeros() -> AsyncIterator[bytes]:
            yield b'{"statuses":["'
            for _ in range(fault.size):
                yield b"0" * (1 << 20)

        return StreamingResponse(zeros(), 200, headers, media_type=json_type)

    async def drops() -> AsyncIterator[bytes]:
        for place in range(len(body)):
            await asyncio.sleep(fault.seconds)
            yield body[place : place + 1]

    return StreamingResponse(drops(), 200, headers, media_type=json_type)


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers.

    Attributes:
        body: JSON.
        status: HTTP status.
        rows: records in it.
        error: the platform's own code.
        headers: besides the usual ones.
    """

    body: bytes
    status: int = 200
    rows: int = 0
    error: int | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request as endpoints see it.

    Attributes:
        number: of the call.
        method: GET or POST.
        path: without the query.
        params: of the query and the form, credentials included.
        lists: of the query, with all values of each name.
        headers: lower-case names.
        ip: of the caller.
        base_url: that the caller used.
    """

    number: int
    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    ip: str
    base_url: str
    lists: Mapping[str, list[str]] = field(default_factory=dict)


class Emulator:
    """The ground of every platform's emulator: log, hooks, faults.

    Attributes:
        calls: the log.
        before_call: called with each request before it is answered, in the
            server's thread: here a test changes the world while pages are read.
        faults: by number of the call, what goes wrong with it.
        clock: seconds; of limits and of the log.
        latency: seconds that each answer takes.
        number: of the last call.
        under_way: calls that are being answered.
        most_under_way: of them, at once.
        failures: what went wrong in the emulator itself, in `before_call` too.
    """

    content_type = "application/json; charset=UTF-8"

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.calls = CallLog()
        self.before_call: Callable[[Asked], None] | None = None
        self.faults: dict[int, Fault] = {}
        self.clock = clock
        self.latency = 0.0
        self.failures: list[Exception] = []
        self.number = 0
        self.under_way = self.most_under_way = 0

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        raise NotImplementedError

    def app(self) -> ASGIApp:
        """The application to serve."""
        app = Starlette()
        app.add_route("/{path:path}", self._respond, methods=["GET", "POST"])
        return _Quiet(app)

    async def _respond(self, request: Request) -> Response:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._logged(request)
        except ClientDisconnect:
            # Who asked was killed before the question was whole: none was asked.
            raise Cut from None
        except Exception as failure:
            self.failures.append(failure)
            raise
        finally:
            self.under_way -= 1

    async def _logged(self, request: Request) -> Response:
        params = dict(request.query_params)
        if request.method == "POST":
            form = (await request.body()).decode()
            is_json = "json" in request.headers.get("content-type", "")
            params |= json.loads(form) if is_json else dict(parse_qsl(form))
        self.number += 1
        asked = Asked(
            number=self.number,
            method=request.method,
            path=request.url.path,
            params=params,
            headers=request.headers,
            ip=request.client.host if request.client else "",
            base_url=str(request.base_url).rstrip("/"),
            lists={
                name: request.query_params.getlist(name)
                for name in request.query_params
            },
        )
        if self.before_call is not None:
            self.before_call(asked)
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.faults.get(asked.number)
        if fault is not None and fault.kind == "status":
            answer = Answer(b"", fault.status)
        else:
            answer = self.answer(asked)
        self.calls.append(
            Call(
                number=asked.number,
                method=asked.method,
                path=asked.path,
                params={
                    key: value
                    for key, value in params.items()
                    if key not in SECRET_PARAMS
                },
                status=answer.status,
                rows=answer.rows,
                error=answer.error,
                time=self.clock(),
            )
        )
        if fault is not None:
            return await faulty(fault, answer.body)
        headers = {"content-type": self.content_type, **answer.headers}
        body = answer.body
        if "gzip" in request.headers.get("accept-encoding", "") and len(body) > 500:
            body = gzip.compress(body, 1)
            headers |= {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Response(body, answer.status, headers)


class _Quiet:
    """Ends the connection where an answer was cut, without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Cut:
            # uvicorn closes the connection of an answer that ends early.
            return


@contextmanager
def serve(emulator: Emulator, port: int = 0) -> Iterator[str]:
    """Serve an emulator on this machine; gives its base address.

    Raises:
        Exception: at the end, what went wrong in the emulator itself.
    """
    # Without the protocol named, asyncio leaves Nagle's delay on: 40 ms a call.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        emulator.app(),
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, daemon=True
    )
    thread.start()
    limit = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > limit:
            raise RuntimeError("the emulator did not start")
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        listener.close()
    if emulator.failures:
        raise emulator.failures[0]
