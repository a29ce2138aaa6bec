"""Asking guardians again: a policy in force wants consent that is not the one that was given.

From that moment the chat is closed to the child (`State.NO_CONSENT`). Guardians come seldom, so they
are written to, once for each version; the page *Consent* of the portal has the rest. Whoever has
taken consent back is not written to: they know.
"""

from __future__ import annotations

import math

from guardrail.errors import RequestError
from guardrail.letters import Audience, queued
from guardrail.staff.guardlinks import GuardLinks
from guardrail.store.base import Event
from guardrail.wards import Link

__all__ = ["GuardConsents"]

AGAIN = 3600.0
"""Seconds between two looks at every link while policies stay as they are: a child agrees later than
their guardian, and a policy may come into force by the calendar."""


class GuardConsents:
    """Looks whether consents are still those that are asked for. Every method may raise `StoreError`."""

    def __init__(self, guardians: GuardLinks) -> None:
        self._guardians = guardians
        self._asked: object = None
        self._looked = -math.inf
        self._told: set[str] = set()  # what is in the log already, so that it is not asked again

    async def follow(self) -> int:
        """Queue the letters that are missing; how many there were. Cheap if nothing has changed."""
        links = (await self._guardians.log.book()).all_active()
        asked = {region: self._guardians.asks(region) for region in {one.region for one in links}}
        now = self._guardians.now()
        if asked == self._asked and now < self._looked + AGAIN:
            return 0
        letters = [letter for link in links for letter in await self._missing(link)]
        if letters:
            await self._guardians.log.append(*letters)
        self._asked, self._looked = asked, now
        self._told |= {letter.id for letter in letters}
        return len(letters)

    async def _missing(self, link: Link) -> tuple[Event, ...]:
        guardians = self._guardians
        asked = await guardians.agreement(link)
        if not asked.law:
            return ()
        try:
            given = (await guardians.people.get(guardians.people.keyed(link.ward))).consent
        except RequestError:  # they were forgotten
            return ()
        if given is None or (given.scope, given.version) == (asked.scope, asked.version):
            return ()
        name = f"guardian.consent.{link.id}.{asked.name}"
        contact = "" if f"letter.{name}" in self._told else await guardians.cards.contact(link)
        if not contact:
            return ()
        return (
            queued(
                "guardian_consent",
                Audience.GUARDIAN,
                id=name,
                subject=link.id,
                at=guardians.now(),
                user=link.ward,
                fields={"address": contact},
            ),
        )
