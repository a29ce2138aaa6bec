"""The stream of events that keeps every page of the console fresh."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sse_starlette import EventSourceResponse

from guardrail.console.bench import Bench
from guardrail.console.pages import page_route
from guardrail.console.seats import needs
from guardrail.errors import RequestError, StoreError
from guardrail.roles import Member, Right
from guardrail.store.base import Event
from guardrail.store.base import Query as Ask

__all__ = ["newest", "stream_routes"]

POLL = 2.0
"""Seconds between looks at the log where no switchboard rings."""

GATHER = 0.25
"""Seconds in which what comes together is told together."""

LONGEST = 900.0
"""Seconds after which a browser connects again, so that a login that ended does not listen on."""

PAGE = 500

Looker = Annotated[Member, needs(Right.QUEUE, signed_in=True)]


def stream_routes(bench: Bench) -> APIRouter:
    """One route: `/console/events`."""
    routes = APIRouter(route_class=page_route(bench.pages), include_in_schema=False)

    @routes.get("/console/events")
    async def events(
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
        return EventSourceResponse(_events(bench, member, case, after), ping=20)

    return routes


async def newest(bench: Bench) -> int:
    """The last event of a case."""
    found = await bench.store.read(Ask(kind="case.", limit=1))
    return found[0].seq if found else 0


async def _events(
    bench: Bench, member: Member, case: str, after: int
) -> AsyncIterator[dict[str, str]]:
    loop = asyncio.get_running_loop()
    end, seq = loop.time() + LONGEST, after
    while loop.time() < end and not bench.ending.is_set():
        try:
            new = await bench.store.read(
                Ask(kind="case.", after_seq=seq, limit=PAGE, ascending=True)
            )
            if new:
                seq = new[-1].seq
                for name in await _told(bench, member, case, new):
                    yield {"event": name, "data": str(seq)}
                await asyncio.sleep(GATHER)
            else:
                await _rest(bench, seq)
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


async def _told(bench: Bench, member: Member, case: str, new: tuple[Event, ...]) -> list[str]:
    found = ["queue"]
    if case and await _touched(bench, member, case, {event.subject for event in new}):
        found.append("case")
    return found


async def _touched(bench: Bench, member: Member, case: str, subjects: set[str]) -> bool:
    """Whether one of these events is about this case, under any of its ids."""
    try:
        return not subjects.isdisjoint((await bench.casework.get(member, case)).ids)
    except RequestError:  # it is not for them any more: their page has to learn so
        return case in subjects
