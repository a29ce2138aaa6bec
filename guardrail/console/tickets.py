"""Tickets: appeals against an age, complaints, incidents; each with the day by which it is due."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.complaints import Matter, Progress
from guardrail.console.bench import Bench
from guardrail.console.finder import REASONS, Reason
from guardrail.console.pages import page_route
from guardrail.console.peoplepage import Clerk, acted
from guardrail.errors import RequestError
from guardrail.person import Age
from guardrail.turn import AgeBand, Evidence

__all__ = ["OUTCOMES", "ticket_pages"]

OUTCOMES = (
    "explained",
    "changed",
    "apologised",
    "refunded",
    "referred",
    "not_founded",
    "duplicate",
)
"""How a complaint or an incident is answered, as codes; the words go to whoever asked."""

PROOFS = (Evidence.VERIFIED, Evidence.PLATFORM, Evidence.GUARDIAN)
"""What can show an age when an appeal is granted."""

Band = Annotated[Literal["adult", "minor"], Form()]
Proof = Annotated[Literal["verified", "platform", "guardian"], Form()]
Step = Literal["acknowledge", "answer", "close"]
Outcome = Annotated[str, Form(max_length=16)]

_STEPS = {
    "acknowledge": Progress.ACKNOWLEDGED,
    "answer": Progress.ANSWERED,
    "close": Progress.CLOSED,
}


def ticket_pages(bench: Bench) -> APIRouter:
    """The lists, and what moves a ticket on."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    people, desk = bench.office.people, bench.office.desk

    @routes.get("/console/tickets")
    async def listed(request: Request, _: Clerk) -> Response:
        """What waits, what is due first."""
        now = bench.clock()
        registers = {}
        for matter in Matter:
            found = await desk.all(matter)
            registers[matter.value] = [(one, one.overdue(now)) for one in found]
        return bench.pages.render(
            request,
            "people/tickets.html",
            appeals=[(one, now > one.due) for one in await people.appeals()],
            registers=registers,
            proofs=PROOFS,
            reasons=REASONS,
            outcomes=OUTCOMES,
        )

    @routes.post("/console/appeals/{ticket}/grant")
    async def grant(
        ticket: str, member: Clerk, *, band: Band, proof: Proof, reason: Reason = ""
    ) -> Response:
        """What was shown counts from now on, whatever was known before."""
        age = Age(AgeBand(band), Evidence(proof), None, bench.clock())
        await people.decide(ticket, acted(member, reason), age)
        return _listed("appeals")

    @routes.post("/console/appeals/{ticket}/refuse")
    async def refuse(ticket: str, member: Clerk, reason: Reason = "") -> Response:
        """It stays as it is."""
        await people.decide(ticket, acted(member, reason), None)
        return _listed("appeals")

    @routes.post("/console/tickets/{matter}/{ticket}/{step}")
    async def move(
        matter: Matter, ticket: str, step: Step, member: Clerk, *, outcome: Outcome = ""
    ) -> Response:
        """Somebody has said that it arrived, answered it, or closed it without an answer."""
        if step != "acknowledge" and outcome not in OUTCOMES:
            raise RequestError("choose how it ended", status=422, code="form")
        await desk.move(matter, ticket, _STEPS[step], by=member.id, outcome=outcome)
        return _listed(matter)

    return routes


def _listed(where: str) -> Response:
    return RedirectResponse(f"/console/tickets#{where}", 303)
