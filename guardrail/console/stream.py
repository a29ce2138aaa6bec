"""The stream of events that keeps every page of the console fresh."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sse_starlette import EventSourceResponse

from guardrail.console.bench import Bench
from guardrail.console.pages import page_route
from guardrail.console.seats import needs, seat_of
from guardrail.errors import RequestError, StoreError
from guardrail.roles import Member, Right, may
from guardrail.store.base import Event
from guardrail.store.base import Query as Ask

__all__ = ["newest", "stream_routes"]

POLL = 2.0
"""Seconds between looks at the log where no switchboard rings."""

GATHER = 0.25
"""Seconds in which what comes together is told together."""

LONGEST = 900.0
"""Seconds after which a browser connects again."""

PAGE = 500

Looker = Annotated[Member, needs(Right.QUEUE, signed_in=True)]


def stream_routes(bench: Bench) -> APIRouter:
    """One route: `/console/events`."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console/events")
    async def events(
        request: Request,
        member: Looker,
        *,
        case: Annotated[str, Query(max_length=64)] = "",
        after: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """`queue` when a case changed, `case` when the one that is looked at did.

        `after` is the last event that the page knows: whoever connects again misses nothing.
        """
        if case:
            await bench.casework.get(member, case)  # nobody listens to what they may not see
        seat = seat_of(request)
        login = seat.session if seat is not None else ""
        return EventSourceResponse(_events(_Listener(bench, member, login, case), after), ping=20)

    return routes


async def newest(bench: Bench) -> int:
    """The last event of a case."""
    found = await bench.store.read(Ask(kind="case.", limit=1))
    return found[0].seq if found else 0


@dataclass(frozen=True, slots=True)
class _Listener:
    """Who listens, by which login, and which case they look at, if they look at one."""

    bench: Bench
    member: Member
    login: str
    case: str

    async def present(self) -> Member | None:
        """Who they are by now; `None` once their login or their right is over."""
        if self.bench.still is None:
            return self.member
        found = await self.bench.still(self.login)
        return found if found is not None and may(found, Right.QUEUE) else None

    async def told(self, member: Member, new: tuple[Event, ...]) -> list[str]:
        """What these events are called for this page."""
        subjects = {event.subject for event in new}
        return ["queue", *(["case"] if self.case and await self._touched(member, subjects) else [])]

    async def _touched(self, member: Member, subjects: set[str]) -> bool:
        """Whether one of these events is about this case, under any of its ids."""
        try:
            found = await self.bench.casework.get(member, self.case)
        except RequestError:  # it is not for them any more: their page has to learn so
            return self.case in subjects
        return not subjects.isdisjoint(found.ids)


async def _events(listener: _Listener, after: int) -> AsyncIterator[dict[str, str]]:
    bench, loop = listener.bench, asyncio.get_running_loop()
    end, seq = loop.time() + LONGEST, after
    while loop.time() < end and not bench.ending.is_set():
        try:
            new = await bench.store.read(
                Ask(kind="case.", after_seq=seq, limit=PAGE, ascending=True)
            )
            if not new:
                await _rest(bench, seq)
                continue
            seq, member = new[-1].seq, await listener.present()
            if member is None:  # the page hears nothing more, asks, and is shown the door
                return
            for name in await listener.told(member, new):
                yield {"event": name, "data": str(seq)}
            await asyncio.sleep(GATHER)
        except StoreError:  # the browser says so, and connects again
            return


async def _rest(bench: Bench, seq: int) -> None:
    """Until something new is known or the server ends, at most for a poll."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL):
            if bench.board is None:
                await bench.ending.wait()
            elif bench.board.seq <= seq:
                await bench.board.changed(POLL)
