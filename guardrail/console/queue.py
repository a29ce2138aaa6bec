"""The queue: cases that wait for a human, the gravest first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response

from guardrail.console.bench import Bench
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.console.stream import newest
from guardrail.console.view import chips, pager, row, wanted
from guardrail.console.wellness import exposure
from guardrail.roles import Member, Right

__all__ = ["queue_routes"]

SIZE = 50
"""Cases on one page."""

LONG = 5
"""Digits that no number of a page has."""

Looker = Annotated[Member, needs(Right.QUEUE, signed_in=True)]


def queue_routes(bench: Bench) -> APIRouter:
    """The list of cases."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console")
    async def queue(request: Request, member: Looker) -> Response:
        """The page; a page that is open takes the list out of it again."""
        query = {key: value for key, value in request.query_params.items() if key != "page"}
        found = request.query_params.get("page", "")
        page = int(found) if found.isascii() and found.isdecimal() and len(found) < LONG else 0
        seq = await newest(bench)
        queue = await bench.casework.queue(member, wanted(query), limit=SIZE, offset=page * SIZE)
        names = await bench.names()
        return bench.pages.render(
            request,
            "cases/queue.html",
            rows=[row(case, names, member.id) for case in queue.cases],
            total=queue.total,
            chips=chips(queue, query),
            resolved=query.get("status") == "resolved",
            pager=pager(query, page, queue.total, SIZE),
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            query=query,
            seq=seq,
            exposure=await exposure(bench.store, member.id, bench.clock()),
        )

    return routes
