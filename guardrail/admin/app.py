"""The admin server, put together: probes, metrics, JSON for the pages, the pages themselves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from guardrail._asgi import ASGIApp, Message
from guardrail.admin.demo import Forward, demo_routes
from guardrail.admin.gate import COOKIE, Gate, Keeper
from guardrail.admin.people import Office, people_routes
from guardrail.admin.tickets import ticket_routes
from guardrail.admin.views import case_row, decision_rows, policy_facts, steps, turn_facts
from guardrail.cases import Case
from guardrail.console.seats import Fenced, mark, needs, seat_of
from guardrail.demo.companion import Companion
from guardrail.errors import Mistake, RequestError, StoreError
from guardrail.metrics import Metrics
from guardrail.policy.model import Policy
from guardrail.roles import VISITOR, Member, Right, rights, sees
from guardrail.staff.accounts import Accounts
from guardrail.staff.logins import Logins
from guardrail.store.base import Query as Ask
from guardrail.store.base import Store

__all__ = ["AdminParts", "admin_app", "create_admin"]

STATIC = Path(__file__).with_name("static")

PLOTTED = 15
"""Minutes that the page plots."""

LOOKED_AT = 1_000
"""Turns among which notable ones are looked for: most are not."""

WEEK = 7 * 86_400
"""Seconds that a browser stays signed in."""

FORM = 8 * 1024
"""Bytes of a login form; a token is shorter."""


@dataclass(frozen=True, slots=True)
class AdminParts:
    """What the admin server looks at. It owns none of it.

    `readiness` names each part, with `None` or why it is not ready. `demo` is the guarded proxy
    that the demo page talks to, `said` the companion behind it; without them there is no demo.
    `hosts` are names, besides the loopback ones, under which this server may be asked for. `office`
    is what the routes about people, complaints and incidents work with.

    `accounts` and `logins` are the staff's; `closed` says that there is another way in for them, so
    that nobody is a visitor. `public_url` is the address that browsers use, if not this one.
    `routers` and `mounts` are what other floors bring along: the console, its static files.
    """

    store: Store
    metrics: Metrics
    readiness: Callable[[], Awaitable[Mapping[str, str | None]]]
    policy: Callable[[], Policy]
    reload: Callable[[], Awaitable[list[Mistake]]]
    cases: Callable[[], Awaitable[tuple[Case, ...]]]
    token: str | None = None
    demo: ASGIApp | None = None
    said: Companion | None = None
    proxy_url: str = ""
    hosts: tuple[str, ...] = ()
    office: Office | None = None
    accounts: Accounts | None = None
    logins: Logins | None = None
    closed: bool = False
    public_url: str = ""
    routers: tuple[APIRouter, ...] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https."""
        return self.public_url.startswith("https:")


def create_admin(parts: AdminParts) -> ASGIApp:
    """The admin server as an ASGI app."""
    keeper = Keeper(
        parts.token,
        parts.accounts,
        parts.logins,
        secure=parts.secure,
        closed=parts.closed,
        count=parts.metrics.count,
    )
    public = urlsplit(parts.public_url).hostname
    hosts = parts.hosts + ((public,) if public else ())
    return Gate(admin_app(parts, keeper), keeper, hosts)


def admin_app(parts: AdminParts, keeper: Keeper) -> FastAPI:
    """The same without its gate: every way in, and the rights that each needs."""
    app = FastAPI(
        title="guardrail admin",
        docs_url=None,  # its pages load scripts from elsewhere, which our policy forbids
        redoc_url=None,
        openapi_url=None,  # a route of ours, with a right
        redirect_slashes=False,
        lifespan=_lifespan(parts.demo),
    )
    app.add_exception_handler(StoreError, _store_failed)
    app.add_exception_handler(RequestError, _refused(keeper))
    for routes in (*parts.routers, _probes(parts), _about(), _api(parts), _pages(parts, keeper)):
        app.include_router(routes)
    if parts.office is not None:
        app.include_router(people_routes(parts.office))
        app.include_router(ticket_routes(parts.office))
    if parts.demo is not None:
        app.include_router(demo_routes(parts.said))
        app.mount("/demo/api", Fenced(Forward(parts.demo, "/demo/api"), Right.OVERVIEW))
    for path, mounted in parts.mounts.items():
        app.mount(path, mounted)
    app.mount("/static", StaticFiles(directory=STATIC))
    mark(app)
    return app


def _probes(parts: AdminParts) -> APIRouter:
    routes = APIRouter()

    @routes.get("/livez")
    async def livez() -> PlainTextResponse:
        """The event loop turns. Asks nobody, so that a slow disk does not get us killed."""
        return PlainTextResponse("ok\n")

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        """Each part, "ok" or why not; 503 if one is not ready."""
        found = await parts.readiness()
        ready = all(why is None for why in found.values())
        body = {"ready": ready, "parts": {name: why or "ok" for name, why in found.items()}}
        return JSONResponse(body, 200 if ready else 503)

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        """For Prometheus, in the format it asks for."""
        body, content_type = parts.metrics.render(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return routes


def _api(parts: AdminParts) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.get("/summary", dependencies=[needs(Right.OVERVIEW)])
    async def summary() -> dict[str, Any]:
        """What the head of the page shows."""
        return {
            "now": time.time(),
            "policy": policy_facts(parts.policy()),
            "ready": await parts.readiness(),
            "minutes": PLOTTED,
            "steps": steps(parts.metrics.recent(PLOTTED)),
            "totals": parts.metrics.totals(),
            "proxy_url": parts.proxy_url,
            "demo": parts.demo is not None,
        }

    @routes.get("/decisions", dependencies=[needs(Right.OVERVIEW)])
    async def decisions(
        limit: Annotated[int, Query(ge=1, le=500)] = 50, *, everything: bool = False
    ) -> list[dict[str, Any]]:
        """The latest decisions, newest first, of at most `limit` turns that have some to show."""
        return await _decisions(parts.store, limit, everything=everything)

    @routes.get("/turns/{turn}", dependencies=[needs(Right.OVERVIEW)])
    async def one_turn(turn: str) -> dict[str, Any]:
        """One turn by its id, as the header `x-guardrail-id` names it."""
        records = await parts.store.read(Ask(kind="record", subject=turn, limit=1))
        if not records:
            raise HTTPException(404, "no record of this turn")
        return turn_facts(records[0])

    @routes.get("/cases")
    async def cases(member: Annotated[Member, needs(Right.QUEUE)]) -> list[dict[str, Any]]:
        """Cases that wait for a human, the gravest first: those that the member may see."""
        waiting, queue = await parts.cases(), Right.QUEUE
        return [case_row(one) for one in waiting if sees(member, one.tenant, one.age_band, queue)]

    @routes.post("/policy/reload", dependencies=[needs(Right.POLICY)])
    async def reload_policy() -> JSONResponse:
        """Load the policy again. With mistakes (422) the one in force stays."""
        mistakes = await parts.reload()
        body = {"mistakes": [str(mistake) for mistake in mistakes]}
        return JSONResponse(
            body | {"policy": policy_facts(parts.policy())}, 422 if mistakes else 200
        )

    return routes


def _about() -> APIRouter:
    """What this server offers, and to whom."""
    routes = APIRouter(prefix="/api")

    @routes.get("/openapi.json", include_in_schema=False, dependencies=[needs(Right.OVERVIEW)])
    async def document(request: Request) -> JSONResponse:
        """What this server offers, and which rights each route needs."""
        return JSONResponse(request.app.openapi())

    @routes.get("/seat", dependencies=[needs(Right.OVERVIEW)])
    async def seat(request: Request) -> dict[str, Any]:
        """Who asks, what they may, and what their requests have to show (`x-csrf-token`)."""
        found = seat_of(request)
        member = found.member if found is not None else VISITOR
        return {
            "name": member.name,
            "signed_in": found is not None and found.signed_in,
            "rights": sorted(rights(member)),
            "csrf": found.csrf if found is not None else "",
        }

    return routes


async def _decisions(store: Store, limit: int, *, everything: bool) -> list[dict[str, Any]]:
    records = await store.read(Ask(kind="record", limit=limit if everything else LOOKED_AT))
    turns = (decision_rows(record, everything=everything) for record in records)
    shown = islice((rows for rows in turns if rows), limit)
    return [row for rows in shown for row in rows]


def _pages(parts: AdminParts, keeper: Keeper) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/", dependencies=[needs(Right.OVERVIEW)])
    async def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @routes.get("/login")
    async def login_form() -> Response:
        if parts.token is None and parts.logins is not None:
            return RedirectResponse(keeper.door, 303)
        return FileResponse(STATIC / "login.html")

    @routes.post("/login")
    async def log_in(request: Request) -> Response:
        if not keeper.knows(await _form_token(request)):
            return RedirectResponse("/login#wrong", 303)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE,
            keeper.cookie(),
            max_age=WEEK,
            httponly=True,
            samesite="strict",
            secure=parts.secure or request.url.scheme == "https",
        )
        return answer

    if parts.demo is not None:

        @routes.get("/demo", dependencies=[needs(Right.OVERVIEW)])
        async def demo() -> FileResponse:
            return FileResponse(STATIC / "demo.html")

    return routes


async def _form_token(request: Request) -> str:
    """The token of the login form, read without a form library; empty if there is none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM:
            raise HTTPException(413)
    return parse_qs(body.decode("latin-1")).get("token", [""])[0]


def _refused(keeper: Keeper) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What a request gets that is refused: JSON, or the door for somebody who has to sign in."""

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, RequestError) else 400
        code = error.code if isinstance(error, RequestError) else "bad_request"
        html = "text/html" in request.headers.get("accept", "")
        if status == 401 and html and request.method == "GET":  # noqa: PLR2004
            return RedirectResponse(keeper.door, 303)
        return JSONResponse({"error": str(error), "code": code}, status)

    return refused


async def _store_failed(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"the store failed: {error}"}, 503)


def _lifespan(demo: ASGIApp | None) -> Any:
    """Lets go of what the demo's way to the proxy holds when the server ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if demo is not None:
            await demo({"type": "lifespan"}, _goodbye, _nobody)

    return lifespan


async def _goodbye() -> Message:
    return {"type": "lifespan.shutdown"}


async def _nobody(_: Message) -> None:
    """Nobody waits for the answer."""
