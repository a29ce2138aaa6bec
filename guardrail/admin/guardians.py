"""The admin server's routes about guardians: what an app does for its user. See docs/people-api.md.

Here are the ward's side and the operator's: inviting, agreeing, asking, ending, spending. A guardian's
side is not: that is the portal, a server of its own, which no token of this one opens. So an app that
hands a child too much of this API still lets nobody approve their own request.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from guardrail.acts import Act, Who
from guardrail.admin.people import Body, CappedRoute, Code, Name, Named, Proof, Staff, acting
from guardrail.console.seats import needs
from guardrail.household import WEEKDAYS
from guardrail.person import Person
from guardrail.roles import Member, Right
from guardrail.staff.guardcards import Card
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardterms import Place
from guardrail.turn import Evidence
from guardrail.wardday import WardDay
from guardrail.wards import Ask, Link, LinkStatus, Wish

__all__ = ["guardian_routes"]

Region = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")]
LinkId = Annotated[str, StringConstraints(pattern=r"^g-[0-9a-f]{16}$")]
Minutes = Annotated[int, Field(ge=1, le=180)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class OfWard(Body):
    """Whom it is about."""

    person: Named


class ByApp(OfWard):
    """An act of the app, for its user or as the operator."""

    by: Name
    reason: Code | None = None


class Invite(ByApp):
    """An invitation. `proof`: how the app knows that this is their guardian."""

    proof: Proof = "guardian"
    address: Line | None = None
    language: Annotated[str, StringConstraints(pattern="^(en|zh)$")] = "en"
    region: Region = ""
    zone: Annotated[str, Field(max_length=64)] = ""


class Accept(ByApp):
    """The ward agrees: to the link of this id, or to the one with this code."""

    link: LinkId | None = None
    code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None


class OnLink(ByApp):
    """An act on one link."""

    link: LinkId


class Asked(ByApp):
    """The ward asks for minutes: on top of today's, or in quiet hours."""

    wish: Wish = Field(Wish.MORE, strict=False)
    minutes: Minutes


class Spent(ByApp):
    """A purchase in the smallest unit of the money; below zero a refund."""

    amount: Annotated[int, Field(ge=-10_000_000, le=10_000_000)]
    reference: Line
    made: bool = False


def guardian_routes(guardians: Guardians) -> APIRouter:
    """The ward's and the operator's side."""
    routes = APIRouter(
        prefix="/api/people", route_class=CappedRoute, dependencies=[needs(Right.PEOPLE)]
    )
    _links(routes, guardians)
    _safety(routes, guardians)
    _limits(routes, guardians)
    return routes


def _links(routes: APIRouter, guardians: Guardians) -> None:
    people = guardians.people

    @routes.post("/guardian/invite", status_code=201)
    async def invite(body: Invite, member: Staff) -> dict[str, Any]:
        """Invite a guardian. Hand `url` over where they can open it, unless it was `mailed`."""
        invited = await guardians.invite(
            body.person.who(people),
            by=acting(member, body.by),
            proof=Evidence(body.proof),
            place=Place(body.region, body.zone, body.language),
            address=body.address or "",
        )
        link = invited.link
        return {
            "link": link.id,
            "url": invited.url,
            "until": link.until,
            "mailed": invited.mailed,
        }

    @routes.post("/guardian/list")
    async def all_of_them(body: OfWard) -> dict[str, Any]:
        """Who looks after this user, and who is about to."""
        return await _oversight(guardians, body.person.who(people))

    @routes.post("/guardian/accept")
    async def accept(body: Accept, member: Staff) -> dict[str, Any]:
        """The user agrees, after the guardian; 409 until then."""
        who, by = body.person.who(people), acting(member, body.by)
        await guardians.ward_accepts(who, by=by, link=body.link or "", code=body.code or "")
        return await _oversight(guardians, who)

    @routes.post("/guardian/refuse")
    async def refuse(body: OnLink, member: Staff) -> dict[str, Any]:
        """The user says no."""
        who = body.person.who(people)
        await guardians.refuse(body.link, by=acting(member, body.by), ward=who.key)
        return await _oversight(guardians, who)

    @routes.post("/guardian/end")
    async def end(body: OnLink, member: Staff) -> dict[str, Any]:
        """End a link. The guardian is told that it ended."""
        who = body.person.who(people)
        await guardians.end(who, body.link, by=acting(member, body.by))
        return await _oversight(guardians, who)


def _safety(routes: APIRouter, guardians: Guardians) -> None:
    people = guardians.people

    @routes.post("/guardian/unsafe")
    async def unsafe(body: ByApp, member: Staff) -> dict[str, bool]:
        """Home is where the danger comes from: no guardian is told anything, and none sees that."""
        return await _said(body, member, unsafe=True)

    @routes.post("/guardian/safe")
    async def safe(body: ByApp, member: Staff) -> dict[str, bool]:
        """It is not, after all; a human has looked."""
        return await _said(body, member, unsafe=False)

    async def _said(body: ByApp, member: Member, *, unsafe: bool) -> dict[str, bool]:
        who, by = body.person.who(people), acting(member, body.by)
        await guardians.say_unsafe(who, by=by, reason=body.reason or "", unsafe=unsafe)
        return {"unsafe": unsafe}


def _limits(routes: APIRouter, guardians: Guardians) -> None:
    people = guardians.people

    @routes.post("/limits")
    async def limits(body: OfWard) -> dict[str, Any]:
        """What counts for this user now, for the app to show and to keep."""
        return await _state(guardians, body.person.who(people))

    @routes.post("/time/ask", status_code=201)
    async def ask(body: Asked) -> dict[str, Any]:
        """The user asks their guardians for minutes."""
        return _ask(await guardians.ask(body.person.who(people), body.wish, body.minutes))

    @routes.post("/spend")
    async def spend(body: Spent, member: Staff) -> dict[str, Any]:
        """Book a purchase; 409 if a guardian does not allow so much. The same reference counts once."""
        who = body.person.who(people)
        act = Act(acting(member, body.by), body.reason or "")
        await people.spend(who, act, amount=body.amount, reference=body.reference, made=body.made)
        return (await _state(guardians, who))["spending"]  # type: ignore[no-any-return]


# -- what leaves, field by field -----------------------------------------------------------------


async def _oversight(guardians: Guardians, who: Who) -> dict[str, Any]:
    found = await guardians.of(who)
    return {
        "oversight": any(link.status is LinkStatus.ACTIVE for link, _ in found),
        "links": [_link(link, card) for link, card in found],
        "guardian_sees": ["days", "minutes", "nights", "settings", "requests", "alerts"],
        "guardian_never_sees": ["messages"],
    }


def _link(link: Link, card: Card) -> dict[str, Any]:
    return {
        "link": link.id,
        "status": link.status,
        "name": card.guardian,
        "proof": link.proof,
        "invited_at": link.at,
        "since": link.since,
        "until": link.until if link.status is not LinkStatus.ACTIVE else None,
    }


async def _state(guardians: Guardians, who: Who) -> dict[str, Any]:
    day, asks = await guardians.day(who)
    person = await guardians.people.get(who)
    return {
        "oversight": person.overseen is not None,
        "day": day.at.day,
        "zone": day.house.zone or None,
        "closed": day.closed or None,
        "minutes": _minutes(day),
        "quiet": [
            {"days": [WEEKDAYS[n] for n in one.days], "from": one.begins, "to": one.ends}
            for one in day.house.quiet
        ],
        "quiet_until": day.quiet_until,
        "lifted_until": day.lifted_until or None,
        "requests": [_ask(one) for one in asks],
        "off": day.house.off,
        "blocked": [person.characters.get(key, "") for key in day.house.blocked],
        "spending": _spending(person, day),
    }


def _minutes(day: WardDay) -> dict[str, Any]:
    return {
        "used": day.used,
        "left": day.left,
        "daily": day.caps.daily_minutes,
        "session": day.caps.session_minutes,
        "bonus": day.bonus,
    }


def _spending(person: Person, day: WardDay) -> dict[str, Any]:
    house = person.overseen
    cap = house.spend_cap if house is not None else None
    return {
        "month": day.at.day[:7],
        "spent": day.spent,
        "cap": cap,
        "left": None if cap is None else max(0, cap - day.spent),
    }


def _ask(one: Ask) -> dict[str, Any]:
    return {
        "request": one.id,
        "wish": one.wish,
        "minutes": one.minutes,
        "at": one.at,
        "until": one.until,
        "granted": one.granted,
    }
