"""The other face's inner half: somebody else's server, seen as an ASGI app.

Rules of this file: the upstream's address comes from configuration and from nowhere else; redirects
are passed on, never followed; hop-by-hop headers (RFC 9110, 7.6.1) stop here in both directions;
bytes are neither decoded nor re-encoded.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import aiohttp
from yarl import URL

from guardrail._asgi import CANCELS, Headers, Receive, Scope, Send
from guardrail._calls import Calls, Until, Upload
from guardrail._hops import as_text, can_pass, end_to_end, target_of
from guardrail.errors import UpstreamError

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
    Whoever has `calls` can end all requests that are under way.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        headers: Headers | None = None,
        body_bytes: int = 100 * 1024 * 1024,
        body_seconds: float = 30.0,
        calls: Calls | None = None,
    ) -> None:
        self._transport = transport
        self._calls = calls or Calls()
        self._own = [(k.lower(), v) for k, v in headers or []]
        self._bytes, self._seconds = body_bytes, body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3).

        Raises:
            BodyError: the request body is too large (413) or falls silent (408); some of the
                answer may be out.
            UpstreamError: the upstream failed, or all calls are ended, likewise.
        """
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011, "reason": "not proxied"})
        else:
            async with self._calls.one():
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
        upload = Upload(receive, self._bytes, self._seconds)
        body = await upload.body(scope["headers"])
        try:
            async with Until(upload.over()):
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
            if not can_pass(answer.status, kept):
                raise UpstreamError("the answer has a head that cannot be passed on")
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
