"""WebSockets through the proxy, where the settings let them pass: relayed whole, judged by nobody.

Each direction has one message under way: it is read when the one before it has been taken, so that
a slow reader slows the writer down and not us. Whichever side closes, the other hears its code and
reason within a second. Pings are answered on both sides and sent on both, so that a peer that is
gone without a word is noticed; they do not travel through.

Rules of this file are those of `proxy.py`: the upstream's address comes from configuration,
redirects are not followed, hop-by-hop headers stop here.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import cast

import aiohttp
from yarl import URL

from guardrail._asgi import ASGIApp, Headers, Message, Receive, Scope, Send, turn_away
from guardrail._hops import as_text, end_to_end, target_of
from guardrail.errors import UpstreamError

__all__ = ["Sockets"]

HANDSHAKE = frozenset(
    {
        b"content-length",
        b"host",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-key",
        b"sec-websocket-protocol",
        b"sec-websocket-version",
    }
)
"""Headers of a handshake that are made anew on each side: extensions are between neighbours."""

CLOSING = 0.5
"""Seconds that a closed side gets to say goodbye in its turn."""

NO_CODE = 1005
"""A close frame without a code: passed on as 1000, since neither library can leave it out."""

REFUSED = (
    b'{"error": {"message": "the chat backend refused the WebSocket", '
    b'"type": "upstream_error", "code": "upstream_refused"}}'
)


@dataclass(frozen=True, slots=True)
class End:
    """How one side closed."""

    code: int
    reason: str = ""


CLIENT_LOST = End(1001, "the client is gone")
UPSTREAM_LOST = End(1014, "the backend is gone")


class Sockets:
    """An ASGI app that relays WebSockets to the upstream, and leaves all else to `app`.

    `headers` are set on every handshake, in place of the client's own. A message from the upstream
    may have up to `message_bytes`; the client's are bounded by the server (`ws_max_size`). The
    upstream is pinged after `heartbeat` seconds of silence; for as long a client may leave a
    message untaken.
    """

    def __init__(
        self,
        app: ASGIApp,
        base: str,
        *,
        headers: Headers | None = None,
        connect_seconds: float = 5.0,
        read_seconds: float = 300.0,
        message_bytes: int = 16 * 1024 * 1024,
        heartbeat: float = 20.0,
    ) -> None:
        self._app, self._base = app, base.rstrip("/")
        self._own = [(k.lower(), v) for k, v in headers or []]
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_seconds, sock_read=read_seconds
        )
        self._bytes, self._heartbeat = message_bytes, heartbeat
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3).

        Raises:
            UpstreamError: the upstream cannot be reached.
        """
        if scope["type"] == "websocket":
            await self._serve(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "lifespan" and self._session is not None:
                await self._session.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # the client knocks
        first = asyncio.ensure_future(receive())  # nothing until it is let in, unless it leaves
        opening = asyncio.ensure_future(self._open(scope))
        try:
            await asyncio.wait({first, opening}, return_when=asyncio.FIRST_COMPLETED)
            if first.done():
                await send({"type": "websocket.close", "code": 1008})
                return
            try:
                upstream = opening.result()
            except aiohttp.WSServerHandshakeError as error:
                status = error.status if 400 <= error.status < 600 else 502  # noqa: PLR2004
                await turn_away(scope, receive, send, status=status, body=REFUSED)
                return
            except (aiohttp.ClientError, OSError) as error:
                raise UpstreamError(type(error).__name__) from error
            await send(upstream.accept())
            await _Relay(upstream, first, receive, send, patience=self._heartbeat).run()
        finally:
            first.cancel()
            opening.cancel()
            opened, _ = await asyncio.gather(opening, first, return_exceptions=True)
            if isinstance(opened, _Upstream):
                await opened.leave(CLIENT_LOST)  # does nothing if it is closed

    async def _open(self, scope: Scope) -> _Upstream:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("user-agent", "accept", "accept-encoding", "content-type"),
                ws_response_class=_Upstream,
                middlewares=(_stay,),
            )
        gone = HANDSHAKE | {name for name, _ in self._own}
        headers = [*end_to_end(scope["headers"], gone), *self._own]
        opened = await self._session.ws_connect(
            URL(self._base + target_of(scope), encoded=True),
            headers=[(as_text(k), as_text(v)) for k, v in headers],
            protocols=[offered for offered in scope.get("subprotocols", ()) if offered],
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSING),
            autoclose=False,  # it would answer every code with 1000
            heartbeat=self._heartbeat,
            max_msg_size=self._bytes + 1,  # that many are already too many
        )
        return cast("_Upstream", opened)


class _Upstream(aiohttp.ClientWebSocketResponse):
    """The upstream's end, with the headers of its handshake."""

    def accept(self) -> Message:
        """What the client is told."""
        headers = [
            (k.lower(), v) for k, v in end_to_end(list(self._response.raw_headers), HANDSHAKE)
        ]
        return {"type": "websocket.accept", "subprotocol": self.protocol, "headers": headers}

    async def leave(self, end: End) -> None:
        """Say goodbye, and wait for no more than `CLOSING` for the answer behind what comes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self.close(code=end.code, message=end.reason.encode())


async def _stay(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow no redirect: `ws_connect` has no word for that, and would take our key elsewhere."""
    response = await handler(request)
    if response.status != 101:  # noqa: PLR2004 - switching protocols
        response.close()
        raise aiohttp.WSServerHandshakeError(
            response.request_info, response.history, status=response.status
        )
    return response


class _Relay:
    """One open WebSocket on each side."""

    def __init__(
        self,
        upstream: _Upstream,
        first: asyncio.Future[Message],
        receive: Receive,
        send: Send,
        *,
        patience: float,
    ) -> None:
        self._upstream, self._first, self._receive, self._send = upstream, first, receive, send
        self._patience = patience

    async def run(self) -> None:
        """Carry messages both ways until one side closes; then close the other in the same way."""
        inward = asyncio.ensure_future(self._inward())
        outward = asyncio.ensure_future(self._outward())
        both = {inward, outward}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not any(task.result() for task in done):  # the other one will know why
                await asyncio.wait(both, timeout=CLOSING)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        client = None if inward.cancelled() else inward.result()
        upstream = None if outward.cancelled() else outward.result()
        await asyncio.gather(
            self._close_client(upstream or client or UPSTREAM_LOST),
            self._upstream.leave(client or upstream or CLIENT_LOST),
        )

    async def _inward(self) -> End | None:
        """Client to upstream. How the client closed; `None` if the upstream takes no more."""
        message = await self._first
        while message["type"] == "websocket.receive":
            try:
                if message.get("text") is not None:
                    await self._upstream.send_str(message["text"])
                else:
                    await self._upstream.send_bytes(message["bytes"])
            except (aiohttp.ClientError, OSError):
                return None
            message = await self._receive()
        if "reason" not in message and message.get("code", 1005) == NO_CODE:
            return CLIENT_LOST  # uvicorn's word for a connection that broke off
        return _end(message.get("code", NO_CODE), message.get("reason") or "") or CLIENT_LOST

    async def _outward(self) -> End | None:
        """Upstream to client. How the upstream closed; `None` if the client takes no more."""
        while True:
            message = await self._upstream.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                event = {"type": "websocket.send", "text": message.data}
            elif message.type is aiohttp.WSMsgType.BINARY:
                event = {"type": "websocket.send", "bytes": message.data}
            elif message.type is aiohttp.WSMsgType.CLOSED:
                return UPSTREAM_LOST
            else:
                code = self._upstream.close_code or NO_CODE
                return _end(code, message.extra or "") or UPSTREAM_LOST
            try:
                async with asyncio.timeout(self._patience):  # no ping tells of one who never reads
                    await self._send(event)
            except (OSError, RuntimeError):  # the latter where uvicorn itself has closed
                return None

    async def _close_client(self, end: End) -> None:
        close = {"type": "websocket.close", "code": end.code, "reason": end.reason}
        with contextlib.suppress(OSError, RuntimeError):  # too late, or nobody reads
            async with asyncio.timeout(CLOSING):
                await self._send(close)


def _end(code: int, reason: str) -> End | None:
    """An end that may be told to the other side; `None` for codes that no frame may carry."""
    if code == NO_CODE:
        return End(1000)
    told = (1000 <= code <= 1014 and code not in (1004, 1006)) or 3000 <= code < 5000  # noqa: PLR2004 - RFC 6455, 7.4
    return End(code, reason) if told else None
