"""The admin server's routes for complaints and incidents, and the public protocol page beside them.

An app relays what its users complain of. No text of theirs is taken: a category, a turn, a contact
of which a keyed hash is kept.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from guardrail.admin.people import Body, CappedRoute, Code, Name, Named, Office, Staff, acting
from guardrail.complaints import Complaint, Matter, Progress
from guardrail.console.seats import needs
from guardrail.roles import Right
from guardrail.wellknown import PATH

__all__ = ["ticket_routes"]

TurnId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{21}$")]


class Raised(Body):
    """A complaint or an incident. Of `contact` only a keyed hash is kept."""

    category: Code
    by: Name
    turn: TurnId | None = None
    contact: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    person: Named | None = None


class Outcome(Body):
    """How a ticket is answered, as a code."""

    by: Name
    outcome: Code


class _Taken(Body):
    by: Name


def ticket_routes(office: Office) -> APIRouter:
    """Complaints, incidents, the protocol page."""
    tickets = APIRouter(route_class=CappedRoute, dependencies=[needs(Right.PEOPLE)])
    for matter, place in ((Matter.COMPLAINT, "complaints"), (Matter.INCIDENT, "incidents")):
        _tickets(tickets, office, matter, place)
    routes = APIRouter(route_class=CappedRoute)
    routes.include_router(tickets)

    @routes.get(PATH, dependencies=[needs(Right.OVERVIEW)])
    async def protocol(request: Request) -> Response:
        """The public page about what is detected and done; in HTML if that is preferred."""
        headers = request.headers.raw
        body, more = office.page.render(headers, request.scope["query_string"])
        return Response(body, headers={k.decode(): v.decode() for k, v in more})

    return routes


def _tickets(routes: APIRouter, office: Office, matter: Matter, place: str) -> None:
    desk, people = office.desk, office.people

    @routes.post(f"/api/{place}", status_code=201, name=f"open_{matter}")
    async def raised(body: Raised, member: Staff) -> dict[str, Any]:
        """Open a ticket; the answer says until when it will be answered."""
        user = body.person.who(people).key if body.person is not None else None
        one = await desk.open(
            matter,
            body.category,
            by=acting(member, body.by),
            turn=body.turn,
            contact=body.contact,
            user=user,
        )
        return _ticket(one, desk.now())

    @routes.get(f"/api/{place}", name=f"list_{matter}")
    async def listed(*, everything: bool = False) -> list[dict[str, Any]]:
        """Tickets that are open, the most pressing first."""
        return [_ticket(one, desk.now()) for one in await desk.all(matter, everything=everything)]

    @routes.post(f"/api/{place}/{{ticket}}/acknowledge", name=f"acknowledge_{matter}")
    async def acknowledge(ticket: str, body: _Taken, member: Staff) -> dict[str, Any]:
        """Somebody has told the person that it arrived."""
        one = await desk.move(matter, ticket, Progress.ACKNOWLEDGED, by=acting(member, body.by))
        return _ticket(one, desk.now())

    @routes.post(f"/api/{place}/{{ticket}}/answer", name=f"answer_{matter}")
    async def answer(ticket: str, body: Outcome, member: Staff) -> dict[str, Any]:
        """It is answered; the words went to the person, the code stays here."""
        one = await desk.move(
            matter, ticket, Progress.ANSWERED, by=acting(member, body.by), outcome=body.outcome
        )
        return _ticket(one, desk.now())

    @routes.post(f"/api/{place}/{{ticket}}/close", name=f"close_{matter}")
    async def close(ticket: str, body: Outcome, member: Staff) -> dict[str, Any]:
        """It ends without an answer: a duplicate, withdrawn."""
        one = await desk.move(
            matter, ticket, Progress.CLOSED, by=acting(member, body.by), outcome=body.outcome
        )
        return _ticket(one, desk.now())


def _ticket(one: Complaint, now: float) -> dict[str, Any]:
    return {
        "ticket": one.ticket,
        "category": one.about.category,
        "progress": one.progress,
        "turn": one.about.turn,
        "contact": one.about.contact,
        "key": one.about.user,
        "opened_at": one.opened_at,
        "acknowledge_by": one.acknowledge_by,
        "answer_by": one.answer_by,
        "acknowledged_at": one.acknowledged_at,
        "ended_at": one.ended_at,
        "outcome": one.outcome,
        "overdue": list(one.overdue(now)),
    }
