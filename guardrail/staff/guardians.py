"""What a guardian sees and sets, and what a ward asks for.

Rules of this file:

1. What a guardian does goes through `People`: written down first, then done, and judged by every
   turn from the next one on. The link says who may.
2. A guardian sees figures, never words: days, minutes, settings, requests.
3. Nothing here makes a policy milder. Extra minutes are a guardian's own to give; the curfew of a
   policy they may lift for a while, as the law that asks for it lets them.

Every method may raise `StoreError`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guardrail.actions import connect
from guardrail.acts import Who
from guardrail.errors import RequestError
from guardrail.household import Bonus, Household
from guardrail.letters import Audience, queued
from guardrail.person import Person
from guardrail.staff.guardcards import Card
from guardrail.staff.guardlinks import GuardLinks
from guardrail.staff.guardlog import refused
from guardrail.staff.guardterms import Agreement, acted
from guardrail.turn import AgeBand, Profile
from guardrail.wardday import WardDay, ward_day
from guardrail.wards import Ask, Channel, Link, LinkStatus, Wish

__all__ = ["LONGEST", "Guardians", "Ward"]

MOST_ASKS = 10
"""Requests of a ward in a day; the eleventh would be nagging."""

LONGEST = 180
"""Minutes that can be asked for, or given, at once."""

SETTABLE = frozenset(
    {"zone", "quiet", "daily_minutes", "session_minutes", "paused", "spend_cap", "off"}
)


@dataclass(frozen=True, slots=True)
class Ward:
    """One ward as one guardian sees them."""

    link: Link
    names: Card
    person: Person
    day: WardDay
    asks: tuple[Ask, ...]
    others: tuple[tuple[Link, Card], ...]  # links of other guardians, and how the ward calls them
    invited: tuple[Link, ...]  # invitations to a second one, that wait
    agreement: Agreement
    agreed: bool


class Guardians(GuardLinks):
    """What guardians see and set; see `GuardLinks` for how they come to be."""

    # -- what is seen ------------------------------------------------------------------------------

    async def links(self, guardian: str) -> tuple[Link, ...]:
        """Everything of this guardian that holds or waits."""
        found, now = (await self.log.book()).of_guardian(guardian), self.now()
        return tuple(o for o in found if o.status is LinkStatus.ACTIVE or o.waiting(now))

    async def of(self, who: Who) -> tuple[tuple[Link, Card], ...]:
        """Everything of this ward that holds or waits, and how they know the guardian."""
        found, now = (await self.log.book()).of_ward(who.key), self.now()
        mine = [one for one in found if one.status is LinkStatus.ACTIVE or one.waiting(now)]
        return tuple([(one, await self.cards.names(one)) for one in mine])

    async def ward(self, guardian: str, link: str) -> Ward:
        """One ward of this guardian.

        Raises:
            RequestError: there is none (404).
        """
        found = await self.log.own(guardian, link)
        book, now = await self.log.book(), self.now()
        person, agreed = await self._person(found.ward), await self.agreement(found)
        others = [one for one in book.of_ward(found.ward) if one.id != found.id]
        given = person.consent
        return Ward(
            link=found,
            names=await self.cards.names(found),
            person=person,
            day=self._day(found.region, person),
            asks=tuple(one for one in book.asks(found.ward) if one.waiting(now)),
            others=tuple(
                [
                    (one, await self.cards.names(one))
                    for one in others
                    if one.status is LinkStatus.ACTIVE
                ]
            ),
            invited=tuple(one for one in others if one.waiting(now)),
            agreement=agreed,
            agreed=given is not None
            and (not agreed.law or (given.scope, given.version) == (agreed.scope, agreed.version)),
        )

    async def day(self, who: Who) -> tuple[WardDay, tuple[Ask, ...]]:
        """How a ward's day stands, and what became of today's requests: for the app."""
        book = await self.log.book()
        links = book.active(who.key)
        person = await self.people.get(who)
        since = self.now() - 86_400.0
        asks = tuple(one for one in book.asks(who.key) if one.at >= since)
        return self._day(links[0].region if links else "", person), asks

    def help_for(self, link: Link, language: str) -> list[dict[str, str]]:
        """Where somebody worried about this ward finds help: names, contacts, numbers to dial."""
        child = Profile(
            link.ward, AgeBand.MINOR, link.region or None, language=language, years=link.years
        )
        return connect(self._policy(link.region), child)

    def _day(self, region: str, person: Person) -> WardDay:
        return ward_day(self._policy(region), person, self.now(), region=region or None)

    # -- what is set -------------------------------------------------------------------------------

    async def set(self, guardian: str, link: str, changes: Mapping[str, Any]) -> None:
        """Change fields of the household: all but extra minutes and characters.

        Raises:
            RequestError: it is not their ward (404), or a value cannot be (422).
        """
        if unknown := changes.keys() - SETTABLE:
            raise RequestError(f"{min(unknown)} cannot be set so", status=422, code="unknown")
        found = await self.log.own(guardian, link)
        await self.people.house(self._ward_of(found), acted(guardian), changes)

    async def block(self, guardian: str, link: str, name: str) -> None:
        """Block a character by its name, whether the ward has met it or not."""
        found = await self.log.own(guardian, link)
        async with self._turn:
            key = await self.people.name_character(found.ward, name)
            house = await self._house(found)
            if key and key not in house.blocked:
                changes = {"blocked": (*house.blocked, key)}
                await self.people.house(self._ward_of(found), acted(guardian), changes)

    async def unblock(self, guardian: str, link: str, key: str) -> None:
        """Let the ward talk with a character again."""
        found = await self.log.own(guardian, link)
        async with self._turn:
            house = await self._house(found)
            rest = tuple(one for one in house.blocked if one != key)
            await self.people.house(self._ward_of(found), acted(guardian), {"blocked": rest})

    async def give(self, guardian: str, link: str, minutes: int) -> None:
        """More minutes today, on top of what the guardian allows."""
        found = await self.log.own(guardian, link)
        async with self._turn:
            await self._give(found, minutes)

    async def lift(self, guardian: str, link: str, minutes: int) -> None:
        """No quiet hours for so many minutes from now, not those of the policy either; 0 ends that."""
        found = await self.log.own(guardian, link)
        until = self.now() + _minutes(minutes) * 60.0 if minutes else 0.0
        await self.people.curfew(self._ward_of(found), acted(guardian), until=until)

    async def channel(self, guardian: str, link: str, channel: Channel) -> None:
        """How this guardian hears of a danger."""
        found = await self.log.own(guardian, link)
        async with self._turn:
            body = {"by": guardian, "channel": channel}
            await self.log.add("channel", found, found.ward, body)
            address = await self.cards.address(guardian)
            if channel is Channel.MAIL and address:
                await self.cards.write_to(found, address)
            else:
                await self.cards.write_no_more(found)

    async def say_unsafe(self, who: Who, *, by: str, reason: str = "", unsafe: bool = True) -> None:
        """Somebody says that home is where the danger comes from: no guardian is told anything."""
        kind = "unsafe" if unsafe else "safe"
        await self.log.add(kind, who.key, who.key, {"by": by, "reason": reason})

    # -- what is asked for -------------------------------------------------------------------------

    async def ask(self, who: Who, wish: Wish, minutes: int) -> Ask:
        """A ward asks for something, through the app; it waits till the end of the day.

        Raises:
            RequestError: nobody looks after them, or they asked too often (409).
        """
        async with self._turn:
            book, now = await self.log.book(), self.now()
            links = book.active(who.key)
            if not links:
                raise refused("nobody looks after this account", "no_guardian")
            lately = [one for one in book.asks(who.key) if one.at > now - 86_400.0]
            if len(lately) >= MOST_ASKS:
                raise refused("that is enough for a day", "enough")
            first = not any(one.waiting(now) for one in lately)
            until = max(self._day(links[0].region, await self._person(who.key)).ends, now + 3600.0)
            name = f"r-{secrets.token_hex(8)}"
            body = {"wish": wish, "minutes": _minutes(minutes), "until": until}
            await self.log.add("asked", name, who.key, body, once=name)
            if first:
                await self._tell_of(name, links)
            return next(one for one in (await self.log.book()).asks(who.key) if one.id == name)

    async def answer(self, guardian: str, link: str, ask: str, minutes: int) -> None:
        """A guardian grants a request, as far as they will; 0 minutes refuse it.

        Raises:
            RequestError: there is no such request (404), or it is answered or over (409).
        """
        found = await self.log.own(guardian, link)
        async with self._turn:
            asks = (await self.log.book()).asks(found.ward)
            one = next((one for one in asks if one.id == ask), None)
            if one is None:
                raise refused("there is no such request", "unknown_request", 404)
            if not one.waiting(self.now()):
                raise refused("this request is answered already, or over", "decided")
            body = {"by": guardian, "minutes": _minutes(minutes) if minutes else 0}
            if not await self.log.claim("answered", ask, found.ward, body):
                raise refused("this request is answered already, or over", "decided")
            if minutes and one.wish is Wish.MORE:
                await self._give(found, minutes)
        if minutes and one.wish is Wish.LATE:
            await self.lift(guardian, link, minutes)

    async def _give(self, link: Link, minutes: int) -> None:
        person = await self._person(link.ward)
        day = self._day(link.region, person)
        total = min(day.bonus + _minutes(minutes), 24 * 60)
        who, act = self._ward_of(link), acted(link.guardian)
        await self.people.house(who, act, {"bonus": Bonus(day.at.day, total)})

    async def _house(self, link: Link) -> Household:
        return (await self._person(link.ward)).house or Household()

    async def _tell_of(self, ask: str, links: tuple[Link, ...]) -> None:
        """A letter to each guardian who gets mail; one for all that waits."""
        letters = [
            queued(
                "guardian_asked",
                Audience.GUARDIAN,
                id=f"guardian.asked.{ask}.{link.id}",
                subject=link.id,
                at=self.now(),
                user=link.ward,
                fields={"address": contact},
            )
            for link in links
            if (contact := await self.cards.contact(link))
        ]
        if letters:
            await self.log.append(*letters)


def _minutes(minutes: int) -> int:
    """Minutes as they can be asked for or given.

    Raises:
        RequestError: too few or too many (422).
    """
    if not 1 <= minutes <= LONGEST:
        raise RequestError(f"give 1 to {LONGEST} minutes", status=422, code="minutes")
    return minutes
