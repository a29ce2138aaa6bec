"""Who may reach the admin server, and the headers that every one of its answers carries.

Rules of this file:

* The probes (`/livez`, `/readyz`, `/metrics`) are open: an orchestrator asks for them by address
  and knows no token. They name no person and no conversation.
* Every other path needs a Host that we know (a page on the web can point its own name at
  127.0.0.1) and somebody: a member with a login, or the admin token, as a bearer or as the cookie of
  its login form. While there is neither a token nor an account, everybody on the machine is a
  visitor. Who it is goes into the ASGI scope; what they may, the routes say (`console.seats`).
* What signing in needs is open to known hosts, and so are the static files.
* What changes something must come from our own pages or from no browser at all.
* A login's cookie is strict: a browser that follows a link from a mail does not send it. It is asked
  to come again from here, once, and then does.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from guardrail._asgi import ASGIApp, Headers, Message, Receive, Scope, Send, header, respond
from guardrail.console.seats import SAFE, SCOPE, Seat
from guardrail.errors import StoreError
from guardrail.roles import TOKEN, VISITOR
from guardrail.staff.accounts import Accounts
from guardrail.staff.logins import Logins

__all__ = ["COOKIE", "DOORS", "Gate", "Keeper", "session_cookie"]

COOKIE = "guardrail_admin"
"""The cookie of the token's login form."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

PROBES = frozenset({"/livez", "/readyz", "/metrics"})

DOORS = frozenset(
    {
        "/login",
        "/account/login",
        "/account/oidc",
        "/account/oidc/back",
        "/account/join",
        "/account/join/open",
        "/account/join/finish",
        "/account/language",
    }
)
"""Where somebody without a login has to get to."""

BACKGROUND = b"x-guardrail-background"
"""A header of requests that a page makes by itself: no sign that somebody is there."""

CONTENT = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY: Headers = [
    (b"content-security-policy", CONTENT),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (
        b"referrer-policy",
        b"same-origin",
    ),  # with no-referrer, Chrome calls our own forms' origin null
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]

HTTPS: Headers = [(b"strict-transport-security", b"max-age=31536000")]
"""Where browsers reach us over https: never over http again (RFC 6797)."""


def session_cookie(*, secure: bool) -> str:
    """The name of a login's cookie; over https one that no other host can have set."""
    return "__Host-guardrail" if secure else "guardrail_seat"


class Keeper:
    """Knows who a request comes from.

    Args:
        token: the admin token, if there is one; told from a wrong one in constant time.
        accounts: who works here; from the first account on nothing is open any more.
        logins: their logins.
        secure: whether browsers reach us over https.
        closed: nobody is a visitor, accounts or not.
        count: told of each wrong token ("staff_login", "token").
    """

    def __init__(
        self,
        token: str | None,
        accounts: Accounts | None = None,
        logins: Logins | None = None,
        *,
        secure: bool = False,
        closed: bool = False,
        count: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        self._token, self._accounts, self._logins = token, accounts, logins
        self._count = count
        self._closed, self.secure = closed, secure
        self._session = session_cookie(secure=secure)

    def knows(self, token: str) -> bool:
        """Whether this is the token; a wrong one is counted."""
        known = self._same(token, self._token or "")
        if not known:
            self._count("staff_login", "token")
        return known

    def cookie(self) -> str:
        """What the browser keeps: proof of the token, but not the token."""
        return self._derived(b"guardrail admin")

    @property
    def door(self) -> str:
        """Where to sign in."""
        return "/login" if self._logins is None else "/account/login"

    async def seat(self, headers: Headers) -> Seat | None:
        """Who asks; `None` for nobody.

        Raises:
            StoreError: it cannot be looked up.
        """
        kind, _, bearer = header(headers, b"authorization").decode("latin-1").partition(" ")
        if kind.lower() == "bearer" and self.knows(bearer.strip()):
            return Seat(TOKEN)
        jar = _cookies(headers)
        if self._logins is not None:
            shown = jar.get(self._session, "")
            signed = await self._logins.session(shown, alive=not _by_itself(headers))
            if signed is not None:
                return Seat(signed.member, signed.session, signed.csrf)
        if self._token is not None:
            known = self._same(jar.get(COOKIE, ""), self.cookie())
            return Seat(TOKEN, csrf=self._derived(b"guardrail csrf")) if known else None
        if self._closed or (self._accounts is not None and await self._accounts.any()):
            return None
        return Seat(VISITOR)

    def _derived(self, use: bytes) -> str:
        return hmac.new((self._token or "").encode(), use, sha256).hexdigest()

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return bool(one) and hmac.compare_digest(_digest(one), _digest(other))


class Gate:
    """Stands before the admin app. `hosts` are allowed besides the loopback names."""

    def __init__(self, app: ASGIApp, keeper: Keeper, hosts: tuple[str, ...] = ()) -> None:
        self._app, self._keeper = app, keeper
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._headers = SECURITY + (HTTPS if keeper.secure else [])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = _dressed(send, scope["path"], self._headers)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
        elif scope["path"] in PROBES or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
        else:
            await self._known(scope, receive, send)

    async def _known(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and let them through or show them the door."""
        try:
            seat = await self._keeper.seat(scope["headers"])
        except StoreError:
            await _refuse(send, 503, "it cannot be looked up who you are")
            return
        if seat is not None:
            scope[SCOPE] = seat
        if seat is not None or scope["path"] in DOORS:
            await self._app(scope, receive, send)
        elif b"text/html" not in header(scope["headers"], b"accept"):
            await _refuse(send, 401, "login")
        elif scope["method"] == "GET" and _from_elsewhere(scope["headers"]):
            await _come_again(scope, send)
        else:
            await respond(send, 303, b"", headers=[(b"location", self._door(scope).encode())])

    def _door(self, scope: Scope) -> str:
        door = self._keeper.door
        if scope["method"] != "GET" or scope["path"] == "/" or door == "/login":
            return door
        return f"{door}?next={_here(scope)}"

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = scope["headers"]
        if scope["path"] in PROBES:
            return None
        host = header(headers, b"host").decode("latin-1")
        if _name(host) not in self._hosts:
            return 421, "unknown host; add it to admin.hosts"
        if scope["method"] not in SAFE and not _ours(headers, host):
            return 403, "this request comes from another site"
        return None


def _dressed(send: Send, path: str, more: Headers) -> Send:
    cache = b"no-cache" if path.startswith("/static/") else b"no-store"

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), *more, (b"cache-control", cache)]
            message = {**message, "headers": headers}
        await send(message)

    return dressed


async def _refuse(send: Send, status: int, why: str) -> None:
    more: Headers = [(b"www-authenticate", b"Bearer")] if status == 401 else []  # noqa: PLR2004
    await respond(send, status, b'{"error": "' + why.encode() + b'"}', headers=more)


async def _come_again(scope: Scope, send: Send) -> None:
    """The same address once more, but asked for by a page of ours."""
    query = scope["query_string"].decode("latin-1")
    place = escape(_here(scope) + (f"?{query}" if query else ""))
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>guardrail</title>'
        f'<meta http-equiv="refresh" content="0;url={place}"><a href="{place}">guardrail</a></html>'
    )
    await respond(send, 200, page.encode(), content_type=b"text/html; charset=utf-8")


def _here(scope: Scope) -> str:
    """The path as an address of this host: `//evil.example` would be one of another."""
    return "/" + quote(scope["path"].lstrip("/"), safe="/")


def _from_elsewhere(headers: Headers) -> bool:
    """Whether a link of another site led here."""
    return header(headers, b"sec-fetch-site") in (b"cross-site", b"same-site")


def _by_itself(headers: Headers) -> bool:
    """Whether a page asks without anybody doing anything."""
    return bool(header(headers, BACKGROUND)) or b"text/event-stream" in header(headers, b"accept")


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


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        jar = SimpleCookie(header(headers, b"cookie").decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
