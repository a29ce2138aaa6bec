"""What stands before the app in the proxy's process: nothing doubtful gets as far as a turn.

`DoorProtocol` guards the connection: a request head must come soon and stay small. `DoorCheck`
guards the request: one host, one length, one way to read its path. What two servers could read
differently is refused, never repaired, because the guard and the backend must see the same request.

Beyond what uvicorn and llhttp refuse by themselves, five of their leniencies end here:

1. Trailers are dropped. uvicorn appends them to the headers of a request that is already being
   served, where they would pass for identity headers that a proxy before us has checked.
2. An `Upgrade` to anything but WebSocket is ignored by uvicorn, but the parser has by then stopped
   counting the body: a body that follows would be read as the next request.
3. A WebSocket handshake that its own parser cannot read (a line over 8 KiB) is not answered by
   uvicorn, and the connection stands for ever.
4. A request that comes before the answer to the last one is out is not served (RFC 9112, 9.3.2,
   lets us close): pipelined chat does not exist, smuggled tails do.
5. What is neither head nor body (trailers, chunk extensions, blank lines) has no bound of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn, cast
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from guardrail._asgi import LINGER, ASGIApp, Headers, Message, Receive, Scope, Send, turn_away
from guardrail.errors import RequestError, UpstreamError

__all__ = ["DoorCheck", "DoorProtocol", "door_protocol"]

Count = Callable[[str, str], None]

SPOKEN = ("1.1", "1.0")
"""Versions of HTTP that a request line may name. llhttp takes 0.9 and 2.0, too, and reads on as if it
were 1.1; a server before or behind us may not."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_PORT = re.compile(rb":[0-9]+\Z")
_ENCODED_SEPARATOR = re.compile(rb"%2f|%5c", re.IGNORECASE)
_ODD = re.compile("[\x00-\x1f\x7f\\\\;\ufffd]|//|%[0-9A-Fa-f]{2}")


def _uncounted(_what: str, _why: str) -> None:
    pass


def _error(code: str, message: str, kind: str = "invalid_request_error") -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "code": code}}).encode()


# -- the connection ----------------------------------------------------------------------------


class Stage(Enum):
    """How far the request that comes in has come."""

    IDLE = "not begun"
    HEAD = "head"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Caps:
    """What a request head may cost."""

    header_seconds: float = 15.0
    header_bytes: int = 64 * 1024
    header_count: int = 100
    count: Count = _uncounted


class _Refused(Exception):
    """Stops the parser; the refusal itself is already written."""


def door_protocol(
    header_seconds: float, header_bytes: int, header_count: int, *, count: Count = _uncounted
) -> type[DoorProtocol]:
    """A protocol class for `uvicorn.Config(http=…)`.

    `header_seconds` run from the opening of the connection for the first request, and from its
    first byte for the next ones; how long a connection may idle in between stays uvicorn's word.
    """
    caps = Caps(header_seconds, header_bytes, header_count, count)
    return type("DoorProtocol", (DoorProtocol,), {"caps": caps})


class DoorProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with a deadline and caps for the request head."""

    caps: ClassVar[Caps] = Caps()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage = Stage.IDLE
        self._room = self.caps.header_bytes  # for bytes in a row that are not body
        self._fields = 0
        self._deaf = False  # nothing more is read from this connection
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser no more at a time than may come without being body."""
        while data and not self._deaf:
            if self._stage is Stage.IDLE:
                self._begin()
            piece, data = data[: self._room], data[self._room :]
            self._room -= len(piece)
            super().data_received(piece)
            if self._room <= 0 and not self._deaf:
                self._refuse(431, "head_too_large", "the request head is too large")

    # -- what the parser found -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins; if the last one is still being answered it must not."""
        if not _answered(self.cycle):
            self._stop(400, "pipelined", "a request came before the answer to the last one")
        if self._stage is Stage.IDLE:
            self._begin()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; count and forget a trailer."""
        self._fields += 1
        if self._fields > self.caps.header_count:
            self._stop(431, "too_many_headers", "the request has too many headers")
        if self._stage is Stage.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is here in time; uvicorn starts the app."""
        self._disarm()
        if self.parser.get_http_version() not in SPOKEN:
            self._stop(400, "malformed", "this version of HTTP is not spoken here")
        if not self.url.startswith(b"/"):
            self._stop(400, "bad_target", "the request target must be a path")
        if self.parser.should_upgrade() and _has_body(self.headers):
            self._stop(400, "upgrade_with_body", "a request with a body cannot be upgraded")
        self._stage = Stage.BODY
        self._room = self.caps.header_bytes
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body: the app bounds its size and time."""
        self._room = self.caps.header_bytes
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here to its end."""
        self._disarm()
        self._stage = Stage.IDLE
        super().on_message_complete()

    # -- what uvicorn does ---------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Answered. A body that is still coming, which nobody reads, gets as long as a head."""
        super().on_response_complete()
        if self._stage is Stage.BODY and not self.transport.is_closing():
            self._arm()

    def handle_websocket_upgrade(self) -> None:
        """The connection is another protocol's from here on, unless that cannot read the head."""
        self._deaf = True
        super().handle_websocket_upgrade()
        if self.transport.is_closing():  # it has said itself what is wrong
            self.caps.count("refused", "bad_handshake")
            return
        spoken = cast("WebSocketsSansIOProtocol", self.transport.get_protocol())
        if not spoken.handshake_initiated:
            spoken.close_sent = True  # else it would answer, too, if the server stopped just now
            self._refuse(
                400, "bad_handshake", "this handshake cannot be read, or has a line over 8 KiB"
            )

    def send_400_response(self, msg: str) -> None:
        """The parser gave up, or was stopped by us."""
        if not self._deaf:
            self._refuse(400, "malformed", msg)

    # -- refusals ------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._stage = Stage.HEAD
        self._room = self.caps.header_bytes
        self._fields = 0
        if self._timer is None:
            self._arm()

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(self.caps.header_seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if self._stage is Stage.HEAD:
            self._refuse(408, "head_too_slow", "the request head took too long")
        else:
            self.transport.close()

    def _stop(self, status: int, code: str, message: str) -> NoReturn:
        """Refuse from within a callback of the parser."""
        self._refuse(status, code, message)
        raise _Refused

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer and close; but never into the midst of another answer."""
        self._deaf = True
        self._disarm()
        self.caps.count("refused", code)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self._answer(status, code, message)
        elif not cycle.more_body:  # the request before is whole: it gets its answer, the last here
            cycle.keep_alive = False
        elif cycle.response_started:
            self.transport.close()
        else:
            cycle.disconnected = True  # the app hears of a hang-up, and can no longer answer
            cycle.message_event.set()
            self._answer(status, code, message)

    def _answer(self, status: int, code: str, message: str) -> None:
        if self.transport.is_closing():
            return
        body = _error(code, message)
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            "content-type: application/json\r\n"
            f"content-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._timer = self.loop.call_later(LINGER, self.transport.close)


def _answered(cycle: RequestResponseCycle | None) -> bool:
    """Whether nothing is owed: the client may have all of an answer before the app says so."""
    if cycle is None or cycle.response_complete:
        return True
    open_end = cycle.chunked_encoding or cycle.expected_content_length > 0
    return cycle.response_started and (cycle.scope["method"] == "HEAD" or not open_end)


def _has_body(headers: Headers) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )


# -- the request -------------------------------------------------------------------------------


class DoorCheck:
    """An ASGI wrapper that lets only unambiguous requests through.

    Refused with 400: no Host or two, a host that is none or is not in `hosts` (names, with or
    without port; empty allows any), two lengths, a transfer coding other than `chunked`, and a path
    that some server could read as another one: dot segments, `//`, `;`, backslashes, control
    characters, encoded slashes, what is encoded twice. With 403: WebSockets, unless they may pass.

    It also says in a well-formed answer what went wrong behind it where no chat route does: the
    upstream failed (counted as `pass_failed`), or a request body was more than it may be.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Sequence[str] = (),
        websockets: bool = False,
        count: Count = _uncounted,
    ) -> None:
        self.app = app
        self._hosts = frozenset(host.lower().encode() for host in hosts)
        self._websockets = websockets
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        wrong = self._wrong(scope)
        if wrong is None:
            await self._serve(scope, receive, send)
        else:
            await self._refuse(scope, receive, send, wrong)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def heard(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, heard)
        except RequestError as error:
            await self._refuse(scope, receive, None if started else send, error)
        except UpstreamError:
            self._count("pass_failed", scope["type"])
            if not started:  # else the server cuts the answer short, as the upstream did
                body = _error("upstream_failed", "the chat backend failed", "upstream_error")
                await turn_away(scope, receive, send, status=502, body=body)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send | None, error: RequestError
    ) -> None:
        """Count it, and say so unless something else is being said (`send` is None)."""
        self._count("refused", error.code)
        if send is not None:
            body = _error(error.code, str(error))
            await turn_away(scope, receive, send, status=error.status, body=body)

    def _wrong(self, scope: Scope) -> RequestError | None:
        """The first thing wrong with a request."""
        headers = scope["headers"]
        raw_path = scope.get("raw_path") or scope["path"].encode()
        found = {
            "bad_host": self._bad_host([v for k, v in headers if k == b"host"]),
            "bad_framing": _bad_framing(headers, scope.get("http_version", "1.1")),
            "bad_path": _bad_path(raw_path),
        }
        for code, message in found.items():
            if message:
                return RequestError(message, code=code)
        if scope["type"] == "websocket" and not self._websockets:
            return RequestError("WebSockets do not pass", status=403, code="websocket_refused")
        return None

    def _bad_host(self, values: list[bytes]) -> str | None:
        if len(values) != 1:
            return "exactly one Host header is required"
        host = values[0].lower()
        if not _HOST.fullmatch(host):
            return "the Host header is not a host"
        if self._hosts and not {host, _PORT.sub(b"", host)} & self._hosts:
            return "this host is not served here"
        return None


def _bad_framing(headers: Headers, version: str) -> str | None:
    lengths = [v for k, v in headers if k == b"content-length"]
    codings = [v for k, v in headers if k == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        return "the request gives its length twice"
    if any(coding.lower() != b"chunked" for coding in codings):
        return "the only transfer coding is chunked"
    if codings and version == "1.0":
        return "HTTP/1.0 has no transfer codings"  # RFC 9112, 6.1: the framing is faulty
    if any(not length.isdigit() for length in lengths):
        return "the content length is not a number"
    return None


def _bad_path(raw: bytes) -> str | None:
    path = unquote(raw.decode("latin-1"), errors="replace")
    if not path.startswith("/") or _ENCODED_SEPARATOR.search(raw) or _ODD.search(path):
        return "the path is ambiguous"
    if any(segment in (".", "..") for segment in path.split("/")):
        return "the path has dot segments"
    return None
