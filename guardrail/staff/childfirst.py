"""Holds a letter to a guardian back until the child knows of it (CA B&P 21812(d)(1): the child is told).

The child is told in whichever way comes first: by the app (the letter `child.told`, a webhook), by a
notice in the chat, or by the line that is put into a talk with a human. Somebody who writes nothing
more may be the one in the greatest danger, and an app that cannot be reached must not keep help
away: so a letter waits for a while, not for ever. That it went first is written into the case, and
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from guardrail.errors import RequestError
from guardrail.letterbook import Letter
from guardrail.people import People
from guardrail.person import Person
from guardrail.policy.model import Policy
from guardrail.store.base import Event, Query, Store
from guardrail.turn import State

__all__ = ["ALARMS", "ChildFirst"]

ALARMS = frozenset({"contact_guardian", "guardian_alert"})
"""The letters to guardians that say that a child may be in danger."""


class ChildFirst:
    """Asked by the outbox before each try (`carrier.Wait`). May raise `StoreError`.

    `seconds` is how long a letter waits at most; `policies` gives those in force, of every region, for
    their notices.
    """

    def __init__(
        self,
        store: Store,
        people: People,
        *,
        seconds: float,
        policies: Callable[[], Iterable[Policy]],
        clock: Callable[[], float],
        count: Callable[[str, str], None],
    ) -> None:
        self._store, self._people, self._policies = store, people, policies
        self._seconds, self._clock, self._count = seconds, clock, count

    async def waits(self, letter: Letter) -> bool:
        """Whether this letter is still to wait, because the child does not know yet."""
        if letter.template not in ALARMS or letter.user is None:
            return False
        if (
            await self._by_app(letter)
            or await self._in_chat(letter)
            or await self._by_human(letter)
        ):
            return False
        if self._clock() < letter.at + self._seconds:
            return True
        await self._went_first(letter)
        return False

    async def _by_app(self, letter: Letter) -> bool:
        own = f"{letter.id}.child" if "of" in letter.fields else f"child_told.{letter.subject}"
        return bool(await self._store.read(Query("letter.sent", own, limit=1)))

    async def _in_chat(self, letter: Letter) -> bool:
        try:
            person = await self._people.get(self._people.keyed(letter.user or ""))
        except RequestError:  # they were forgotten meanwhile: there is nobody to tell
            return True
        told = max((person.shown.get(name, 0.0) for name in self._notices()), default=0.0)
        return _since(person, letter) and told >= person.guardian_told

    def _notices(self) -> set[str]:
        return {
            one.id
            for policy in self._policies()
            for one in policy.notices
            if State.GUARDIAN_TOLD in one.on
        }

    async def _by_human(self, letter: Letter) -> bool:
        warned = await self._last("case.warned", letter)
        if warned is None or warned.at < letter.at:
            return False
        delivered = await self._last("case.delivered", letter)
        return delivered is not None and delivered.body["upto"] >= warned.seq

    async def _last(self, kind: str, letter: Letter) -> Event | None:
        found = await self._store.read(Query(kind, letter.subject, limit=1))
        return found[0] if found else None

    async def _went_first(self, letter: Letter) -> None:
        kind, at = "case.untold", self._clock()
        event = Event(f"{kind}.{letter.id}", at, kind, letter.subject, letter.user, None, {})
        if not await self._store.read(Query(kind, letter.subject, limit=1)):
            self._count("guardian_alert", "child_untold")
        await self._store.append(event)


def _since(person: Person, letter: Letter) -> bool:
    """Whether it is this telling that the chat knows of."""
    return person.guardian_told >= letter.at
