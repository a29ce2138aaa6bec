"""ASGI type names and the few helpers that every face needs. No framework."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from guardrail.errors import BodyError

__all__ = [
    "CANCELS",
    "LINGER",
    "ASGIApp",
    "ClientGone",
    "Headers",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "header",
    "legible",
    "read_body",
    "respond",
    "turn_away",
    "without",
]

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([^\s;\"']+)")
_LIKE_ASCII = frozenset(
    {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin1", b"windows-1252"}
)
"""Charsets in which ASCII is ASCII, so that UTF-8 is garbled at worst. In UTF-7 or UTF-16, harm can
look like noise to whoever reads it as UTF-8."""

CANCELS = "guardrail.cancels"
"""ASGI extension: whoever runs the app has the whole request body, gives it in one piece, and can
cancel the app as soon as nobody wants its answer. An app that sets its `relied_on` to true need not
watch `receive` for the client's hang-up."""

LINGER = 1.0
"""Seconds that we go on reading (and forgetting) after a refusal. Closing at once would reset the
connection while the client still sends, and the answer would be lost with it."""

_PAUSE = 0.01
"""Seconds in which the connection closes behind a refused handshake. Of an app that returns before,
uvicorn says in the log that it has refused nothing."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class ClientGone(Exception):
    """The client closed the connection before it had sent its whole request."""


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first value of a header (lower-case name), or empty bytes."""
    return next((value for key, value in headers if key.lower() == name), b"")


def legible(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the other side reads the same in a body as we: not compressed, no strange charset."""
    codings: set[bytes] = set()
    charsets: set[bytes] = set()
    for key, value in headers:
        if key.lower() == b"content-encoding":
            codings.add(value.strip().lower())
        elif key.lower() == b"content-type":
            charsets.update(_CHARSET.findall(value.lower()))
    return codings <= {b"", b"identity"} and charsets <= _LIKE_ASCII


def without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> Headers:
    """The headers, less the named ones (lower-case)."""
    return [(key, value) for key, value in headers if key.lower() not in names]


async def read_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The whole request body.

    Never buffers more than `limit` plus one chunk. uvicorn has no deadline of its own for a body
    that trickles in, so ours covers the whole of it.

    Raises:
        BodyError: over `limit` bytes (413) or slower than `seconds` (408).
        ClientGone: the client hung up first.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise BodyError(f"the body is larger than {limit} bytes", code="body_too_large")
                if not message.get("more_body", False):
                    return b"".join(parts) if len(parts) > 1 else parts[0]
    except TimeoutError:
        raise BodyError(
            f"the body took longer than {seconds:g} seconds", status=408, code="body_too_slow"
        ) from None


async def respond(
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: bytes = b"application/json",
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    """Send one whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def turn_away(
    scope: Scope, receive: Receive, send: Send, *, status: int, body: bytes
) -> None:
    """Answer with an error (JSON), and close the connection: the rest of a request may lie on it.

    A WebSocket handshake is refused with this answer, or with 403 if the server has no other.
    """
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if scope["type"] == "http":
        headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _forget(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
        await asyncio.sleep(_PAUSE)
    else:
        await send({"type": "websocket.close", "code": 1008})


async def _forget(receive: Receive) -> None:
    """Read what is left of a request, for as long as `LINGER`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while (await receive()).get("more_body", False):
                pass
