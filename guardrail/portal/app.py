"""The portal, put together: a FastAPI app behind its gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from guardrail._asgi import ASGIApp, ClientGone
from guardrail.errors import RequestError, StoreError
from guardrail.portal.entry import entry_routes, signed_out
from guardrail.portal.gate import Gate
from guardrail.portal.pages import child_routes
from guardrail.portal.render import Pages
from guardrail.portal.seat import SignIn
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardvisits import GuardVisits

__all__ = ["PortalParts", "create_portal", "portal_app"]

STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class PortalParts:
    """What the portal works with. `service` is the operator's service by name, if it is to be named.

    `currency`: the money of spend caps. `hosts` are further names under which it may be asked for.
    """

    guardians: Guardians
    visits: GuardVisits
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    service: str = ""
    currency: str = "USD"


def create_portal(parts: PortalParts) -> ASGIApp:
    """The portal's server as an ASGI app."""
    return Gate(portal_app(parts), parts.public_url, parts.hosts)


def portal_app(parts: PortalParts) -> FastAPI:
    """The same without its gate: every way in."""
    app = FastAPI(
        title="guardrail portal",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    pages = Pages(service=parts.service, currency=parts.currency)
    app.state.visits, app.state.secure = parts.visits, parts.public_url.startswith("https:")
    app.include_router(entry_routes(parts.guardians, parts.visits, pages))
    app.include_router(child_routes(parts.guardians, pages, _zones()))

    @app.get("/livez")
    async def livez() -> PlainTextResponse:
        """The event loop turns."""
        return PlainTextResponse("ok\n")

    app.mount("/static", StaticFiles(directory=STATIC))
    for error, handler in _handlers(pages).items():
        app.add_exception_handler(error, handler)
    return app


@cache
def _zones() -> tuple[str, ...]:
    """Time zones as people look for them: by continent and city."""
    return tuple(sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/")))


_Handler = Callable[[Request, Exception], Awaitable[Response]]


def _handlers(pages: Pages) -> dict[type[Exception], _Handler]:
    """What goes wrong becomes a page that says what to do."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestError)  # noqa: S101 - registered for it
        return pages.trouble(request, error.status, error.code)

    async def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        return pages.trouble(request, error.status_code, "")

    async def unreadable(request: Request, _: Exception) -> Response:
        return pages.trouble(request, 422, "")

    async def store_failed(request: Request, _: Exception) -> Response:
        return pages.trouble(request, 503, "")

    async def gone(_request: Request, _: Exception) -> Response:
        return Response(status_code=400)

    async def nobody(request: Request, _: Exception) -> Response:
        return signed_out(request)

    return {
        RequestError: refused,
        HTTPException: missing,
        RequestValidationError: unreadable,
        StoreError: store_failed,
        ClientGone: gone,
        SignIn: nobody,
    }
