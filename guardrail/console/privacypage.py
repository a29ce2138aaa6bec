"""Privacy: a copy for somebody who asks for theirs, deletion, legal hold."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.bench import Bench
from guardrail.console.finder import REASONS, App, Named, Reason, keyed, named
from guardrail.console.pages import page_route
from guardrail.console.peoplepage import acted
from guardrail.console.seats import needs
from guardrail.errors import RequestError
from guardrail.roles import Member, Right
from guardrail.staff.privacy import Outcome

__all__ = ["CONFIRM", "privacy_pages"]

CONFIRM = 8
"""Digits of a key that have to be typed before anything is deleted."""

HOLDS = (90, 365, 1_096, 1_826)
"""Days of a legal hold to choose from: three years are what CA B&P 21812.5 asks for."""

Officer = Annotated[Member, needs(Right.PRIVACY, signed_in=True)]
Typed = Annotated[str, Form(max_length=64)]


def privacy_pages(bench: Bench) -> APIRouter:
    """Finding somebody, and what may be done with their data."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    people, privacy = bench.office.people, bench.privacy

    @routes.get("/console/privacy")
    async def find(request: Request, _: Officer) -> Response:
        """The form, and whose deletion is possible by now that a hold forbade."""
        possible = await privacy.possible()
        return bench.pages.render(request, "privacy/find.html", wrong="", possible=possible)

    @routes.post("/console/privacy")
    async def found(
        request: Request, _: Officer, *, user: Named = "", way: Reason = "proven", app: App = ""
    ) -> Response:
        """To the page of whoever it names."""
        try:
            who = named(people, user, way, app)
            await _known(bench, who.key)
        except RequestError as error:
            return bench.pages.render(
                request,
                "privacy/find.html",
                error.status,
                wrong=f"refused.{error.code}",
                possible=await privacy.possible(),
            )
        return RedirectResponse(f"/console/privacy/{who.key}", 303)

    @routes.get("/console/privacy/{key}")
    async def one(request: Request, key: str, _: Officer) -> Response:
        """What is held of somebody."""
        return await _page(bench, request, keyed(people, key).key)

    _acts(routes, bench)
    return routes


def _acts(routes: APIRouter, bench: Bench) -> None:
    people, privacy = bench.office.people, bench.privacy

    @routes.post("/console/privacy/{key}/copy")
    async def copy(key: str, member: Officer) -> Response:
        """All that is held of somebody, as a file."""
        found = await privacy.copy(keyed(people, key).key, member.id)
        name = f"guardrail-copy-{key[:CONFIRM]}.json"
        return Response(
            orjson.dumps(found, option=orjson.OPT_INDENT_2),
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )

    @routes.post("/console/privacy/{key}/delete")
    async def delete(
        request: Request,
        key: str,
        member: Officer,
        *,
        typed: Typed = "",
        reason: Reason = "",
        closed: Reason = "",
    ) -> Response:
        """Delete what may be deleted, after the beginning of the key was typed."""
        who = keyed(people, key)
        if not hmac.compare_digest(typed.strip().encode(), who.key[:CONFIRM].encode()):
            raise RequestError("type the digits", status=422, code="not_confirmed")
        act = acted(member, reason)
        outcome = await privacy.delete(who.key, act.by, act.reason, closed=bool(closed))
        return await _page(bench, request, who.key, outcome)

    @routes.post("/console/privacy/{key}/hold")
    async def hold(key: str, member: Officer, *, days: Typed = "", reason: Reason = "") -> Response:
        """Forbid deletion for a while, or no longer."""
        who, act = keyed(people, key), acted(member, reason)
        if days not in {"0", *map(str, HOLDS)}:
            raise RequestError("choose how long", status=422, code="form")
        await _known(bench, who.key)
        until = bench.clock() + int(days) * 86_400.0 if days != "0" else 0.0
        await privacy.hold(who.key, until, act.by, act.reason)
        return RedirectResponse(f"/console/privacy/{key}", 303)


async def _known(bench: Bench, key: str) -> Any:
    """How things are with somebody's data.

    Raises:
        RequestError: nothing is held of them (404).
    """
    standing = await bench.privacy.standing(key)
    if not (standing.known or standing.texts or standing.events):
        raise RequestError("nobody is known by this name", status=404, code="unknown_person")
    return standing


async def _page(
    bench: Bench, request: Request, key: str, outcome: Outcome | None = None
) -> Response:
    standing = await _known(bench, key)
    return bench.pages.render(
        request,
        "privacy/person.html",
        standing=standing,
        key=key,
        confirm=key[:CONFIRM],
        outcome=outcome,
        held=datetime.fromtimestamp(standing.held_until, UTC).date()
        if standing.held_until
        else None,
        holds=HOLDS,
        reasons=REASONS,
    )
