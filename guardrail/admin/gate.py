"""Who may reach the admin server, and the headers that every one of its answers carries.

Rules of this file:

* The probes (`/livez`, `/readyz`, `/metrics`) are open: an orchestrator asks for them by address
  and knows no token. They name no person and no conversation.
* Every other path needs a Host that we know (a page on the web can point its own name at
  127.0.0.1) and, if a token is set, the token: as a bearer, or as the cookie of the login form.
* The login form and the static files that it needs are open to known hosts.
* What changes something must come from our own pages or from no browser at all.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from guardrail._asgi import ASGIApp, Headers, Message, Receive, Scope, Send, header, respond

__all__ = ["COOKIE", "Gate", "Keeper"]

COOKIE = "guardrail_admin"

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

PROBES = frozenset({"/livez", "/readyz", "/metrics"})

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY: Headers = [
    (b"content-security-policy", CONTENT),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]


class Keeper:
    """Knows the token, and tells a right one from a wrong one in constant time."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return self._same(token, self._token or "")

    def cookie(self) -> str:
        """What the browser keeps: proof of the token, but not the token."""
        return hmac.new((self._token or "").encode(), b"guardrail admin", sha256).hexdigest()

    def admits(self, headers: Headers) -> bool:
        """Whether a request shows the token."""
        if self._token is None:
            return True
        kind, _, bearer = header(headers, b"authorization").decode("latin-1").partition(" ")
        if kind.lower() == "bearer" and self.knows(bearer.strip()):
            return True
        return self._same(_cookie(headers), self.cookie())

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return bool(one) and hmac.compare_digest(_digest(one), _digest(other))


class Gate:
    """Stands before the admin app. `hosts` are allowed besides the loopback names."""

    def __init__(self, app: ASGIApp, keeper: Keeper, hosts: tuple[str, ...] = ()) -> None:
        self._app, self._keeper = app, keeper
        self._hosts = LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = _dressed(send, scope["path"])
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif refusal == (401, "login") and b"text/html" in header(scope["headers"], b"accept"):
            await respond(send, 303, b"", headers=[(b"location", b"/login")])
        else:
            await _refuse(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        path, headers = scope["path"], scope["headers"]
        if path in PROBES:
            return None
        host = header(headers, b"host").decode("latin-1")
        if _name(host) not in self._hosts:
            return 421, "unknown host; add it to admin.hosts"
        if scope["method"] not in SAFE and not _ours(headers, host):
            return 403, "this request comes from another site"
        if path == "/login" or path.startswith("/static/") or self._keeper.admits(headers):
            return None
        return 401, "login"


def _dressed(send: Send, path: str) -> Send:
    cache = b"no-cache" if path.startswith("/static/") else b"no-store"

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), *SECURITY, (b"cache-control", cache)]
            message = {**message, "headers": headers}
        await send(message)

    return dressed


async def _refuse(send: Send, status: int, why: str) -> None:
    more: Headers = [(b"www-authenticate", b"Bearer")] if status == 401 else []  # noqa: PLR2004
    await respond(send, status, b'{"error": "' + why.encode() + b'"}', headers=more)


def _name(host: str) -> str:
    """The host without its port: `[::1]:9090` → `::1`."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _ours(headers: Headers, host: str) -> bool:
    """Whether a browser, if it is one, sends this on behalf of our own pages."""
    if header(headers, b"sec-fetch-site") not in (b"", b"same-origin", b"none"):
        return False
    origin = header(headers, b"origin").decode("latin-1")
    return not origin or origin.partition("://")[2] == host


def _cookie(headers: Headers) -> str:
    try:
        jar = SimpleCookie(header(headers, b"cookie").decode("latin-1"))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
