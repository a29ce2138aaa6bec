"""The Courier port: who brings letters to one kind of endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from guardrail.letterbook import Letter

__all__ = ["DELIVERED", "Courier", "Mailing", "Outcome", "Route"]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint that a letter goes to.

    `endpoint` is a name that holds no address: the courier's prefix, "-", and a keyed hash or an id.
    `contact` is a keyed hash of whom it reaches, for letters that may not come too often.
    """

    endpoint: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `why` is a code, empty if it was delivered.

    `final`: trying again is no use. `gone`: the endpoint wants nothing any more. `wait`: seconds
    that it asked for.
    """

    why: str = ""
    final: bool = False
    gone: bool = False
    wait: float = 0.0


DELIVERED = Outcome()


class Courier(Protocol):
    """Brings letters. Contract: `tests/test_outbox.py`.

    `routes` may raise `StoreError` and nothing else. `deliver` raises nothing: what goes wrong is an
    `Outcome`. It may be called again with the same letter, and must look the same to its receiver.
    """

    prefix: str

    async def routes(self, letter: Letter) -> tuple[Route, ...]:
        """Where this letter goes; empty if this courier has nobody for it."""
        ...

    async def deliver(self, letter: Letter, endpoint: str) -> Outcome:
        """One try."""
        ...

    def shown(self, endpoint: str) -> str:
        """What staff read for an endpoint: enough to know which one it is, and no more."""
        ...

    async def close(self) -> None:
        """Let go. May be called twice."""
        ...


class Mailing(Protocol):
    """Brings one letter to one mailbox, now (`staff.mail.Mailer`). Raises nothing."""

    async def send(
        self,
        letter: Letter,
        to: str,
        *,
        language: str = "",
        sealed: Mapping[str, str] | None = None,
    ) -> Outcome:
        """One try."""
        ...
