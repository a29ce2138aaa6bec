"""The other face's inner half: somebody else's server, seen as an ASGI app.

Rules of this file: the upstream's address comes from configuration and from nowhere else; redirects
are passed on, never followed; hop-by-hop headers (RFC 9110, 7.6.1) stop here in both directions;
bytes are neither decoded nor re-encoded.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import aiohttp
from yarl import URL

from guardrail._asgi import CANCELS, Headers, Message, Receive, Scope, Send, header
from guardrail._hops import as_text, end_to_end, target_of
from guardrail.errors import BodyError, UpstreamError

__all__ = ["AiohttpTransport", "Answer", "HttpxTransport", "Transport", "Upstream"]

EMPTY = frozenset({204, 304})  # a length here is the length of nothing, or of another answer
FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an upstream's answer, and its body as it comes."""

    status: int
    headers: Headers
    chunks: AsyncIterator[bytes]


class Transport(Protocol):
    """Sends requests to the one upstream.

    Contract: `tests/contract/test_transports.py`. `send` gives a context manager; leaving it closes
    the connection if the body was not read to its end. It raises `UpstreamError` and nothing else,
    also while chunks are read.
    """

    def send(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> AbstractAsyncContextManager[Answer]:
        """Send one request; `target` is path and query as they stood on the wire."""
        ...

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...


class AiohttpTransport:
    """The default: by measurement the one client that keeps many streams cheap.

    See `docs/benchmarks.md`, "Upstream transport".
    """

    def __init__(
        self, base: str, *, connect_seconds: float = 5.0, read_seconds: float = 300.0
    ) -> None:
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_seconds, sock_read=read_seconds
        )
        self._session: aiohttp.ClientSession | None = None
        self._failing = _Failing(aiohttp.ClientError)

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> AsyncIterator[Answer]:
        """See `Transport`."""
        session = self._open()
        url = URL(self._base + target, encoded=True)
        pairs = [(as_text(k), as_text(v)) for k, v in headers]
        with self._failing:
            response = await session.request(
                method, url, headers=pairs, data=body or None, allow_redirects=False
            )
        try:
            yield Answer(response.status, list(response.raw_headers), self._chunks(response))
        finally:
            if not response.content.at_eof():  # else the connection is already back in the pool
                response.close()

    async def close(self) -> None:
        """See `Transport`."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("user-agent", "accept", "accept-encoding", "content-type"),
            )
        return self._session

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        with self._failing:
            async for chunk in response.content.iter_any():
                yield chunk


class HttpxTransport:
    """For callers who bring their own `httpx` or `httpx2` client (or its transport, in tests).

    Both libraries have the same client; which of the two it is does not matter here. Its timeouts,
    pool and proxies apply; its default headers and its cookies do not: requests of many people go
    through it, and each goes out as it came.
    """

    def __init__(self, base: str, client: Any) -> None:
        self._base, self._client = base.rstrip("/"), client
        self._failing = _Failing(*_failures(client))

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> AsyncIterator[Answer]:
        """See `Transport`."""
        with self._failing:
            response = await self._client.send(
                self._request(method, target, headers, body), stream=True, follow_redirects=False
            )
        try:
            yield Answer(response.status_code, response.headers.raw, self._chunks(response))
        finally:
            await response.aclose()

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.aclose()

    def _request(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> Any:
        """A request with these headers, those of its framing, and no others."""
        request = self._client.build_request(
            method, self._base + target, headers=headers, content=body or None
        )
        given = {name.lower() for name, _ in headers}
        framing = [
            (k, v)
            for k, v in request.headers.raw
            if k.lower() in FRAMING and k.lower() not in given
        ]
        request.headers = type(request.headers)([*framing, *headers])
        return request

    async def _chunks(self, response: Any) -> AsyncIterator[bytes]:
        with self._failing:
            async for chunk in response.aiter_raw():
                yield chunk


class Upstream:
    """An ASGI app that forwards to the upstream.

    `headers` are set on every request, in place of the client's own of the same name: a provider
    key, when it is the proxy that holds it. A request body may have up to `body_bytes`, and may be
    silent for up to `body_seconds` at a time; a chat's, which is here already, needs no waiting.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        headers: Headers | None = None,
        body_bytes: int = 100 * 1024 * 1024,
        body_seconds: float = 30.0,
    ) -> None:
        self._transport = transport
        self._own = [(k.lower(), v) for k, v in headers or []]
        self._bytes, self._seconds = body_bytes, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3).

        Raises:
            BodyError: the request body is too large (413) or falls silent (408); some of the
                answer may be out.
            UpstreamError: the upstream failed, likewise.
        """
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011, "reason": "not proxied"})
        else:
            await self._forward(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward; stop at once when the client hangs up, once its request is here, or is refused.

        Servers do not cancel an app whose client left, so a chat that nobody reads would go on
        being generated and paid for. Nor does a transport that is reading an answer notice by
        itself that the request behind it has broken off.
        """
        cancels = (scope.get("extensions") or {}).get(CANCELS)
        if cancels is not None:  # the guard has weighed the body, and keeps watch
            cancels["relied_on"] = True
            await self._transfer(scope, (await receive())["body"], send)
            return
        upload = _Upload(receive, self._bytes, self._seconds)
        body = await upload.body(scope["headers"])
        try:
            async with _Until(upload.over()):
                await self._transfer(scope, body, send)
        except UpstreamError:
            if upload.refused is None:  # else this is the transport's word for it
                raise
        if upload.refused is not None:
            raise upload.refused

    async def _transfer(self, scope: Scope, body: AsyncIterator[bytes] | bytes, send: Send) -> None:
        gone = {b"host", *(name for name, _ in self._own)}
        headers = [*end_to_end(scope["headers"], gone), *self._own]
        async with self._transport.send(scope["method"], target_of(scope), headers, body) as answer:
            empty = {b"content-length"} if answer.status in EMPTY else set()
            kept = [(k.lower(), v) for k, v in end_to_end(answer.headers, empty)]
            await send({"type": "http.response.start", "status": answer.status, "headers": kept})
            async for chunk in answer.chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._transport.close()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return


class _Upload:
    """The request body, and after it the wait for the client to hang up.

    There is one `receive` for both, so the second begins when the first has ended.
    """

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._limit, self._seconds = receive, limit, seconds
        self._size = 0
        self._read = asyncio.Event()  # nothing of it is still to be read
        self._left = False
        # What ended it before its time; transports hide this behind an error of theirs.
        self.refused: BodyError | UpstreamError | None = None

    async def body(self, headers: Headers) -> AsyncIterator[bytes] | bytes:
        """All of it if it came in one piece, else a stream.

        Both raise `BodyError` when it is too large or falls silent.
        """
        announced = header(headers, b"content-length")
        if announced.isdigit() and float(announced) > self._limit:  # int() balks at 4300 digits
            raise self._too_large()
        first = await self._piece()
        if first["type"] == "http.request" and not first.get("more_body", False):
            self._read.set()
            return bytes(first.get("body", b""))
        return self._stream(first)

    async def over(self) -> None:
        """Return once the client has hung up, its body is refused, or nobody takes it."""
        await self._read.wait()
        while not self._left and self.refused is None:
            self._left = (await self._receive())["type"] == "http.disconnect"

    async def _stream(self, message: Message) -> AsyncIterator[bytes]:
        try:
            while message["type"] != "http.disconnect":
                if message.get("body"):
                    taken = asyncio.get_running_loop().call_later(self._seconds, self._stalled)
                    try:
                        yield message["body"]
                    finally:
                        taken.cancel()
                if not message.get("more_body", False):
                    return
                message = await self._piece()
            self._left = True
            raise OSError("the client hung up before its request was complete")
        finally:
            self._read.set()

    async def _piece(self) -> Message:
        """Some more. An upload may be long, but not silent: the deadline begins anew each time."""
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError:
            late = f"the body was silent for {self._seconds:g} seconds"
            self.refused = BodyError(late, status=408, code="body_too_slow")
            raise self.refused from None
        self._size += len(message.get("body", b""))
        if self._size > self._limit:
            raise self._too_large()
        return message

    def _stalled(self) -> None:
        """The upstream takes no more of the body, and says nothing either."""
        self.refused = UpstreamError("the backend stopped reading the request")
        self._read.set()

    def _too_large(self) -> BodyError:
        large = f"the body is larger than {self._limit} bytes"
        self.refused = BodyError(large, code="body_too_large")
        return self.refused


class _Until:
    """What runs inside is cancelled, and left without an error, once `end` is over.

    If `end` raises, so does leaving.
    """

    def __init__(self, end: Coroutine[Any, Any, None]) -> None:
        self._inside = False
        self._watch = asyncio.ensure_future(end)
        self._limit = asyncio.timeout(None)  # which knows its own cancellation from anybody else's

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._inside = True
        self._watch.add_done_callback(self._over)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._inside = False  # a callback that is already on its way finds nothing to do
        self._watch.cancel()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            if not self._limit.expired():
                raise
        finally:
            (ended,) = await asyncio.gather(self._watch, return_exceptions=True)
        if error is None or self._limit.expired():
            if isinstance(ended, Exception):
                raise ended
            return self._limit.expired()
        return False

    def _over(self, _: asyncio.Future[None]) -> None:
        if self._inside:
            self._limit.reschedule(asyncio.get_running_loop().time())


class _Failing:
    """Whatever of these goes wrong inside is the upstream's failure. Holds nothing: use it again."""

    def __init__(self, *failures: type[Exception]) -> None:
        self._expected: tuple[type[Exception], ...] = (*failures, OSError)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, self._expected):
            raise UpstreamError(type(error).__name__) from error


def _failures(client: Any) -> tuple[type[Exception], ...]:
    """What a client's own library raises; which library that is, its class tells."""
    libraries = {base.__module__.partition(".")[0] for base in type(client).__mro__}
    modules = [sys.modules[name] for name in libraries & {"httpx", "httpx2"}]
    return tuple(failure for m in modules for failure in (m.HTTPError, m.InvalidURL))
