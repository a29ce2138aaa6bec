"""The other face's inner half: somebody else's server, seen as an ASGI app.

Rules of this file: the upstream's address comes from configuration and from nowhere else; redirects
are passed on, never followed; hop-by-hop headers (RFC 9110, 7.6.1) stop here in both directions;
bytes are neither decoded nor re-encoded.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from yarl import URL

from guardrail._asgi import Headers, Receive, Scope, Send
from guardrail.errors import UpstreamError

__all__ = ["AiohttpTransport", "Answer", "HttpxTransport", "Transport", "Upstream"]

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


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

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> AsyncIterator[Answer]:
        """See `Transport`."""
        session = self._open()
        url = URL(self._base + target, encoded=True)
        pairs = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in headers]
        try:
            async with session.request(
                method, url, headers=pairs, data=body or None, allow_redirects=False
            ) as response:
                raw = list(response.raw_headers)
                yield Answer(response.status, raw, self._chunks(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(type(error).__name__) from error

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

    @staticmethod
    async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        async for chunk in response.content.iter_any():
            yield chunk


class HttpxTransport:
    """For callers who bring their own `httpx` or `httpx2` client (or its transport, in tests).

    Both libraries have the same client; which of the two it is does not matter here.
    """

    def __init__(self, base: str, client: Any) -> None:
        self._base, self._client = base.rstrip("/"), client
        library = sys.modules[type(client).__module__.partition(".")[0]]
        self._errors: tuple[type[Exception], ...] = (library.HTTPError, OSError)

    @contextlib.asynccontextmanager
    async def send(
        self, method: str, target: str, headers: Headers, body: AsyncIterator[bytes] | bytes
    ) -> AsyncIterator[Answer]:
        """See `Transport`."""
        request = self._client.build_request(
            method, self._base + target, headers=headers, content=body or None
        )
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                yield Answer(response.status_code, response.headers.raw, response.aiter_raw())
            finally:
                await response.aclose()
        except self._errors as error:
            raise UpstreamError(type(error).__name__) from error

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.aclose()


class Upstream:
    """An ASGI app that forwards to the upstream.

    `headers` are set on every request, in place of the client's own of the same name: a provider
    key, when it is the proxy that holds it.
    """

    def __init__(self, transport: Transport, *, headers: Headers | None = None) -> None:
        self._transport = transport
        self._own = [(k.lower(), v) for k, v in headers or []]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011, "reason": "not proxied"})
        else:
            await self._forward(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward, and stop forwarding at once when the client hangs up.

        Servers do not cancel an app whose client left, so a chat that nobody reads would go on
        being generated and paid for.
        """
        body = await _body(receive)
        if not isinstance(body, bytes):  # the body still arrives: `receive` is not ours to watch
            await self._transfer(scope, body, send)
            return
        work = asyncio.current_task()
        watch = asyncio.create_task(_gone(receive))
        watch.add_done_callback(lambda ended: ended.cancelled() or (work and work.cancel()))
        try:
            await self._transfer(scope, body, send)
        except asyncio.CancelledError:
            if not watch.done() or watch.cancelled():
                raise
        finally:
            watch.cancel()

    async def _transfer(self, scope: Scope, body: AsyncIterator[bytes] | bytes, send: Send) -> None:
        headers = [*self._outgoing(scope["headers"]), *self._own]
        async with self._transport.send(scope["method"], _target(scope), headers, body) as answer:
            gone = _listed(answer.headers) | HOP_BY_HOP
            kept = [(k.lower(), v) for k, v in answer.headers if k.lower() not in gone]
            await send({"type": "http.response.start", "status": answer.status, "headers": kept})
            async for chunk in answer.chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _outgoing(self, headers: Headers) -> Headers:
        gone = _listed(headers) | HOP_BY_HOP | {b"host"} | {name for name, _ in self._own}
        return [(k, v) for k, v in headers if k.lower() not in gone]

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._transport.close()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return


def _listed(headers: Headers) -> frozenset[bytes]:
    """Header names that a `Connection` header declares to be hop-by-hop."""
    values = b",".join(v for k, v in headers if k.lower() == b"connection")
    return frozenset(name.strip().lower() for name in values.split(b",") if name.strip())


def _target(scope: Scope) -> str:
    """Path and query as they stood on the wire; an absolute-form target was already cut by the server."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


async def _gone(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> AsyncIterator[bytes] | bytes:
    """The request body: whole if it comes in one piece, else as a stream."""
    first = await receive()
    if not first.get("more_body", False):
        return bytes(first.get("body", b""))

    async def rest() -> AsyncIterator[bytes]:
        message = first
        while True:
            if message["type"] == "http.disconnect":
                raise OSError("the client hung up before its request was complete")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return
            message = await receive()

    return rest()
