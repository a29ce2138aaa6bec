"""The doors of the console: signing in and out, joining by invitation, the way to an identity provider.

What is behind them is in `staff.logins` and `staff.oidc`; here are the pages and the cookies.

* The cookie of a login is strict, so that no other site can make a browser use it. The one of a
  login at an identity provider is lax, or it would not come back from there; it is sealed, lives ten
  minutes and opens nothing.
* A strict cookie is not sent while a browser is still on its way here from another site. So the
  return from the provider ends on a page of ours, which goes on by itself.
* The code of an invitation stands behind the `#` of its link: in no log, and not with a mail
  scanner that looks at the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import segno
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from guardrail._tables import AccountsTable
from guardrail.admin.gate import DOORS, session_cookie
from guardrail.console.pages import LANGUAGE_COOKIE, LANGUAGES, Pages, page_route
from guardrail.console.seats import needs, seat_of
from guardrail.errors import RequestError, UpstreamError
from guardrail.roles import Member, Right, may
from guardrail.staff.accounts import Accounts
from guardrail.staff.logins import Enrolment, Entered, Joining, Logins, Signed, Tried
from guardrail.staff.oidc import Back, Provider

__all__ = ["Lobby", "Member_", "Secret", "Short", "door_routes", "signed"]

YEAR = 365 * 86_400

FLOW_SECONDS = 600

Short = Annotated[str, Form(max_length=256)]
Secret = Annotated[str, Form(max_length=1024)]
Place = Annotated[str, Form(max_length=512)]

Member_ = Annotated[Member, needs()]
"""Any human who is signed in."""


@dataclass(frozen=True, slots=True)
class Lobby:
    """What the doors and the pages about accounts work with.

    `homes` are where somebody goes who has just signed in, to the first that they may see;
    `token`: there is an admin token, whose page is elsewhere; `tenants` are the apps that a member
    may be limited to.
    """

    accounts: Accounts
    logins: Logins
    pages: Pages
    table: AccountsTable
    provider: Provider | None = None
    homes: tuple[tuple[str, Right], ...] = (("/console", Right.QUEUE), ("/", Right.OVERVIEW))
    token: bool = False
    tenants: tuple[str, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https."""
        return self.table.public_url.startswith("https:")

    def address(self, request: Request, path: str) -> str:
        """A whole address of ours, as browsers use it."""
        base = self.table.public_url or f"{request.url.scheme}://{request.url.netloc}"
        return base.rstrip("/") + path

    def onward(self, place: str, member: Member) -> str:
        """Where to go after signing in: to a path of ours, or home."""
        if _inside(place) and place.partition("?")[0] not in DOORS:
            return place
        return next((path for path, right in self.homes if may(member, right)), "/account")

    def held(self, request: Request) -> str:
        """The token of the login that the browser has, if it has one."""
        return request.cookies.get(session_cookie(secure=self.secure), "")

    def seated(self, answer: Response, entered: Entered) -> Response:
        """The answer, with the cookie of a new login."""
        answer.set_cookie(
            session_cookie(secure=self.secure),
            entered.token,
            max_age=int(self.table.absolute_hours * 3600),
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def unseated(self, answer: Response) -> Response:
        """The answer, with no login any more."""
        name = session_cookie(secure=self.secure)
        answer.delete_cookie(name, secure=self.secure, httponly=True, samesite="strict")
        return answer


def door_routes(lobby: Lobby) -> APIRouter:
    """Everything that somebody without a login can reach, and the way out."""
    routes = APIRouter(
        prefix="/account", route_class=page_route(lobby.pages), include_in_schema=False
    )
    _login(routes, lobby)
    _language(routes, lobby)
    _join(routes, lobby)
    _leave(routes, lobby)
    if lobby.provider is not None:
        _oidc(routes, lobby, lobby.provider)
    return routes


def signed(request: Request) -> Signed:
    """The login that asks, in the terms of `Logins`; only behind `needs`.

    Raises:
        RequestError: nobody is signed in (401).
    """
    seat = seat_of(request)
    if seat is None or not seat.signed_in:
        raise RequestError("sign in", status=401, code="login")
    return Signed(seat.member, seat.session, seat.csrf)


# -- local accounts ------------------------------------------------------------------------------


def _login(routes: APIRouter, lobby: Lobby) -> None:
    def page(
        request: Request, place: str, login: str = "", error: RequestError | None = None
    ) -> Response:
        return lobby.pages.render(
            request,
            "accounts/login.html",
            error.status if error is not None else 200,
            place=place,
            login=login,
            wrong=f"wrong.{error.code}" if error is not None else "",
            local=lobby.table.local,
            oidc=lobby.table.oidc,
            token=lobby.token,
            onward=quote(place, safe=""),
        )

    @routes.get("/login")
    async def form(
        request: Request, place: Annotated[str, Query(alias="next", max_length=512)] = ""
    ) -> Response:
        seat = seat_of(request)
        if seat is not None and seat.signed_in:
            return RedirectResponse(lobby.onward(place, seat.member), 303)
        return page(request, place)

    @routes.post("/login")
    async def log_in(
        request: Request,
        *,
        login: Short = "",
        password: Secret = "",
        code: Short = "",
        place: Place = "",
    ) -> Response:
        try:
            entered = await lobby.logins.sign_in(Tried(login, password, code), lobby.held(request))
        except RequestError as error:
            return page(request, place, login, error)
        return lobby.seated(RedirectResponse(lobby.onward(place, entered.member), 303), entered)


def _language(routes: APIRouter, lobby: Lobby) -> None:
    @routes.post("/language")
    async def speak(request: Request, language: Short = "", back: Place = "") -> Response:
        seat = seat_of(request)
        place = back if _inside(back) else "/account"
        if seat is None and not place.startswith("/account/"):
            place = "/account/login"
        answer = RedirectResponse(place, 303)
        if language in LANGUAGES:
            answer.set_cookie(
                LANGUAGE_COOKIE, language, max_age=YEAR, secure=lobby.secure, samesite="lax"
            )
        return answer


def _leave(routes: APIRouter, lobby: Lobby) -> None:
    @routes.post("/logout")
    async def log_out(request: Request, _: Member_, everywhere: Short = "") -> Response:
        await lobby.logins.sign_out(signed(request), everywhere=bool(everywhere))
        return lobby.unseated(RedirectResponse("/account/login", 303))


# -- joining -------------------------------------------------------------------------------------


def _inside(place: str) -> bool:
    """Whether this is a path of ours; others have `//host` or a backslash."""
    plain = place.startswith("/") and place.isprintable() and "\\" not in place
    return plain and not place.startswith("//")


def _not_invited(lobby: Lobby, request: Request, error: RequestError) -> Response:
    wrong = f"wrong.{error.code}"
    return lobby.pages.render(request, "accounts/join.html", error.status, wrong=wrong)


def _join(routes: APIRouter, lobby: Lobby) -> None:
    def page(request: Request, code: str, offered: Enrolment, **more: Any) -> Response:
        told: dict[str, Any] = {"status": 200, "wrong": "", "login": offered.login}
        told |= {"name": offered.name} | more
        return lobby.pages.render(
            request, "accounts/enrol.html", code=code, offered=offered, qr=_qr(offered.link), **told
        )

    @routes.get("/join")
    async def form(request: Request) -> Response:
        return lobby.pages.render(request, "accounts/join.html", wrong="")

    @routes.post("/join/open")
    async def opened(request: Request, invitation: Short = "") -> Response:
        code = invitation.strip()
        try:
            return page(request, code, await lobby.logins.opened(code))
        except RequestError as error:
            return _not_invited(lobby, request, error)

    @routes.post("/join/finish")
    async def finish(
        request: Request,
        *,
        invitation: Short = "",
        login: Short = "",
        name: Short = "",
        password: Secret = "",
        code: Short = "",
    ) -> Response:
        told = Joining(login, name, password, code, lobby.pages.language(request))
        try:
            offered = await lobby.logins.opened(invitation)
        except RequestError as error:
            return _not_invited(lobby, request, error)
        try:
            entered = await lobby.logins.enrol(invitation, told, lobby.held(request))
        except RequestError as error:
            more = {"status": error.status, "wrong": f"wrong.{error.code}"}
            kept = {"login": offered.login or login, "name": name}
            return page(request, invitation, offered, **more, **kept)
        codes = lobby.pages.render(
            request,
            "accounts/codes.html",
            codes=entered.codes,
            onward=lobby.onward("", entered.member),
        )
        return lobby.seated(codes, entered)


def _qr(link: str) -> Markup:
    """The picture that an authenticator app reads, as an SVG element without any style."""
    svg = segno.make(link, error="m").svg_inline(
        border=2, svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(svg)  # noqa: S704 - made here, of a link that is percent-encoded


# -- an identity provider ------------------------------------------------------------------------


def _oidc(routes: APIRouter, lobby: Lobby, provider: Provider) -> None:
    cookie = "__Host-guardrail-oidc" if lobby.secure else "guardrail_oidc"
    sealer = lobby.logins.sealer

    def redirect(request: Request) -> str:
        return lobby.address(request, "/account/oidc/back")

    @routes.get("/oidc")
    async def leave(
        request: Request, place: Annotated[str, Query(alias="next", max_length=512)] = ""
    ) -> Response:
        try:
            flow = await provider.start(redirect(request))
        except UpstreamError:
            return lobby.pages.refuse(request, 502, "oidc_down")
        answer = RedirectResponse(flow.url, 303)
        answer.set_cookie(
            cookie,
            sealer.seal("oidc", {**flow.kept, "next": place}),
            max_age=FLOW_SECONDS,
            secure=lobby.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    @routes.get("/oidc/back")
    async def back(request: Request) -> Response:
        kept = sealer.open("oidc", request.cookies.get(cookie, ""))
        came = Back(dict(request.query_params), kept)
        try:
            claims = await provider.finish(came, redirect(request))
            entered = await lobby.logins.sign_in_as(claims, lobby.held(request))
            place = lobby.onward(str((kept or {}).get("next", "")), entered.member)
            answer: Response = lobby.pages.render(request, "accounts/onward.html", place=place)
            lobby.seated(answer, entered)
        except UpstreamError:
            answer = lobby.pages.refuse(request, 502, "oidc_down")
        except RequestError as error:
            code = "oidc" if error.code.startswith("oidc_") else error.code
            answer = lobby.pages.render(
                request, "refused.html", error.status, key=f"refused.{code}"
            )
        answer.delete_cookie(cookie, secure=lobby.secure, httponly=True, samesite="lax")
        return answer
