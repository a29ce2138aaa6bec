"""People: how somebody stands, and what may be set for them by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.bench import Bench
from guardrail.console.finder import REASONS, App, Named, Reason, keyed, named
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.console.view import row
from guardrail.dependence import index
from guardrail.duties import moment
from guardrail.errors import RequestError
from guardrail.people import Act, Who
from guardrail.person import Person
from guardrail.roles import Member, Right
from guardrail.turn import Danger

__all__ = ["Clerk", "acted", "people_pages"]

Clerk = Annotated[Member, needs(Right.PEOPLE, signed_in=True)]

Does = Callable[[Who, Act], Awaitable[Person]]


def people_pages(bench: Bench) -> APIRouter:
    """Finding somebody, their page, and acts on them."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    people = bench.office.people

    @routes.get("/console/people")
    async def find(request: Request, _: Clerk) -> Response:
        """The form."""
        return bench.pages.render(request, "people/find.html", wrong="")

    @routes.post("/console/people")
    async def found(
        request: Request, _: Clerk, *, user: Named = "", way: Reason = "proven", app: App = ""
    ) -> Response:
        """To the page of whoever it names."""
        try:
            person = await people.get(named(people, user, way, app))
        except RequestError as error:
            wrong = f"refused.{error.code}"
            return bench.pages.render(request, "people/find.html", error.status, wrong=wrong)
        return RedirectResponse(f"/console/people/{person.key}", 303)

    @routes.get("/console/people/{key}")
    async def one(request: Request, key: str, member: Clerk) -> Response:
        """How somebody stands."""
        person = await people.get(keyed(people, key))
        values = await _state(bench, person, member)
        return bench.pages.render(request, "people/person.html", **values)

    _acts(routes, bench)
    return routes


def _acts(routes: APIRouter, bench: Bench) -> None:
    people = bench.office.people

    def plain(name: str, does: Does) -> None:
        async def act(key: str, member: Clerk, reason: Reason = "") -> Response:
            await does(keyed(people, key), acted(member, reason))
            return RedirectResponse(f"/console/people/{key}", 303)

        routes.add_api_route(f"/console/people/{{key}}/{name}", act, methods=["POST"], name=name)

    plain("pause", people.pause)
    plain("resume", people.resume)
    plain("release", people.release)

    @routes.post("/console/people/{key}/appeal")
    async def appeal(key: str, member: Clerk, reason: Reason = "") -> Response:
        """Somebody says that their age is another one."""
        await people.appeal(keyed(people, key), acted(member, reason))
        return RedirectResponse("/console/tickets#appeals", 303)


def acted(member: Member, reason: str) -> Act:
    """Who acts, and why.

    Raises:
        RequestError: the reason is none of the list (422).
    """
    if reason not in REASONS:
        raise RequestError("choose a reason", status=422, code="form")
    return Act(member.id, reason)


async def _state(bench: Bench, person: Person, member: Member) -> dict[str, Any]:
    now, names = bench.clock(), await bench.names()
    at = moment(now, bench.policy(None).zone)
    today, crisis = person.today(at.day), person.crisis
    cases = await bench.casework.of(member, person.key)
    return {
        "person": person,
        "danger": crisis.at(now),
        "in_crisis": crisis.at(now) is not Danger.NONE,
        "paused": person.paused,
        "house_paused": person.overseen is not None and person.overseen.paused,
        "minutes": round(today.seconds / 60),
        "turns": today.turns,
        "index": index(person, at.day),
        "cases": [row(one, names, member.id) for one in cases],
        "waiting": [a for a in await bench.office.people.appeals() if a.key == person.key],
        "reasons": REASONS,
    }
