"""Notifications: those that reached nobody, those on their way, and sending one again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.console.bench import Bench
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.errors import RequestError
from guardrail.letterbook import Letter, Post
from guardrail.roles import Member, Right, may
from guardrail.staff.outbox import Outbox

__all__ = ["letter_pages"]

SHOWN = 200
"""Letters on their way that are listed."""

Clerk = Annotated[Member, needs(Right.LETTERS, signed_in=True)]
Which = Annotated[str, Form(max_length=256)]

ANSWERS = ("http", "smtp")
"""What a code begins with that ends in the receiver's own."""

AUDIENCES = ("moderators", "operator")
"""To whom a test letter may go from here."""


def letter_pages(bench: Bench) -> APIRouter:
    """One page and its acts."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console/letters")
    async def listed(request: Request, member: Clerk) -> Response:
        """The dead ones first, the gravest of them on top."""
        if bench.outbox is None:
            return bench.pages.render(request, "letters.html", outbox=False)
        pending = await bench.outbox.letters()
        shows = may(member, Right.QUEUE)
        return bench.pages.render(
            request,
            "letters.html",
            outbox=True,
            dead=[_shown(one, cases=shows) for one in await bench.outbox.dead()],
            pending=[_shown(one, cases=shows) for one in pending[:SHOWN]],
            more=max(0, len(pending) - SHOWN),
            disabled=await bench.outbox.disabled(),
            audiences=AUDIENCES,
        )

    @routes.post("/console/letters/again")
    async def again(member: Clerk, letter: Which) -> Response:
        """Send a dead letter once more."""
        await _outbox(bench).again(letter, member.id)
        return _back()

    @routes.post("/console/letters/cancel")
    async def cancel(member: Clerk, letter: Which) -> Response:
        """Take one off the list: it was told in another way, or is no longer true."""
        await _outbox(bench).cancel(letter, member.id, "by_hand")
        return _back()

    @routes.post("/console/letters/enable")
    async def enable(member: Clerk, endpoint: Which) -> Response:
        """Send to an address again that wanted nothing any more."""
        await _outbox(bench).enable(endpoint, member.id)
        return _back()

    @routes.post("/console/letters/test")
    async def test(member: Clerk, audience: Which) -> Response:
        """A letter that only says that letters arrive."""
        if audience not in AUDIENCES:
            raise RequestError("choose an audience", status=422, code="form")
        await _outbox(bench).test(audience, member.id)
        return _back()

    return routes


def _back() -> Response:
    return RedirectResponse("/console/letters", 303)


def _outbox(bench: Bench) -> Outbox:
    if bench.outbox is None:
        raise RequestError("there is no outbox", status=409, code="no_outbox")
    return bench.outbox


def _shown(letter: Letter, *, cases: bool) -> dict[str, Any]:
    kind, _, code = letter.why.partition("_")
    return {
        "id": letter.id,
        "at": letter.at,
        "template": letter.template,
        "audience": letter.audience,
        "severity": letter.severity,
        "state": letter.state,
        "why": letter.why,
        "answered": (kind, code) if kind in ANSWERS and code else None,
        "reached": sum(one.state is Post.SENT for one in letter.live),
        "wanted": len(letter.live),
        "tries": letter.tries,
        "due": letter.due,
        "case": letter.subject if cases and letter.template.startswith("case_") else "",
    }
