"""What is written down before a person sees our words, under a short deadline.

If the writing fails, the words go out all the same, the turn's record says so and a counter rises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from guardrail.assess import Assessor
from guardrail.audit import delivered, held, receipt, trail
from guardrail.errors import StoreError
from guardrail.memory import words_of
from guardrail.policy.model import Notice, Policy
from guardrail.store.base import Change, Event, Store
from guardrail.turn import Assessment, Decision, Label, Message, Record, Side, Turn
from guardrail.vault import Text, Vault

__all__ = ["Journal", "Services"]

JOURNAL = 0.5
"""Seconds that words of ours wait to be written down. A person in crisis does not wait longer."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a review asks of others."""

    assessor: Assessor
    store: Store
    language: Callable[[str], str | None]
    count: Callable[[str, str], None]
    settle: Callable[[str], str | None]  # first reply → the conversation's lasting key
    remember: Callable[[str, str, Change], Awaitable[bool]]  # whether memory could be changed
    digest: Callable[[Message], str]  # a message's keyed hash
    vault: Vault  # where the words of cases go
    deliver: Callable[[Record], Awaitable[None]]


_DAY = 86_400.0


class Journal:
    """Writes for one review; what fails is added to `failures`."""

    def __init__(self, services: Services, failures: list[str]) -> None:
        self._ask, self._failures = services, failures

    def failed(self, what: str, why: str = "") -> None:
        """Note and count that a part of ours did not work."""
        self._failures.append(what)
        self._ask.count(f"{what}_failed", why)

    async def decision(
        self,
        turn: Turn,
        policy: Policy,
        decision: Decision,
        *,
        seen: Assessment | None,
        said: str,
        since: float,
    ) -> None:
        """Write down what follows from a decision; the words of a case go to the vault meanwhile."""
        events = trail(decision, turn, seen, since=since)
        case = next((event.subject for event in events if event.kind == "case.signal"), None)
        if case is None:
            await self.append(events, decision.rule)
            return
        terms, grave = policy.privacy, decision.label == Label.SELF_HARM
        texts = words_of(
            case,
            turn,
            terms,
            self._ask.digest,
            self_harm=grave,
            bot=said if decision.side is Side.BOT else "",
        )
        days = terms.hold_days(turn.profile.age_band) if grave else 0
        until = turn.at + days * _DAY if days else 0.0
        events += [held(turn, case, until)] if until else []
        await asyncio.gather(self.append(events, decision.rule), self._seal(turn, texts, until))

    async def receipts(self, turn: Turn, notices: Sequence[Notice], policy: str) -> None:
        """That these were shown is written down for good: it is what an auditor asks for."""
        await self.append([receipt(turn, notice, policy) for notice in notices], "notice")

    async def delivered(self, turn: Turn, decisions: Sequence[Decision]) -> None:
        """That words naming help were sent is written down for good."""
        await self.append(delivered(turn, decisions), "referral")

    async def append(self, events: Sequence[Event], why: str) -> None:
        """Append to the log; `why` is what the counter says if that fails."""
        if not events:
            return
        try:
            async with asyncio.timeout(JOURNAL):
                await self._ask.store.append(*events)
        except (StoreError, TimeoutError):  # the words go out all the same; an alarm counter rises
            self.failed("journal", why)

    async def _seal(self, turn: Turn, texts: Sequence[Text], until: float) -> None:
        """Keep the words of a case for whoever works on it; they never hold the answer up."""
        if not texts:
            return
        try:
            async with asyncio.timeout(JOURNAL):
                await self._ask.vault.seal(*texts)
                if until:
                    await self._ask.vault.hold(turn.profile.user or turn.conversation, until)
        except (StoreError, TimeoutError):
            self.failed("vault", "seal")
