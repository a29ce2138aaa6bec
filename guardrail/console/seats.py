"""What a route is for, and whether whoever asks may: the dependency `needs`.

Theory of operation. `admin.gate.Gate` stands before the app, finds out who asks and puts their
`Seat` into the ASGI scope. A route says which rights it needs::

    @routes.get("/console/cases/{case}")
    async def page(case: str, member: Annotated[Member, needs(Right.QUEUE, signed_in=True)]): ...

    @routes.post("/api/policy/reload", dependencies=[needs(Right.POLICY)])

and gets the `Member`. Whether this member may see this *case* is for `roles.sees`. Rules:

1. Nobody in the scope is nobody: an app without the gate refuses everything.
2. What changes something needs the token of the session (header `x-csrf-token` or form field
   `csrf`) if the browser sends the session by itself; a bearer token is not sent by itself.
3. A route that says nothing is found by `endpoints`, and tests/test_rbac.py fails.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from starlette.routing import BaseRoute, Mount

from guardrail._asgi import ASGIApp, Receive, Scope, Send, header, respond
from guardrail.errors import RequestError
from guardrail.roles import Member, Right, may

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "SAFE", "SCOPE", "Endpoint", "Fenced", "Seat", "endpoints", "mark", "needs", "seat_of"]  # fmt: skip

SCOPE = "guardrail.seat"
"""The key in the ASGI scope."""

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Seat:
    """Who asks, and how we know.

    `session` names the login, "" for a machine. `csrf` is what a request that changes something
    has to show, "" where nothing is sent by itself.
    """

    member: Member
    session: str = ""
    csrf: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether this is a human with a login."""
        return bool(self.session)


def seat_of(request: Request) -> Seat | None:
    """Who asks; `None` for nobody. Pages take the `csrf` for their forms from here."""
    found = request.scope.get(SCOPE)
    return found if isinstance(found, Seat) else None


def needs(*rights: Right, signed_in: bool = False) -> Any:
    """A FastAPI dependency: the member who asks, if they hold all of these rights.

    `signed_in`: a human with a login, whatever the rights. Without rights it needs that alone.

    Raises (when a request is served):
        RequestError: nobody asks (401), they may not, or the CSRF token is missing (403).
    """
    return Depends(_Needs(rights, signed_in=signed_in or not rights))


class _Needs:
    """The dependency itself. Its fields are what `endpoints` reads."""

    def __init__(self, rights: tuple[Right, ...], *, signed_in: bool) -> None:
        self.rights, self.signed_in = rights, signed_in

    async def __call__(self, request: Request) -> Member:
        seat = seat_of(request)
        if seat is None or (self.signed_in and not seat.signed_in):
            raise RequestError("sign in", status=401, code="login")
        if not all(may(seat.member, right) for right in self.rights):
            raise RequestError("your roles do not allow this", status=403, code="forbidden")
        if request.method not in SAFE and not _shown(seat, await _csrf(request)):
            raise RequestError("the form is too old: load the page again", status=403, code="csrf")
        return seat.member


def _shown(seat: Seat, token: str) -> bool:
    return not seat.csrf or hmac.compare_digest(seat.csrf.encode(), token.encode())


async def _csrf(request: Request) -> str:
    """What the request shows, in its header or in its form."""
    shown = request.headers.get(CSRF_HEADER, "")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if shown or kind not in FORMS:
        return shown
    field = (await request.form()).get(CSRF_FIELD, "")
    return field if isinstance(field, str) else ""


class Fenced:
    """An ASGI app that needs rights, for what is mounted rather than routed."""

    def __init__(self, app: ASGIApp, *rights: Right) -> None:
        self._app, self.rights = app, rights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        seat = scope.get(SCOPE)
        if not isinstance(seat, Seat):
            await respond(send, 401, b'{"error": "sign in", "code": "login"}')
        elif not all(may(seat.member, right) for right in self.rights):
            await respond(send, 403, b'{"error": "your roles do not allow this"}')
        elif scope["method"] not in SAFE and not _shown(
            seat, header(scope["headers"], CSRF_HEADER.encode()).decode("latin-1")
        ):
            await respond(send, 403, b'{"error": "load the page again", "code": "csrf"}')
        else:
            await self._app(scope, receive, send)


# -- what an app offers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One way in. `rights` is `None` where the route says nothing; "*" is any method (a mount)."""

    method: str
    path: str
    rights: tuple[Right, ...] | None
    signed_in: bool = False


def endpoints(app: FastAPI) -> tuple[Endpoint, ...]:
    """Every way into an app, also those that are not in its OpenAPI document."""
    return tuple(_walked(app.routes, ""))


def mark(app: FastAPI) -> None:
    """Let the OpenAPI document of an app say `x-rights` (and `x-signed-in`) for each operation."""
    plain = app.openapi

    def marked() -> dict[str, Any]:
        document = plain()
        for one in endpoints(app):
            operation = document["paths"].get(one.path, {}).get(one.method.lower())
            if operation is not None and one.rights is not None:
                operation["x-rights"] = [str(right) for right in one.rights]
                operation["x-signed-in"] = one.signed_in
        return document

    app.openapi = marked  # type: ignore[method-assign]


def _walked(routes: list[BaseRoute], prefix: str) -> Iterator[Endpoint]:
    for route in routes:
        inner = getattr(route, "original_router", None)  # FastAPI includes routers lazily
        if inner is not None:
            more = getattr(route, "include_context", None)
            yield from _walked(inner.routes, prefix + (more.prefix if more else ""))
        elif isinstance(route, Mount):
            rights = route.app.rights if isinstance(route.app, Fenced) else None
            yield Endpoint("*", prefix + route.path, rights)
        else:
            yield from _offered(route, prefix)


def _offered(route: BaseRoute, prefix: str) -> Iterator[Endpoint]:
    dependant = getattr(route, "dependant", None)
    found = tuple(_declared(dependant)) if dependant is not None else ()
    rights = tuple(dict.fromkeys(right for one in found for right in one.rights))
    for method in sorted(getattr(route, "methods", None) or {"*"}):
        yield Endpoint(
            method,
            prefix + getattr(route, "path", ""),
            rights if found else None,
            any(one.signed_in for one in found),
        )


def _declared(dependant: Dependant) -> Iterator[_Needs]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, _Needs):
            yield inner.call
        yield from _declared(inner)
