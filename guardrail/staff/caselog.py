"""The log of cases, as the services of the staff read and write it.

Rules of this file:

1. What holds is the fold of the log, read on before every answer and after every act.
2. A case changes hands by taking the next number of its log: `case.claimed.{case}.{n}` is the id of
   every event that says who has it. Two processes that act on the same state choose the same id;
   one of them finds the other's event there, looks again, and decides anew.
3. What somebody may not see does not exist for them (404); what they may see and not do is refused
   by name (403).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from guardrail._tables import CasesTable
from guardrail.cases import Case, CaseBook, Clocks
from guardrail.errors import RequestError
from guardrail.letters import of_case
from guardrail.roles import Member, Right, may, sees
from guardrail.store.base import Event, Query, Store

__all__ = ["CaseLog", "clocks", "refused", "visible"]

PAGE = 1_000
"""Events read at a time: a page is folded in 10 ms, in which no turn goes on."""

Make = Callable[[Case, float], tuple[str, dict[str, Any]] | None]
"""What an act makes of a case at a moment: the kind of its event (without "case.") and the body, or
`None` if nothing is left to do. Raises `RequestError` if it cannot be done."""


def clocks(table: CasesTable) -> Clocks:
    """The clocks of cases, from their settings."""
    return Clocks(
        imminent=table.imminent_seconds,
        urgent=table.urgent_seconds,
        notice=table.notice_seconds,
        lease=table.lease_seconds,
    )


def refused(message: str, code: str, status: int = 409) -> RequestError:
    """An act that cannot be done."""
    return RequestError(message, status=status, code=code)


class CaseLog:
    """Every method may raise `StoreError`. Each look reads on where the one before it ended."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        terms: Clocks = Clocks(),  # noqa: B008 - frozen
    ) -> None:
        self.terms = terms
        self._store, self._clock = store, clock
        self._book = CaseBook(terms)

    def now(self) -> float:
        """Epoch seconds by the clock that deadlines and claims are compared with."""
        return self._clock()

    @property
    def seq(self) -> int:
        """The last event that was read; what changes, changes it."""
        return self._book.seq

    async def catch_up(self) -> int:
        """Read on in the log; the last event that was read."""
        more = True
        while more:
            query = Query(kind="case.", after_seq=self._book.seq, limit=PAGE, ascending=True)
            page = await self._store.read(query)
            self._book.add(page)
            more = len(page) == PAGE
        return self._book.seq

    async def waiting(self) -> tuple[Case, ...]:
        """All cases that are not resolved, whoever may see them: for gauges."""
        await self.catch_up()
        return self._book.waiting(self._clock())

    async def ids(self, case: str) -> tuple[str, ...]:
        """Every id of a case, its own first; none if there is no such case."""
        await self.catch_up()
        found = self._book.get(case, self._clock())
        return found.ids if found is not None else ()

    async def history(self, member: Member, case: str) -> tuple[Event, ...]:
        """The events of a case, oldest first.

        Raises:
            RequestError: there is no such case for this member (404).
        """
        found = await self._find(member, case, Right.QUEUE)
        return await self._events(found)

    # -- inside ------------------------------------------------------------------------------

    async def _events(self, case: Case) -> tuple[Event, ...]:
        events: list[Event] = []
        for subject in case.ids:
            seq = 0
            while page := await self._store.read(
                Query("case.", subject, after_seq=seq, limit=PAGE, ascending=True)
            ):
                events += page
                seq = page[-1].seq
        return tuple(sorted(events, key=lambda event: event.seq))

    async def _find(self, member: Member, case: str, right: Right) -> Case:
        """A case, for somebody who may use this right on it."""
        await self.catch_up()
        return self._allowed(member, self._book.get(case, self._clock()), right)

    @staticmethod
    def _allowed(member: Member, case: Case | None, right: Right) -> Case:
        if not may(member, right):
            raise refused("this needs another role", "forbidden", 403)
        if case is None or not visible(member, case, right):
            raise refused("there is no such case", "unknown_case", 404)
        return case

    async def _hold(self, member: Member, case: str, right: Right, make: Make) -> Case:
        """Change who has a case; the case after it.

        `make` looks at the case and raises what speaks against it. It is asked again whenever
        somebody else was quicker.
        """
        while True:
            found = await self._find(member, case, right)
            made = make(found, self._clock())
            if made is None:
                return found
            kind, body = made
            number = found.generation + 1
            event = self._event(found, kind, {**body, "n": number})
            event = replace(event, id=f"case.claimed.{found.id}.{number}")
            (kept,) = await self._store.append(event)
            if replace(kept, seq=0) == event:
                return await self._again(found.id)

    async def _again(self, case: str) -> Case:
        """The case as the log says now."""
        await self.catch_up()
        found = self._book.get(case, self._clock())
        if found is None:  # it was there a moment ago, and nothing is ever deleted
            raise refused("there is no such case", "unknown_case", 404)
        return found

    async def _add(self, *events: Event) -> None:
        """Append events, and the letters that go with them, in one transaction."""
        letters = [letter for event in events if (letter := of_case(event)) is not None]
        await self._store.append(*events, *letters)

    def _event(self, case: Case, kind: str, body: Mapping[str, Any]) -> Event:
        """An event of a case, now, under an id of its own; `kind` is without "case."."""
        return Event(
            id=f"case.{kind}.{secrets.token_hex(8)}",
            at=self._clock(),
            kind=f"case.{kind}",
            subject=case.id,
            user=case.user,
            conversation=case.conversations[-1] or None,
            body=body,
        )


def visible(member: Member, case: Case, right: Right = Right.QUEUE) -> bool:
    """Whether somebody may use a right on a case.

    Whoever has it keeps it, also when the person turns out to be a minor in the middle of the talk:
    nobody is left alone for a question of roles. They can hand it over.
    """
    holds = case.claimed_by == member.id and may(member, right)
    return holds or sees(member, case.tenant, case.age_band, right)
