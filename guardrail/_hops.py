"""What of a request or an answer goes on to the next hop, and how: headers and target."""

from __future__ import annotations

import re
from collections.abc import Collection

from guardrail._asgi import Headers, Scope

__all__ = ["as_text", "can_pass", "end_to_end", "target_of"]

FINAL = range(200, 600)
"""Statuses of answers (RFC 9110, 15). One below is an answer to come, or another protocol from here
on; servers have no line for one above, and fall silent in the midst of it."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"expect",  # the server has answered it; asked again, an upstream that ignores it stalls
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


def end_to_end(headers: Headers, gone: Collection[bytes] = ()) -> Headers:
    """The headers that a proxy passes on, less those in `gone` (lower-case)."""
    lower = [k.lower() for k, _ in headers]
    stay = HOP_BY_HOP.union(gone, _listed(headers) if b"connection" in lower else ())
    return [pair for name, pair in zip(lower, headers, strict=True) if name not in stay]


def can_pass(status: int, headers: Headers) -> bool:
    """Whether the head of an answer is one that a server can send."""
    values = b"\t".join([value for _, value in headers])
    return status in FINAL and not _CONTROL.search(values)


def target_of(scope: Scope) -> str:
    """Path and query as they stood on the wire; an absolute-form target was already cut by the server."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def as_text(raw: bytes) -> str:
    """A header as aiohttp wants it: it writes UTF-8, so that is how bytes come through unchanged."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _listed(headers: Headers) -> frozenset[bytes]:
    """Header names that a `Connection` header declares to be hop-by-hop."""
    values = b",".join(v for k, v in headers if k.lower() == b"connection")
    return frozenset(name.strip().lower() for name in values.split(b",") if name.strip())
