"""Getting in: signing in by mail, taking an invitation, agreeing to it, getting out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.errors import RequestError
from guardrail.portal.reading import AGES, years_of
from guardrail.portal.render import Pages
from guardrail.portal.seat import Posted, Sent, SignedIn, cookie_name
from guardrail.staff.guardcards import Card
from guardrail.staff.guardians import Guardians
from guardrail.staff.guardvisits import Entered, GuardVisits
from guardrail.wards import LinkStatus

__all__ = ["entry_routes", "signed_out"]


def entry_routes(guardians: Guardians, visits: GuardVisits, pages: Pages) -> APIRouter:
    """Every way in, and the way out."""
    routes = APIRouter()
    _doors(routes, visits, pages)
    _invitations(routes, visits, pages)
    _answers(routes, guardians, pages)

    @routes.post("/sign-out")
    async def sign_out(request: Request, seat: SignedIn, _form: Posted) -> Response:
        """End the session."""
        await visits.leave(seat.secret)
        return signed_out(request)

    return routes


def signed_out(request: Request) -> Response:
    """To the page to sign in, without a cookie."""
    answer = RedirectResponse("/sign-in", 303)
    secure = bool(request.app.state.secure)
    answer.delete_cookie(cookie_name(secure=secure), secure=secure, httponly=True)
    return answer


def _let_in(request: Request, entered: Entered) -> Response:
    answer = RedirectResponse(f"/answer/{entered.link}" if entered.link else "/", 303)
    secure = bool(request.app.state.secure)
    answer.set_cookie(
        cookie_name(secure=secure),
        entered.secret,
        httponly=True,
        samesite="lax",  # a link in a mail finds somebody who is signed in
        secure=secure,
    )
    return answer


def _doors(routes: APIRouter, visits: GuardVisits, pages: Pages) -> None:
    @routes.get("/sign-in")
    async def sign_in(request: Request) -> Response:
        """Ask for the address."""
        return pages.show(request, "sign_in", sent=False)

    @routes.post("/sign-in")
    async def send_link(request: Request, form: Sent) -> Response:
        """Send a link there, if it is a guardian's; the answer is the same for every address."""
        await visits.ask(form.get("address"), language=pages.language(request))
        return pages.show(request, "sign_in", sent=True)

    @routes.get("/enter/{token}")
    async def look(request: Request, token: str) -> Response:
        """Say whose link this is; a mail server that opens it uses nothing up."""
        return pages.show(request, "enter", address=await visits.who(token))

    @routes.post("/enter/{token}")
    async def enter(request: Request, token: str) -> Response:
        """Sign in."""
        return _let_in(request, await visits.enter(token))


def _invitations(routes: APIRouter, visits: GuardVisits, pages: Pages) -> None:
    @routes.get("/invitation/{token}")
    async def invitation(request: Request, token: str) -> Response:
        """Say what a guardian is, before anybody gives an address."""
        _, mailed = await visits.invitation(token)
        return pages.show(request, "invitation", mailed=mailed, sent=False, again="")

    @routes.post("/invitation/{token}")
    async def take(request: Request, token: str, form: Sent) -> Response:
        """Go on: at once where the invitation came by mail, else by a link to one's own address."""
        link, mailed = await visits.invitation(token)
        language = pages.language(request)
        if mailed and (entered := await visits.enter_invited(token, language=language)):
            return _let_in(request, entered)
        if not mailed:
            await visits.ask(form.get("address"), language=language, link=link.id)
        again = "" if mailed else request.url.path  # they may have mistyped it
        return pages.show(request, "invitation", mailed=False, sent=True, again=again)


def _answers(routes: APIRouter, guardians: Guardians, pages: Pages) -> None:
    @routes.get("/answer/{link}")
    async def question(request: Request, link: str, seat: SignedIn) -> Response:
        """What is agreed to; afterwards, what the child does next."""
        found = next((one for one in await guardians.links(seat.guardian) if one.id == link), None)
        if found is None:
            raise RequestError("there is no such link", status=404, code="unknown_link")
        if found.status is LinkStatus.ACTIVE:
            return RedirectResponse(f"/children/{link}", 303)
        values: dict[str, Any] = {"seat": seat, "link": found}
        if found.status is LinkStatus.ACCEPTED:
            names = await guardians.cards.names(found)
            return pages.show(request, "waiting", code=guardians.code(found), names=names, **values)
        agreement = await guardians.agreement(found)
        return pages.show(request, "answer", agreement=agreement, ages=tuple(AGES), **values)

    @routes.post("/answer/{link}/agree")
    async def agree(link: str, seat: SignedIn, form: Posted) -> Response:
        """Agree to look after this account."""
        if not form.get("agree"):
            raise RequestError("agree first", status=422, code="agree")
        names = Card(form.get("name"), form.get("child"))
        years, read = years_of(form), form.get("read")
        await guardians.accept(seat.guardian, link, years=years, names=names, read=read)
        return RedirectResponse(f"/answer/{link}", 303)

    @routes.post("/answer/{link}/refuse")
    async def refuse(link: str, seat: SignedIn, _form: Posted) -> Response:
        """Say no."""
        await guardians.refuse(link, by=seat.guardian, guardian=seat.guardian)
        return RedirectResponse("/?done=refused", 303)
