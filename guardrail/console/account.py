"""One's own account, and the team: who works here, as which roles, for which app."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.doors import Lobby, Member_, Secret, Short, signed
from guardrail.console.pages import LANGUAGE_COOKIE, LANGUAGES, page_route
from guardrail.console.seats import needs
from guardrail.errors import RequestError
from guardrail.roles import STAFF, Member, Right, StaffRole, rights
from guardrail.staff.accounts import INVITED_HOURS, Invitation
from guardrail.staff.logins import Tried

__all__ = ["account_routes"]

Admin = Annotated[Member, needs(Right.ACCOUNTS, signed_in=True)]
Chosen = Annotated[list[StaffRole], Form(max_length=len(StaffRole))]


def account_routes(lobby: Lobby) -> APIRouter:
    """Pages for whoever is signed in, and for admins."""
    routes = APIRouter(
        prefix="/account", route_class=page_route(lobby.pages), include_in_schema=False
    )
    _own(routes, lobby)
    _proofs(routes, lobby)
    _team(routes, lobby)
    _acts(routes, lobby)
    return routes


# -- one's own -----------------------------------------------------------------------------------


async def _mine(
    lobby: Lobby, request: Request, member: Member, error: RequestError | None = None
) -> Response:
    """One's own page, with what went wrong. A wrong password is no reason to sign in again."""
    account = await lobby.accounts.get(member.id)
    status = 200 if error is None else 422 if error.status == 401 else error.status  # noqa: PLR2004
    return lobby.pages.render(
        request,
        "accounts/own.html",
        account=account,
        rights=sorted(rights(member)),
        visits=await lobby.logins.visits(member.id),
        current=signed(request).session,
        left=await lobby.logins.recovery_left(member.id),
        languages=LANGUAGES,
        status=status,
        wrong=f"wrong.{error.code}" if error is not None else "",
    )


def _own(routes: APIRouter, lobby: Lobby) -> None:
    @routes.get("")
    async def own(request: Request, member: Member_) -> Response:
        return await _mine(lobby, request, member)

    @routes.post("/name")
    async def rename(
        request: Request, member: Member_, name: Short = "", language: Short = "en"
    ) -> Response:
        spoken = language if language in LANGUAGES else "en"
        try:
            await lobby.logins.rename(signed(request), name=name, language=spoken)
        except RequestError as error:
            return await _mine(lobby, request, member, error)
        answer = RedirectResponse("/account", 303)
        answer.delete_cookie(LANGUAGE_COOKIE)
        return answer


def _proofs(routes: APIRouter, lobby: Lobby) -> None:
    @routes.post("/password")
    async def password(
        request: Request, member: Member_, *, old: Secret = "", new: Secret = "", code: Short = ""
    ) -> Response:
        try:
            entered = await lobby.logins.change_password(signed(request), Tried("", old, code), new)
        except RequestError as error:
            return await _mine(lobby, request, member, error)
        return lobby.seated(RedirectResponse("/account", 303), entered)

    @routes.post("/recovery")
    async def recovery(
        request: Request, member: Member_, password: Secret = "", code: Short = ""
    ) -> Response:
        tried = Tried("", password, code)
        try:
            codes = await lobby.logins.renew_recovery(signed(request), tried)
        except RequestError as error:
            return await _mine(lobby, request, member, error)
        return lobby.pages.render(request, "accounts/codes.html", codes=codes, onward="/account")


# -- the team ------------------------------------------------------------------------------------


def _team(routes: APIRouter, lobby: Lobby) -> None:
    @routes.get("/team")
    async def team(request: Request, _: Admin) -> Response:
        return lobby.pages.render(
            request,
            "accounts/team.html",
            team=await lobby.accounts.all(),
            staff=STAFF,
            tenants=lobby.tenants,
        )

    @routes.get("/team/{member}")
    async def one(request: Request, member: str, admin: Admin) -> Response:
        return lobby.pages.render(
            request,
            "accounts/member.html",
            account=await lobby.accounts.get(member),
            staff=STAFF,
            tenants=lobby.tenants,
            own=member == admin.id,
        )


def _acts(routes: APIRouter, lobby: Lobby) -> None:
    accounts = lobby.accounts

    def linked(request: Request, invitation: Invitation) -> Response:
        link = lobby.address(request, f"/account/join#{invitation.code}")
        return lobby.pages.render(
            request, "accounts/invited.html", link=link, hours=round(INVITED_HOURS)
        )

    def known(tenant: str) -> str:
        if tenant and tenant not in lobby.tenants:
            raise RequestError("there is no such app", status=422, code="tenant")
        return tenant

    @routes.post("/team")
    async def invite(
        request: Request, admin: Admin, *, roles: Chosen, name: Short = "", tenant: Short = ""
    ) -> Response:
        language = lobby.pages.language(request)
        invitation = await accounts.invite(
            admin.id, roles, name=name, tenant=known(tenant), language=language
        )
        return linked(request, invitation)

    @routes.post("/team/{member}/link")
    async def link(request: Request, member: str, admin: Admin) -> Response:
        return linked(request, await accounts.renew(admin.id, member))

    @routes.post("/team/{member}/roles")
    async def assign(member: str, admin: Admin, roles: Chosen, tenant: Short = "") -> Response:
        await accounts.assign(admin.id, member, roles, known(tenant))
        return RedirectResponse(f"/account/team/{member}", 303)

    @routes.post("/team/{member}/disable")
    async def disable(member: str, admin: Admin) -> Response:
        await accounts.disable(admin.id, member)
        return RedirectResponse(f"/account/team/{member}", 303)

    @routes.post("/team/{member}/enable")
    async def enable(member: str, admin: Admin) -> Response:
        await accounts.enable(admin.id, member)
        return RedirectResponse(f"/account/team/{member}", 303)
