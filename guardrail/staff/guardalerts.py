"""Telling guardians of a danger, and telling the child first.

By default a human decides: a member proposes it in the case, another approves (`staff.contacts`),
and the letters go out in that moment, the child's before the guardian's. What is left to do here is
that the chat itself says so, too. Where the settings say "direct", an imminent case of a ward tells
guardians at once. CA B&P 21812(d)(1): a linked parent is told as soon as practicable of a credible
and imminent threat, unless that would put the child at risk; the child is told. CN Measures Art 13.

Where home is where the danger comes from nobody there is told, and no page shows that it was not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from guardrail.acts import Act
from guardrail.errors import RequestError
from guardrail.letterbook import Letter
from guardrail.letters import Audience, queued
from guardrail.staff.guardlinks import GuardLinks
from guardrail.staff.guardlog import PAGE
from guardrail.store.base import Event, Query, Store
from guardrail.turn import Severity
from guardrail.wards import Link

__all__ = ["GuardAlerts"]

BACK = 86_400.0
"""Seconds of the log that a start looks back on; doing it twice changes nothing."""


async def _at_home(_user: str) -> bool:
    return False


class GuardAlerts:
    """Follows the cases of wards. Every method may raise `StoreError`.

    `unsafe` says of a person whether a member found home to be the danger (`Casework.home_unsafe`).
    """

    def __init__(
        self,
        guardians: GuardLinks,
        store: Store,
        *,
        unsafe: Callable[[str], Awaitable[bool]] = _at_home,
        count: Callable[[str, str], None] = lambda _what, _why: None,
    ) -> None:
        self._guardians, self._store = guardians, store
        self._unsafe, self._count = unsafe, count
        self._seq, self._since = 0, guardians.now() - BACK
        self._done: set[str] = set()  # cases of which guardians were told; the log knows them, too

    async def may_tell(self, ward: str) -> bool:
        """Whether guardians of this person may be told anything."""
        return not await self.why_not(ward)

    async def why_not(self, ward: str) -> str:
        """Why guardians of this person are told nothing, as a code; empty if they may be.

        `alerts_off`: the settings say so. `home_danger`: the app or a member does.
        """
        if self._guardians.terms.alerts == "off":
            return "alerts_off"
        book = await self._guardians.log.book()
        unsafe = book.unsafe(ward) or await self._unsafe(ward)
        return "home_danger" if unsafe else ""

    async def veto(self, letter: Letter) -> str:
        """Why a letter to a guardian must not go any more, as the outbox asks (`carrier.Veto`)."""
        guardians = self._guardians
        if letter.template == "guardian_enter":
            return "link_over" if guardians.now() >= letter.at + guardians.terms.enter else ""
        alarm = letter.template in ("contact_guardian", "guardian_alert")
        if not alarm or letter.user is None:
            return ""
        return await self.why_not(letter.user)

    async def follow(self) -> int:
        """Do what the cases since the last time ask for; say how many guardians were told."""
        told, more = 0, True
        while more:
            query = Query(
                "case.", after_seq=self._seq, since=self._since, limit=PAGE, ascending=True
            )
            page = await self._store.read(query)
            for event in page:
                told += await self._heed(event)
                self._seq = event.seq
            more = len(page) == PAGE
        return told

    async def _heed(self, event: Event) -> int:
        if event.user is None:
            return 0
        if event.kind == "case.contact_approved" and await self._is_of_guardian(event):
            await self._tell_child(event)
        direct = self._guardians.terms.alerts == "direct" and event.subject not in self._done
        found = event.kind in ("case.opened", "case.signal")
        if direct and found and event.body["severity"] == Severity.IMMINENT:
            return await self._alert(event, event.user)
        return 0

    async def _is_of_guardian(self, event: Event) -> bool:
        proposals = await self._store.read(Query("case.contact_proposed", event.subject))
        return any(
            one.id == event.body["of"] and one.body["whom"] == "guardian" for one in proposals
        )

    async def _tell_child(self, event: Event) -> None:
        """From their next turn on the chat says so; a talk with a human says so at once."""
        name = f"case.warned.{event.id}"
        case, user, talk = event.subject, event.user, event.conversation
        at = self._guardians.now()
        await self._store.append(Event(name, at, "case.warned", case, user, talk, {}))
        people = self._guardians.people
        who = people.keyed(event.user or "")
        try:
            if (await people.get(who)).guardian_told < event.at:
                await people.guardian_told(who, Act("system", "contact"))
        except RequestError:  # they were forgotten meanwhile
            self._count("guardian_alert", "unknown_person")

    async def _alert(self, event: Event, ward: str) -> int:
        guardians = self._guardians
        links = (await guardians.log.book()).active(ward)
        reached = [
            (link, contact) for link in links if (contact := await guardians.cards.contact(link))
        ]
        if not reached:
            if links:  # none of them wants letters, or an address was lost
                self._count("guardian_alert", "nobody")
            return 0
        if not await self.may_tell(ward):
            self._count("guardian_alert", "held")
            return 0
        await self._tell_child(event)
        letters = [_letter(event)]
        for link, contact in reached:
            letters.append(_letter(event, link, contact))
            name = f"guardian.alerted.{event.subject}.{link.id}"
            body = {"by": "system", "case": event.subject}
            letters.append(
                Event(name, event.at, "guardian.alerted", link.id, ward, event.conversation, body)
            )
        await guardians.log.append(*letters)
        self._done.add(event.subject)
        self._count("guardian_alert", "sent")
        return len(reached)


def _letter(event: Event, link: Link | None = None, contact: str = "") -> Event:
    """The letter to a guardian, or to the child: one for each case, a signal more adds nothing."""
    template = "guardian_alert" if link is not None else "child_told"
    return queued(
        template,
        Audience.GUARDIAN if link is not None else Audience.CHILD,
        id=f"{template}.{event.subject}" + (f".{link.id}" if link is not None else ""),
        subject=event.subject,
        at=event.at,
        user=event.user,
        severity=event.body["severity"],
        fields={"address": contact} if contact else None,
    )
