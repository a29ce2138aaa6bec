"""Who may reach the portal's server, and the headers that every one of its answers carries.

A realm of its own: nothing here looks at an `authorization` header, a chat's token or a cookie of the
staff. Rules:

* Every path but `/livez` needs a Host that we know: a page on the web can point its own name here.
* What changes something must come from our own pages. Forms of somebody who is signed in carry a
  token besides (`seat`).
* No script runs here, ours neither.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from guardrail._asgi import ASGIApp, Headers, Message, Receive, Scope, Send, header, respond

__all__ = ["Gate"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

SAFE = frozenset({"GET", "HEAD"})

CONTENT = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)

SECURITY: Headers = [
    (b"content-security-policy", CONTENT),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not "no-referrer": with that, forms say that they come from nowhere ("origin: null").
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]

HTTPS: Headers = [(b"strict-transport-security", b"max-age=31536000")]


class Gate:
    """Stands before the pages. `public_url` is the portal's address as browsers see it."""

    def __init__(self, app: ASGIApp, public_url: str = "", hosts: tuple[str, ...] = ()) -> None:
        self._app = app
        public = urlsplit(public_url)
        self._hosts = LOOPBACK | {host.lower() for host in (*hosts, public.hostname or "") if host}
        self._headers = SECURITY + (HTTPS if public.scheme == "https" else [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = self._dressed(send, scope["path"])
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await respond(send, *refusal, content_type=b"text/plain; charset=utf-8")

    def _refusal(self, scope: Scope) -> tuple[int, bytes] | None:
        if scope["path"] == "/livez":
            return None
        headers = scope["headers"]
        host = header(headers, b"host").decode("latin-1")
        if _name(host) not in self._hosts:
            return 421, b"unknown host; add it to guardians.hosts\n"
        if scope["method"] not in SAFE and not _ours(headers, host):
            return 403, b"this form comes from another site\n"
        return None

    def _dressed(self, send: Send, path: str) -> Send:
        cache = b"no-cache" if path.startswith("/static/") else b"no-store"

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [*self._headers, (b"cache-control", cache)]
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        return dressed


def _name(host: str) -> str:
    """The host without its port: `[::1]:9091` → `::1`."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _ours(headers: Headers, host: str) -> bool:
    """Whether a browser sends this from one of our own pages; all of them say so by now."""
    site, origin = header(headers, b"sec-fetch-site"), header(headers, b"origin").decode("latin-1")
    if site:
        return site == b"same-origin"
    return origin.partition("://")[2] == host
