"""The Store port: sessions, people, and an append-only log of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from guardrail.person import Person
from guardrail.session import Session

__all__ = ["Change", "Checkpoint", "Event", "Query", "Stays", "Store"]

Change = Callable[[Session | None, Person | None], tuple[Session | None, Person | None]]
"""What a turn makes of the two; `None` for one that is not there, and to leave it so."""

Stays = Callable[[Person], Person | None]
"""What of a person outlives their erasure; `None` is nothing."""


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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed of the log when it held `size` events.

    `edge` is that of the Merkle tree at this size (`merkle.Edge`), from which it grows on. The
    store keeps the newest few, so that two processes cannot sign past each other and a folder
    that could not be reached gets its files later; the proof lies in that folder.
    """

    size: int
    note: str
    edge: tuple[bytes, ...]


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

    async def headcount(self, since: float) -> tuple[int, int]:
        """How many people we remember, and how many of them were seen since (epoch seconds)."""
        ...

    async def forget(
        self, person: str, conversations: Sequence[str], before: float, stays: Stays
    ) -> int:
        """Erase a person and sessions that began up to `before`; say how many rows are gone.

        Whoever came back since then is left alone. `stays` is pure. Events are not touched.
        """
        ...

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """Add events in one transaction, durable on return: a kill -9 right after loses none.

        An id that is already there is left as it is and not added again (idempotent retries).
        `seq` counts from 1 and skips nothing. With each event a leaf is written, which stays.
        """
        ...

    async def leaves(self, after: int = 0, limit: int = 10_000) -> tuple[bytes, ...]:
        """Leaf hashes of the Merkle tree over all events, in order: those with a `seq` above `after`.

        The leaf of an event that was purged stays. Raises StoreError if one is missing.
        """
        ...

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The newest checkpoints, oldest first."""
        ...

    async def pin(self, checkpoint: Checkpoint, after: int) -> Checkpoint:
        """Keep a checkpoint, if `after` is still the size of the newest one (0: there is none).

        Returns the newest, which is another's if that one was quicker.
        """
        ...

    async def read(self, query: Query) -> tuple[Event, ...]:
        """Events that match. A page: ask again with `after_seq` for the next."""
        ...

    async def purge(self, before: float) -> int:
        """Delete sessions, people and "record" events older than `before`; say how many.

        Cases stay, and so does a person who is `kept`. For records that go, an event
        "audit.purged" comes, in the same transaction: {before, count, first, last}.
        """
        ...

    async def ping(self) -> None:
        """Prove that reading and writing work now."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go. May be called twice."""
        ...
