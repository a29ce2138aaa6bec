"""The desk where complaints and incidents are taken in and answered: `complaints` on a store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from guardrail.complaints import (
    CATEGORIES,
    Complaint,
    ComplaintBook,
    Matter,
    Progress,
    Terms,
    Ticket,
    opening,
    step,
)
from guardrail.errors import RequestError
from guardrail.identity import Pseudonyms
from guardrail.store.base import Query, Store

__all__ = ["Desk"]

PAGE = 1_000
"""Events read at a time."""


class Desk:
    """Every method may raise `StoreError`. Each look reads on where the one before it ended."""

    def __init__(
        self,
        store: Store,
        pseudonyms: Pseudonyms,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),  # noqa: B008 - frozen
    ) -> None:
        self._store, self._keys, self._clock = store, pseudonyms, clock
        self.terms = terms
        self._books = {matter: ComplaintBook(matter) for matter in Matter}

    def now(self) -> float:
        """Epoch seconds by the clock that due dates are compared with."""
        return self._clock()

    async def open(
        self,
        matter: Matter,
        category: str,
        *,
        by: str,
        turn: str | None = None,
        contact: str | None = None,
        user: str | None = None,
    ) -> Complaint:
        """Open a ticket. Of `contact` only a keyed hash is kept; `user` is one already.

        Raises:
            RequestError: there is no such category (422).
        """
        if category not in CATEGORIES[matter]:
            known = ", ".join(sorted(CATEGORIES[matter]))
            raise RequestError(f"the category must be one of {known}", status=422, code="category")
        hashed = self._keys.of("contact", contact) if contact else None
        about = Ticket(category, turn, hashed, user)
        ticket = f"{matter[0]}-{secrets.token_hex(8)}"  # nobody can guess another one's
        event = opening(matter, ticket, about, self._clock(), terms=self.terms, by=by)
        await self._store.append(event)
        return await self.get(matter, ticket)

    async def move(
        self, matter: Matter, ticket: str, progress: Progress, *, by: str, outcome: str = ""
    ) -> Complaint:
        """Acknowledge, answer or close a ticket.

        Raises:
            RequestError: there is no such ticket (404), or it has ended (409).
        """
        one = await self.get(matter, ticket)
        if not one.open:
            message = f"this {matter} was {one.progress} before"
            raise RequestError(message, status=409, code="ticket_ended")
        await self._store.append(step(one, progress, self._clock(), by=by, outcome=outcome))
        return await self.get(matter, ticket)

    async def get(self, matter: Matter, ticket: str) -> Complaint:
        """One ticket.

        Raises:
            RequestError: there is none of this name (404).
        """
        found = (await self._read(matter)).get(ticket)
        if found is None:
            raise RequestError(f"there is no such {matter}", status=404, code="unknown_ticket")
        return found

    async def all(self, matter: Matter, *, everything: bool = False) -> tuple[Complaint, ...]:
        """Tickets that are open, or all of them, those that are due first."""
        return (await self._read(matter)).all(everything=everything)

    async def tallies(self) -> dict[str, tuple[int, int]]:
        """How many are open and how many of these overdue, by register; for the gauges."""
        now = self._clock()
        tickets = {matter: await self.all(matter) for matter in Matter}
        return {
            matter.value: (len(found), sum(bool(one.overdue(now)) for one in found))
            for matter, found in tickets.items()
        }

    async def _read(self, matter: Matter) -> ComplaintBook:
        book, more = self._books[matter], True
        while more:
            query = Query(kind=f"{matter}.", after_seq=book.seq, limit=PAGE, ascending=True)
            page = await self._store.read(query)
            book.add(page)
            more = len(page) == PAGE
        return book
