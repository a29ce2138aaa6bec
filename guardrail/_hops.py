"""What of a request or an answer goes on to the next hop, and how: headers and target."""

from __future__ import annotations

from collections.abc import Collection

from guardrail._asgi import Headers, Scope

__all__ = ["as_text", "end_to_end", "target_of"]

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
