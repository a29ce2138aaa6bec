"""The Store port: sessions, the usage ledger, and an append-only log of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guardrail.session import Session, Usage

__all__ = ["Event", "Query", "Store"]


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
    """Where sessions, usage and events live.

    Contract: `tests/contract/test_stores.py`. Every method may raise `StoreError` and nothing else.
    """

    async def update(
        self,
        conversation: str,
        user: str | None,
        day: str,
        change: Callable[[Session | None, Usage], tuple[Session, Usage]],
    ) -> tuple[Session, Usage]:
        """Move a session and its user's ledger of `day` (YYYY-MM-DD) on, atomically.

        `change` is pure; it may be run more than once. Two concurrent updates of one conversation
        or one user behave as if one came after the other. On return the result survives kill -9.
        """
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
        """Delete sessions and "record" events older than `before`; say how many. Cases stay."""
        ...

    async def ping(self) -> None:
        """Prove that reading and writing work now."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go. May be called twice."""
        ...
