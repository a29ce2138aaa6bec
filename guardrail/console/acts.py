"""What members do with a case, from its page. Every act answers with the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.cases import Appeal, Asked, Let, Reopened, Resolution, Whom
from guardrail.console.advice import advice
from guardrail.console.bench import Bench
from guardrail.console.casefacts import profile_of
from guardrail.console.casepage import render_case
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.errors import RequestError
from guardrail.roles import Member, Right
from guardrail.staff.switchboard import Switchboard

__all__ = ["act_routes"]

LONGEST = 4_000
"""Characters of one message or note."""

Worker = Annotated[Member, needs(Right.WORK, signed_in=True)]
Leader = Annotated[Member, needs(Right.LEAD, signed_in=True)]
Approver = Annotated[Member, needs(Right.APPROVE, signed_in=True)]
Words = Annotated[str, Form()]
Short = Annotated[str, Form(max_length=64)]

Act = Callable[[Member, str], Awaitable[object]]


def act_routes(bench: Bench) -> APIRouter:
    """Claims, words, notes, contacts, ends."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)
    _claims(routes, bench)
    _ends(routes, bench)
    _writes(routes, bench)
    _contacts(routes, bench)
    if bench.board is not None:
        _chat(routes, bench, bench.board)
    return routes


def _back(case: str, anchor: str = "") -> Response:
    return RedirectResponse(f"/console/cases/{case}{anchor}", 303)


def _claims(routes: APIRouter, bench: Bench) -> None:
    work = bench.casework

    def plain(name: str, act: Act) -> None:
        async def does(case: str, member: Worker) -> Response:
            await act(member, case)
            return _back(case)

        routes.add_api_route(f"/console/cases/{{case}}/{name}", does, methods=["POST"], name=name)

    plain("claim", work.claim)
    plain("ask-opinion", work.ask_opinion)
    plain("home-danger", work.home_danger)

    @routes.post("/console/cases/{case}/home-safe")
    async def home_safe(case: str, member: Approver) -> Response:
        """Only who may approve says so."""
        await work.home_danger(member, case, danger=False)
        return _back(case)

    @routes.post("/console/cases/{case}/keep")
    async def keep(case: str, member: Worker) -> Response:
        """A sign of life of an open page."""
        bench.presence.look(case, member.id, bench.clock())
        await work.keep(member, case)
        return Response(status_code=204)

    @routes.post("/console/cases/{case}/release")
    async def release(case: str, member: Worker, why: Annotated[Let, Form()]) -> Response:
        """Let go; nobody is asked for more than that."""
        await work.release(member, case, why)
        return RedirectResponse("/console", 303)

    @routes.post("/console/cases/{case}/transfer")
    async def transfer(case: str, member: Worker, to: Short) -> Response:
        """Hand it to a colleague, or assign it."""
        found = next((one for one in await bench.team() if one.id == to), None)
        if found is None:
            raise RequestError("nobody has this id", status=409, code="cannot_hold")
        await work.transfer(member, case, found)
        return _back(case)

    @routes.post("/console/cases/{case}/take")
    async def take(case: str, member: Leader) -> Response:
        """Take a case from a colleague."""
        await work.take(member, case)
        return _back(case)


def _ends(routes: APIRouter, bench: Bench) -> None:
    work = bench.casework

    @routes.post("/console/cases/{case}/resolve")
    async def resolve(
        case: str, member: Worker, reason: Annotated[Resolution, Form()], note: Words = ""
    ) -> Response:
        """Close it, with a reason."""
        await work.resolve(member, case, reason, note)
        return RedirectResponse("/console", 303)

    @routes.post("/console/cases/{case}/reopen")
    async def reopen(case: str, member: Worker, reason: Annotated[Reopened, Form()]) -> Response:
        """Open it again."""
        await work.reopen(member, case, reason)
        return _back(case)

    @routes.post("/console/cases/{case}/appeal")
    async def appeal(case: str, member: Worker, reason: Annotated[Appeal, Form()]) -> Response:
        """Somebody says that its end was wrong."""
        await work.appeal(member, case, reason)
        return _back(case)


def _writes(routes: APIRouter, bench: Bench) -> None:
    work = bench.casework

    @routes.post("/console/cases/{case}/note")
    async def note(case: str, member: Worker, text: Words, key: Short = "") -> Response:
        """A note for colleagues."""
        await work.note(member, case, text, key=key)
        return _back(case, "#notes")

    @routes.post("/console/cases/{case}/opinion")
    async def opinion(case: str, member: Worker, text: Words, key: Short = "") -> Response:
        """A second opinion."""
        await work.second_opinion(member, case, text, key=key)
        return _back(case, "#notes")


def _contacts(routes: APIRouter, bench: Bench) -> None:
    work = bench.casework

    @routes.post("/console/cases/{case}/contacts")
    async def propose(
        case: str, member: Worker, whom: Annotated[Whom, Form()], reason: Annotated[Asked, Form()]
    ) -> Response:
        """Propose to tell somebody outside."""
        await work.propose_contact(member, case, whom, reason)
        return _back(case, "#contacts")

    @routes.post("/console/cases/{case}/contacts/{proposal}/approve")
    async def approve(case: str, proposal: str, member: Approver) -> Response:
        """Agree, as the second member."""
        await work.approve_contact(member, case, proposal)
        return _back(case, "#contacts")

    @routes.post("/console/cases/{case}/contacts/{proposal}/refuse")
    async def refuse(case: str, proposal: str, member: Worker) -> Response:
        """Decide against it, or take one's own back."""
        await work.refuse_contact(member, case, proposal)
        return _back(case, "#contacts")


def _chat(routes: APIRouter, bench: Bench, board: Switchboard) -> None:
    @routes.post("/console/cases/{case}/join")
    async def join(case: str, member: Worker) -> Response:
        """Speak to the person from now on."""
        found = await bench.casework.get(member, case)
        if found.claimed_by != member.id:
            raise RequestError("claim the case first", status=409, code="not_claimed")
        if not found.named:  # strangers whose talk began alike would hear each other's moderator
            raise RequestError("the app names no chat", status=409, code="unnamed_chat")
        where = found.conversations[-1] if found.conversations else found.conversation
        await board.join(found.id, where, found.user, member)
        return _back(case, "#talk")

    @routes.post("/console/cases/{case}/say")
    async def say(
        request: Request, case: str, member: Worker, *, text: Words, sure: Short = ""
    ) -> Response:
        """Words to the person; what speaks against them is shown once."""
        found = await bench.casework.get(member, case)
        if len(text) > LONGEST:
            raise RequestError("at most 4,000 characters", status=422, code="note_length")
        doubts = advice(bench.policy(found.region), profile_of(found), text)
        if doubts and not sure:
            return await render_case(bench, request, found, member, draft=text, advice=doubts)
        await board.say(found.id, member, text)
        if "hx-request" not in request.headers:
            return _back(case, "#talk")
        return await render_case(bench, request, found, member)

    @routes.get("/console/cases/{case}/say")
    async def said(case: str, member: Worker) -> Response:
        """Where a page with a doubt was: whoever loads it again gets the case."""
        return _back((await bench.casework.get(member, case)).id, "#talk")

    @routes.post("/console/cases/{case}/leave")
    async def leave(case: str, member: Worker) -> Response:
        """Hand the conversation back to the bot."""
        found = await bench.casework.get(member, case)
        await board.leave(found.id, member)
        return _back(case, "#talk")
