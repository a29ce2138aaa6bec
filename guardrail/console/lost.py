"""Addresses of the console at which there is nothing: a page in plain words, or where one meant to go."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.bench import Bench
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.roles import Member

__all__ = ["lost_routes"]

Somebody = Annotated[Member, needs()]

DEEP = 2
"""Parts of the address of a case; what has more is an act, which only forms are sent to."""


def lost_routes(bench: Bench) -> APIRouter:
    """Whatever no other route took; has to be included last."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console/{rest:path}")
    async def lost(request: Request, rest: str, _: Somebody) -> Response:
        """Whoever loads the address of an act again gets its case; else there is nothing."""
        parts = rest.strip("/").split("/")
        if parts == [""]:
            return RedirectResponse("/console", 303)
        if parts[0] == "cases" and len(parts) > DEEP and parts[1].isalnum():
            return RedirectResponse(f"/console/cases/{parts[1]}", 303)
        return bench.pages.refuse(request, 404, "")

    @routes.post("/console/{rest:path}")
    async def nothing(request: Request, rest: str, _: Somebody) -> Response:  # noqa: ARG001
        """There is no such act."""
        return bench.pages.refuse(request, 404, "")

    return routes
