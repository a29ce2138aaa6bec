"""What the pages of the console work with, and who looks at what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from guardrail.admin.people import Office
from guardrail.console.pages import Pages
from guardrail.policy.model import Policy
from guardrail.roles import Member
from guardrail.staff.accounts import Accounts
from guardrail.staff.casework import Casework
from guardrail.staff.notes import Verifier
from guardrail.staff.outbox import Outbox
from guardrail.staff.privacy import Privacy
from guardrail.staff.switchboard import Switchboard
from guardrail.staff.verify import Verdict
from guardrail.store.accounts import Standing
from guardrail.store.base import Store
from guardrail.vault import Vault

__all__ = ["Bench", "Evidence", "Presence"]

AWAY = 75.0
"""Seconds without a sign of life after which a colleague no longer looks at a case."""


class Presence:
    """Which colleagues look at which case. It is a courtesy, lives in memory, and decides nothing."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, float]] = {}

    def look(self, case: str, member: str, now: float) -> None:
        """A member looks at a case."""
        alive = {
            one: {who: at for who, at in seen.items() if now - at < AWAY}
            for one, seen in self._seen.items()
        }
        self._seen = {one: seen for one, seen in alive.items() if seen}
        self._seen.setdefault(case, {})[member] = now

    def others(self, case: str, member: str, now: float) -> tuple[str, ...]:
        """Colleagues who look at it, too."""
        here = self._seen.get(case, {})
        return tuple(who for who, at in here.items() if who != member and now - at < AWAY)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The proof that the log was not changed: who signs it, and how it is checked.

    `verify` reads the whole log; it is called in a thread.
    """

    verifier: Verifier
    verify: Callable[[], Verdict]


@dataclass(frozen=True)
class Bench:
    """All that these pages need.

    `policy` gives the one for a region. Without a `board` nobody can join a chat, without an
    `outbox` there are no letters, without `evidence` nothing can be verified; their pages say so.
    `still` says whose login this is by now, for pages that stay open long (`Logins.still`). Whoever
    shuts the server down sets `ending`, or open pages would hold it up.
    """

    pages: Pages
    casework: Casework
    board: Switchboard | None
    store: Store
    vault: Vault
    office: Office
    privacy: Privacy
    accounts: Accounts
    policy: Callable[[str | None], Policy]
    clock: Callable[[], float]
    outbox: Outbox | None = None
    evidence: Evidence | None = None
    still: Callable[[str], Awaitable[Member | None]] | None = None
    presence: Presence = field(default_factory=Presence)
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def names(self) -> Mapping[str, str]:
        """The name that colleagues see, by member id."""
        return await self.accounts.names()

    async def team(self) -> tuple[Member, ...]:
        """Everybody who can sign in."""
        found = await self.accounts.all()
        return tuple(one.member for one in found if one.standing is Standing.ACTIVE)
