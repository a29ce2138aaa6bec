"""One child's pages: what a guardian sees, and what they set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.errors import RequestError
from guardrail.portal.reading import switches_of, times_of
from guardrail.portal.render import Pages
from guardrail.portal.seat import Form, Posted, Seat, SignedIn
from guardrail.portal.views import bars, characters, nights, percent, school
from guardrail.staff.guardians import Guardians
from guardrail.wards import Channel, LinkStatus

__all__ = ["child_routes"]

VIEWS = ("times", "characters", "more", "alerts", "consent", "guardians", "about")
"""Pages besides the first one, by their path and template."""


def child_routes(guardians: Guardians, pages: Pages, zones: Sequence[str]) -> APIRouter:
    """The list of children, each child's pages, and the acts on them."""
    routes = APIRouter()
    _views(routes, guardians, pages, zones)
    _acts(routes, guardians)
    _settings(routes, guardians, pages)
    _end(routes, guardians, pages)
    return routes


def _views(routes: APIRouter, guardians: Guardians, pages: Pages, zones: Sequence[str]) -> None:
    @routes.get("/")
    async def home(request: Request, seat: SignedIn) -> Response:
        """Every child of this guardian; the only one at once."""
        links = await guardians.links(seat.guardian)
        if len(links) == 1 and "done" not in request.query_params:
            active = links[0].status is LinkStatus.ACTIVE
            where = "children" if active else "answer"
            return RedirectResponse(f"/{where}/{links[0].id}", 303)
        named = [(link, await guardians.cards.names(link)) for link in links]
        return pages.show(request, "home", seat=seat, links=named)

    @routes.get("/children/{link}")
    async def child(request: Request, link: str, seat: SignedIn) -> Response:
        """Today, the week, what is asked for."""
        return await shown(request, link, seat, "child")

    async def shown(request: Request, link: str, seat: Seat, view: str) -> Response:
        ward = await guardians.ward(seat.guardian, link)
        day = ward.day
        values: dict[str, Any] = {
            "bars": bars(day),
            "percent": percent(day),
            "nights": nights(day.house.quiet),
            "school": school(day.house.quiet),
            "characters": characters(ward),
            "zones": zones,
            "mode": guardians.terms.alerts,
            "help": guardians.help_for(ward.link, pages.language(request)),
        }
        return pages.show(request, view, seat=seat, ward=ward, day=day, **values)

    def further(view: str) -> None:
        async def page(request: Request, link: str, seat: SignedIn) -> Response:
            return await shown(request, link, seat, view)

        routes.add_api_route(f"/children/{{link}}/{view}", page, methods=["GET"], name=view)

    for view in VIEWS:
        further(view)


def _acts(routes: APIRouter, guardians: Guardians) -> None:
    """The buttons of the first page: each does one thing, at once."""

    @routes.post("/children/{link}/pause")
    async def pause(link: str, seat: SignedIn, _form: Posted) -> Response:
        """Close the chat until it is opened again."""
        await guardians.set(seat.guardian, link, {"paused": True})
        return _back(link, "paused")

    @routes.post("/children/{link}/resume")
    async def resume(link: str, seat: SignedIn, _form: Posted) -> Response:
        """Open it again."""
        await guardians.set(seat.guardian, link, {"paused": False})
        return _back(link, "resumed")

    @routes.post("/children/{link}/give")
    async def give(link: str, seat: SignedIn, form: Posted) -> Response:
        """More minutes today."""
        await guardians.give(seat.guardian, link, form.number("minutes") or 0)
        return _back(link, "given")

    @routes.post("/children/{link}/lift")
    async def lift(link: str, seat: SignedIn, form: Posted) -> Response:
        """No quiet hours for a while; 0 ends that."""
        await guardians.lift(seat.guardian, link, form.number("minutes") or 0)
        return _back(link, "lifted" if form.number("minutes") else "quiet")

    @routes.post("/children/{link}/requests/{ask}")
    async def answer(link: str, ask: str, seat: SignedIn, form: Posted) -> Response:
        """Grant a request, or not."""
        minutes = form.number("minutes") or 0
        await guardians.answer(seat.guardian, link, ask, minutes)
        return _back(link, "granted" if minutes else "declined")


def _settings(routes: APIRouter, guardians: Guardians, pages: Pages) -> None:
    @routes.post("/children/{link}/times")
    async def times(link: str, seat: SignedIn, form: Posted) -> Response:
        """Quiet hours and minutes."""
        await guardians.set(seat.guardian, link, times_of(form))
        return _back(f"{link}/times", "saved")

    @routes.post("/children/{link}/characters")
    async def block(link: str, seat: SignedIn, form: Posted) -> Response:
        """Block a character by name, or one of the list; or let one be talked with again."""
        if key := form.get("unblock"):
            await guardians.unblock(seat.guardian, link, key)
            return _back(f"{link}/characters", "unblocked")
        await guardians.block(seat.guardian, link, form.get("name"))
        return _back(f"{link}/characters", "blocked")

    @routes.post("/children/{link}/more")
    async def more(link: str, seat: SignedIn, form: Posted) -> Response:
        """Spending, memory, notifications."""
        await guardians.set(seat.guardian, link, switches_of(form, pages.currency))
        return _back(f"{link}/more", "saved")

    @routes.post("/children/{link}/alerts")
    async def alerts(link: str, seat: SignedIn, form: Posted) -> Response:
        """Whether letters come."""
        channel = Channel.MAIL if form.get("channel") == Channel.MAIL else Channel.NONE
        await guardians.channel(seat.guardian, link, channel)
        return _back(f"{link}/alerts", "saved")

    @routes.post("/children/{link}/consent")
    async def consent(link: str, seat: SignedIn, form: Posted) -> Response:
        """Agree to what is asked for now, or take it back."""
        if form.get("withdraw"):
            _sure(form)
            await guardians.withdraw(seat.guardian, link)
            return _back(f"{link}/consent", "withdrawn")
        await guardians.agree(seat.guardian, link, read=form.get("read"))
        return _back(f"{link}/consent", "agreed")


def _end(routes: APIRouter, guardians: Guardians, pages: Pages) -> None:
    @routes.post("/children/{link}/invite")
    async def invite(request: Request, link: str, seat: SignedIn, form: Posted) -> Response:
        """Invite a second guardian, by mail; where there is none, by a link to hand over."""
        invited = await guardians.invite_second(seat.guardian, link, address=form.get("address"))
        if invited.mailed:
            return _back(f"{link}/guardians", "invited")
        return pages.show(request, "invited", seat=seat, link=link, url=invited.url)

    @routes.post("/children/{link}/leave")
    async def leave(link: str, seat: SignedIn, form: Posted) -> Response:
        """Be a guardian no more."""
        _sure(form)
        await guardians.leave(seat.guardian, link)
        return RedirectResponse("/?done=left", 303)


def _sure(form: Form) -> None:
    """What cannot be undone by a second tap needs a tick."""
    if not form.get("sure"):
        raise RequestError("say that you are sure", status=422, code="sure")


def _back(where: str, done: str) -> Response:
    return RedirectResponse(f"/children/{where}?done={done}", 303)
