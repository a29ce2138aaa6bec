"""ASGI type names and the few helpers that every face needs. No framework."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from guardrail.errors import BodyError

__all__ = [
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
    "without",
]

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([^\s;\"']+)")
_LIKE_ASCII = frozenset(
    {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin1", b"windows-1252"}
)
"""Charsets in which ASCII is ASCII, so that UTF-8 is garbled at worst. In UTF-7 or UTF-16, harm can
look like noise to whoever reads it as UTF-8."""

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
