"""The log of guardians and wards, as the services of the portal read and write it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from guardrail.errors import RequestError
from guardrail.store.base import Event, Query, Store
from guardrail.wards import Link, LinkStatus, WardBook

__all__ = ["GuardLog", "refused"]

PAGE = 1_000
"""Events read at a time."""


def refused(message: str, code: str, status: int = 409) -> RequestError:
    """Something that cannot be done."""
    return RequestError(message, status=status, code=code)


class GuardLog:
    """Every method may raise `StoreError`. Each look reads on where the one before it ended."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store, self.now = store, clock
        self._book = WardBook()

    async def book(self) -> WardBook:
        """All links, as the log says now."""
        more = True
        while more:
            query = Query("guardian.", after_seq=self._book.seq, limit=PAGE, ascending=True)
            page = await self._store.read(query)
            self._book.add(page)
            more = len(page) == PAGE
        return self._book

    async def add(
        self, kind: str, link: Link | str, ward: str, body: dict[str, Any], *, once: str = ""
    ) -> Event:
        """Append one event. With `once` it has that id, and the one in the log is returned."""
        kind = f"guardian.{kind}"
        subject = link if isinstance(link, str) else link.id
        name = f"{kind}.{once or secrets.token_hex(8)}"
        event = Event(name, self.now(), kind, subject, ward, body=body)
        (found,) = await self._store.append(event)
        return found

    async def claim(self, kind: str, subject: str, ward: str, body: dict[str, Any]) -> bool:
        """Append what can happen once to a subject; false if it has happened already."""
        body = {**body, "claim": secrets.token_hex(4)}
        found = await self.add(kind, subject, ward, body, once=subject)
        return found.body == body

    async def append(self, *events: Event) -> None:
        """Append events in one transaction."""
        await self._store.append(*events)

    async def link(self, link: str) -> Link:
        """One link.

        Raises:
            RequestError: there is none (404).
        """
        found = (await self.book()).link(link)
        if found is None:
            raise refused("there is no such link", "unknown_link", 404)
        return found

    async def own(self, guardian: str, link: str) -> Link:
        """An active link of this guardian.

        Raises:
            RequestError: there is none (404): somebody else's does not exist for them.
        """
        found = (await self.book()).link(link)
        if found is None or found.guardian != guardian or found.status is not LinkStatus.ACTIVE:
            raise refused("there is no such link", "unknown_link", 404)
        return found
