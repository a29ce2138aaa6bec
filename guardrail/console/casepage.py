"""The page of a case: what was said around it, why it fired, who the person is to us, and the chat.

There is one way to make it, whole. A page that is open loads it again and takes out of it the parts
that are marked as live; a form that is sent without scripts gets it whole as well.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from guardrail.actions import help_lines
from guardrail.cases import Case
from guardrail.console.bench import Bench
from guardrail.console.casefacts import case_facts, profile_of, reads, words_of
from guardrail.console.macros import MACROS, filled
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.console.stream import newest
from guardrail.console.view import Fired, Row, fired_at
from guardrail.console.wellness import TALK, Exposure, exposure, revealed
from guardrail.errors import RequestError
from guardrail.roles import Member, Right
from guardrail.staff.switchboard import Line
from guardrail.takeover import Hold
from guardrail.vault import Text

__all__ = ["case_routes", "render_case"]

Looker = Annotated[Member, needs(Right.QUEUE, signed_in=True)]
Reader = Annotated[Member, needs(Right.TEXT, signed_in=True)]

ALL = "all"
"""Stands for every text of a case in the address that uncovers one."""


def case_routes(bench: Bench) -> APIRouter:
    """The page of a case, and uncovering its words."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console/cases/{case}")
    async def page(request: Request, case: str, member: Looker) -> Response:
        """Everything about one case."""
        found = await bench.casework.get(member, case)
        bench.presence.look(found.id, member.id, bench.clock())
        return await render_case(bench, request, found, member)

    @routes.post("/console/cases/{case}/texts/{text}")
    async def reveal(case: str, text: str, member: Reader) -> Response:
        """Uncover one text, all, or the chat: that it was is written down, and so the page shows it."""
        found = await bench.casework.get(member, case)
        if not reads(member, found):
            raise RequestError("your roles do not allow this", status=403, code="forbidden")
        for one, count in await _asked(bench, found, text):
            event = revealed(member.id, found.id, one, bench.clock(), count=count)
            await bench.store.append(event)
        return RedirectResponse(f"/console/cases/{found.id}#{_place(text)}", 303)

    return routes


def _place(text: str) -> str:
    return {ALL: "words", TALK: "talk"}.get(text, f"t-{text}")


async def _asked(bench: Bench, case: Case, text: str) -> list[tuple[str, int]]:
    """The texts that somebody wants to read, and how many each of them stands for."""
    if text == TALK:
        lines = await bench.board.talk(case.id) if bench.board is not None else ()
        return [(TALK, sum(line.by == "user" for line in lines))]
    words = await words_of(bench, case)
    wanted = [(one.id, 1) for one in words if text in (ALL, one.id)]
    if not wanted:
        raise RequestError("these words are gone", status=404, code="words_gone")
    return wanted


async def render_case(
    bench: Bench, request: Request, case: Case, member: Member, **more: Any
) -> Response:
    """The page. `more`: what the chat has to say about words that were not sent."""
    seq, names = await newest(bench), await bench.names()
    seen = await exposure(bench.store, member.id, bench.clock())
    language = bench.pages.language(request)
    values = await case_facts(bench, case, member, names=names, language=language)
    values |= await _words(bench, case, member, seen, reasons=values["why"])
    values |= await _talk(bench, case, member, seen)
    values |= {"seq": seq, "exposure": seen, "key": secrets.token_hex(8), "draft": "", "advice": ()}
    return bench.pages.render(request, "cases/case.html", **values | more)


# -- words and chat ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shown:
    """One text on the page; `text` is `None` while it is covered. `fired`: it brought a signal."""

    id: str
    speaker: str
    at: float
    length: int
    text: str | None
    fired: bool


async def _words(
    bench: Bench, case: Case, member: Member, seen: Exposure, *, reasons: Iterable[Row]
) -> dict[str, Any]:
    if not reads(member, case):
        return {"reads": False, "texts": [], "covered": 0}
    fired = fired_at(reasons)
    shown = [_shown(text, seen.of(case.id), fired) for text in await words_of(bench, case)]
    covered = sum(one.text is None for one in shown)
    return {"reads": True, "texts": shown, "covered": covered}


def _shown(text: Text, seen: frozenset[str], fired: Fired) -> _Shown:
    words = text.text if text.id in seen else None
    why = fired(text.speaker, text.at)
    return _Shown(text.id, text.speaker, text.at, len(text.text), words, why)


async def _talk(bench: Bench, case: Case, member: Member, seen: Exposure) -> dict[str, Any]:
    """The chat with the person, as far as the member may and wants to read it."""
    board, readable = bench.board, reads(member, case)
    hold = await board.of_case(case.id) if board is not None else None
    lines: tuple[Line, ...] = await board.talk(case.id) if board is not None and readable else ()
    joined = _holds(hold, case, member)
    helps = help_lines(bench.policy(case.region), profile_of(case))
    return {
        "enabled": board is not None,
        "lines": lines if joined or TALK in seen.of(case.id) else (),
        "behind": 0 if joined or TALK in seen.of(case.id) else len(lines),
        "joined": joined,
        "taken": hold is not None and hold.by != member.id and hold.present(bench.clock()),
        "lost": hold is not None and not hold.over and not hold.present(bench.clock()),
        "holder": hold.display if hold is not None else "",
        "macros": {key: filled(key, case.language, member.name, helps) for key in MACROS},
    }


def _holds(hold: Hold | None, case: Case, member: Member) -> bool:
    """Whether the member is in the chat, and still has the case."""
    mine = hold is not None and not hold.over and hold.by == member.id
    return mine and case.claimed_by == member.id
