"""The Store port: sessions, people, and an append-only log of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guardrail.person import Person
from guardrail.session import Session

__all__ = ["Change", "Event", "Query", "Store"]

Change = Callable[[Session | None, Person | None], tuple[Session | None, Person | None]]
"""What a turn makes of the two; `None` for one that is not there, and to leave it so."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, never changed afterwards.

    `kind` is a dotted word ("record", "intervention", "case.opened"); `subject` the thing it is
    about (a case id, a turn id); `user` and `conversation` are keyed hashes. `body` is plain JSON
    data and never holds message text. `seq` is given by the store, strictly rising.
    """

    id: str
    at: float
    kind: str
    subject: str
    user: str | None = None
    conversation: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """Which events to read: every field that is set must match; newest first unless `ascending`.

    `kind` ending in "." matches every kind below it ("case." → "case.opened", …).
    """

    kind: str | None = None
    subject: str | None = None
    user: str | None = None
    conversation: str | None = None
    after_seq: int = 0
    since: float = 0.0
    limit: int = 100
    ascending: bool = False


class Store(Protocol):
    """Where sessions, people and events live.

    Contract: `tests/contract/test_stores.py`. Every method may raise `StoreError` and nothing else.
    """

    async def update(
        self, conversation: str, person: str, change: Change
    ) -> tuple[Session | None, Person | None]:
        """Move a session and a person on, atomically; an empty key stands for neither.

        `change` is pure; it may be run more than once. Two concurrent updates of one conversation
        or one person behave as if one came after the other. On return the result survives kill -9.
        """
        ...

    async def people(self, after: str = "", limit: int = 1_000) -> tuple[Person, ...]:
        """Everybody we remember, by key: a page, for reports. Ask again after the last key."""
        ...

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """Add events in one transaction, durable on return: a kill -9 right after loses none.

        An id that is already there is left as it is and not added again (idempotent retries).
        """
        ...

    async def read(self, query: Query) -> tuple[Event, ...]:
        """Events that match. A page: ask again with `after_seq` for the next."""
        ...

    async def purge(self, before: float) -> int:
        """Delete sessions, people and "record" events older than `before`; say how many.

        Cases stay, and so does a person who is `kept`.
        """
        ...

    async def ping(self) -> None:
        """Prove that reading and writing work now."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go. May be called twice."""
        ...
