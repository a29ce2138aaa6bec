"""How a guardian and a ward come together, and part: inviting, both sides accepting, the end.

Rules of this file:

1. Both agree, the guardian first: the ward can see who it is that would look after them.
2. A second guardian comes by the first one's invitation alone: no child links a friend.
3. Names and addresses go to the vault before the log tells of a link, and leave it with the link.

Every method may raise `StoreError`.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from guardrail.acts import Act, Who, newcomer
from guardrail.errors import RequestError
from guardrail.household import known_zone, readable
from guardrail.identity import Pseudonyms
from guardrail.letterbook import Letter
from guardrail.letters import Audience
from guardrail.people import People
from guardrail.person import Person
from guardrail.policy.model import Consent, Policy
from guardrail.staff.addresses import Address
from guardrail.staff.couriers import Mailing
from guardrail.staff.guardcards import NAME, Card, GuardCards, clean_address
from guardrail.staff.guardend import GONE, forget_unlinked, forget_ward
from guardrail.staff.guardlog import GuardLog, refused
from guardrail.staff.guardterms import (
    HOUR,
    OVERSIGHT,
    Agreement,
    Invited,
    Place,
    Terms,
    acted,
)
from guardrail.store.base import Store
from guardrail.turn import AgeBand, Evidence, Profile
from guardrail.vault import Vault
from guardrail.visits import Tickets
from guardrail.wards import Link, LinkStatus

__all__ = ["GuardLinks"]

MOST = 2
"""Guardians of one ward."""

LAST = 86_400.0
"""Seconds that the letter about the end of a link may take; until then its address is kept."""


class GuardLinks:
    """Who looks after whom.

    Args:
        store: the log.
        vault: names and addresses.
        people: what acts on persons go through.
        pseudonyms: keyed hashes.
        secret: the portal's own key, at least 32 bytes; it signs links and forms.
        policy: the policy of a region in force now, "" for everybody else.
        mailer: sends a letter now; without one invitations are handed over by the app.
        clock: epoch seconds.
        terms: settings.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        store: Store,
        vault: Vault,
        people: People,
        pseudonyms: Pseudonyms,
        *,
        secret: bytes,
        policy: Callable[[str], Policy],
        mailer: Mailing | None = None,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),  # noqa: B008 - frozen
    ) -> None:
        self.terms, self.tickets = terms, Tickets(secret)
        self.log, self.cards = GuardLog(store, clock), GuardCards(vault, clock)
        self.people, self.mailer = people, mailer
        self._keys, self._policy, self._clock = pseudonyms, policy, clock
        self._turn = asyncio.Lock()  # links change in the order in which they were looked at

    def now(self) -> float:
        """Epoch seconds."""
        return self._clock()

    def known_as(self, address: str) -> str:
        """The id of the guardian with this mail address: a keyed hash."""
        return self._keys.of("guardian", clean_address(address).casefold())

    # -- inviting ----------------------------------------------------------------------------------

    async def invite(
        self,
        who: Who,
        *,
        by: str,
        proof: Evidence = Evidence.GUARDIAN,
        place: Place = Place(),  # noqa: B008 - frozen
        address: str = "",
    ) -> Invited:
        """The app invites a guardian for its user.

        Raises:
            RequestError: somebody looks after them already, and would have to invite the second
                (409); this is no mail address, or no time zone (422).
        """
        if place.zone and not known_zone(place.zone):
            raise RequestError("there is no such time zone", status=422, code="zone")
        async with self._turn:
            if (await self.log.book()).active(who.key):
                raise refused("a second guardian is invited by the first", "has_guardian")
            return await self._invite(who.key, {"by": by, "proof": proof}, place, address)

    async def invite_second(self, guardian: str, link: str, *, address: str) -> Invited:
        """A guardian invites another one. What is known of the first counts as proof of nothing.

        Raises:
            RequestError: there are two already, or one is invited (409).
        """
        async with self._turn:
            first = await self.log.own(guardian, link)
            found = (await self.log.book()).of_ward(first.ward)
            now = self.now()
            there = [one for one in found if one.status is LinkStatus.ACTIVE or one.waiting(now)]
            if len(there) >= MOST:
                raise refused("there are two guardians already, or one is invited", "most")
            place = Place(first.region, first.zone, first.language)
            told = {"by": guardian, "proof": Evidence.GUARDIAN}
            return await self._invite(first.ward, told, place, address)

    async def _invite(
        self, ward: str, told: Mapping[str, str], place: Place, address: str
    ) -> Invited:
        address = clean_address(address) if address else ""
        to = self.known_as(address) if address else ""
        name, until = f"g-{secrets.token_hex(8)}", self.now() + self.terms.invitation
        body = {**told, **asdict(place), "until": until, "to": to}
        if to:
            await self.cards.remember(to, address, until=until)
        await self.log.add("invited", name, ward, body, once=name)
        link = await self.log.link(name)
        mailed = bool(address) and await self.send(
            "guardian_invitation",
            address,
            about=name,
            language=place.language,
            fields={"hours": round(self.terms.invitation / HOUR)},
            sealed={"link": self._url("mailed", link)},
        )
        return Invited(link, self._url("invite", link), mailed)

    def _url(self, purpose: str, link: Link) -> str:
        """The invitation's address. Only what went to the mailbox shows that it is one's own."""
        token = self.tickets.issue(purpose, link.id, link.until)
        return f"{self.terms.public_url}/invitation/{token}"

    async def send(
        self,
        template: str,
        address: str,
        *,
        about: str,
        language: str = "",
        fields: Mapping[str, str | float] | None = None,
        sealed: Mapping[str, str] | None = None,
    ) -> bool:
        """Send one letter now, about a link or a guardian; whether it went out."""
        if self.mailer is None:
            return False
        name, now = f"{template}.{secrets.token_hex(8)}", self.now()
        letter = Letter(name, now, template, Audience.GUARDIAN, about, fields=dict(fields or {}))
        outcome = await self.mailer.send(letter, address, language=language, sealed=sealed)
        return not outcome.why

    # -- accepting ---------------------------------------------------------------------------------

    async def take(self, link: str, guardian: str) -> Link:
        """An invitation belongs to this guardian from now on; nobody else can take it.

        Raises:
            RequestError: somebody else has, it went to another mailbox, or it is over (410).
        """
        found = await self.log.link(link)
        if found.guardian == guardian and found.status not in GONE:
            return found
        own = not found.to or found.to == guardian
        if found.status is not LinkStatus.INVITED or not own or not found.waiting(self.now()):
            raise refused("this invitation was used, or is over", "link_over", 410)
        body = {"guardian": guardian}
        if not await self.log.claim("taken", found.id, found.ward, body):
            raise refused("this invitation was used, or is over", "link_over", 410)
        return await self.log.link(link)

    async def agreement(self, link: Link) -> Agreement:
        """What the guardian of this ward is asked to agree to; before they say an age, for any."""
        child = Profile(link.ward, AgeBand.MINOR, link.region or None, years=link.years)
        asked = [one for one in self.asks(link.region) if child.under(one.under)]
        return Agreement(asked[0].scope, asked[0].version, law=True) if asked else OVERSIGHT

    def asks(self, region: str) -> tuple[Consent, ...]:
        """The consents that the policy of a region asks for now."""
        return self._policy(region).consents

    async def accept(
        self, guardian: str, link: str, *, years: tuple[int, int], names: Card, read: str
    ) -> Link:
        """The guardian agrees to what they have read (`Agreement.name`). The ward is asked next.

        Raises:
            RequestError: it is not theirs (404), is decided already, or something else is to be
                agreed to by now (409).
        """
        async with self._turn:
            found = await self.log.link(link)
            if found.guardian != guardian:
                raise refused("there is no such link", "unknown_link", 404)
            if found.status is not LinkStatus.TAKEN or not found.waiting(self.now()):
                raise refused("this invitation is answered already, or over", "decided")
            clean = Card(readable(names.guardian, NAME), readable(names.ward, NAME))
            if not clean.guardian:
                raise RequestError("say how the child knows you", status=422, code="name")
            agreed = await self._read(found, read)
            await self.cards.name(found, clean)
            body = {"by": guardian, "scope": agreed.scope, "version": agreed.version}
            await self.log.add("accepted", found, found.ward, body | {"years": list(years)})
            return await self.log.link(link)

    async def agree(self, guardian: str, link: str, *, read: str) -> None:
        """A guardian agrees to what a policy asks for now: a new version, or after a withdrawal.

        Raises:
            RequestError: something else is to be agreed to by now (409).
        """
        found = await self.log.own(guardian, link)
        agreed = await self._read(found, read)
        body = {"by": guardian, "scope": agreed.scope, "version": agreed.version}
        years = list(found.years) if found.years else None
        await self.log.add("accepted", found, found.ward, body | {"years": years})
        await self._consent(await self.log.link(link), self._ward_of(found))

    async def _read(self, link: Link, read: str) -> Agreement:
        agreed = await self.agreement(link)
        if agreed.name != read:
            raise refused("the words have changed: read them again", "changed")
        return agreed

    async def withdraw(self, guardian: str, link: str) -> None:
        """A guardian takes their consent back. Where a policy asks for it, the chat is closed."""
        found = await self.log.own(guardian, link)
        await self.people.revoke(self._ward_of(found), acted(guardian))

    async def ward_accepts(self, who: Who, *, by: str, link: str = "", code: str = "") -> Link:
        """The ward agrees, through the app: by the link's id, or by the code on the guardian's page.

        Raises:
            RequestError: there is no such link (404); the guardian has not agreed yet, there are
                enough, or the ward is known to be an adult (409).
        """
        async with self._turn:
            book = await self.log.book()
            mine = [one for one in book.of_ward(who.key) if one.waiting(self.now())]
            found = next((o for o in mine if o.id == link or (code and self.code(o) == code)), None)
            if found is None:
                raise refused("there is no such link", "unknown_link", 404)
            if found.status is not LinkStatus.ACCEPTED:
                raise refused("the guardian has not agreed yet", "not_agreed")
            first = {one.guardian for one in book.active(who.key)}
            if len(first) >= MOST:
                raise refused("there are two guardians already", "most")
            if first and found.by not in first:  # a second invitation of the app, left lying
                raise refused("a second guardian is invited by the first", "has_guardian")
            await self._begin(found, who)
            await self.log.add("ward_accepted", found, found.ward, {"by": by}, once=found.id)
            if address := await self.cards.address(found.guardian):
                await self.cards.write_to(found, address)
                await self.cards.remember(found.guardian, address)
            for other in mine:
                if other.id != found.id and other.by not in (*first, found.guardian):
                    await self._refuse(other, "system")
            return await self.log.link(found.id)

    async def _begin(self, link: Link, who: Who) -> None:
        """Oversight begins: age, household and consent, in this order; doing it twice changes nothing."""
        act = acted(link.guardian, "guardian-link")
        try:
            await self.people.age(
                who, act, band=AgeBand.MINOR, evidence=Evidence.GUARDIAN, years=link.years
            )
        except RequestError:  # more is known already
            if (await self.people.get(who)).age.band is AgeBand.ADULT:
                raise refused("this person is known to be an adult", "adult") from None
        person = await self.people.get(who)
        if person.house is None:
            zone = link.zone or self._policy(link.region).zone
            await self.people.house(who, act, {"zone": zone}, begins=True)
        await self._consent(link, who)

    async def _consent(self, link: Link, who: Who) -> None:
        given = (await self.people.get(who)).consent
        if given is None or (given.scope, given.version) != (link.scope, link.version):
            proof = Evidence(link.proof)
            await self.people.consent(
                who, acted(link.guardian), scope=link.scope, version=link.version, proof=proof
            )

    def code(self, link: Link) -> str:
        """Six digits that a guardian can tell the ward, who gives them to the app."""
        return f"{int(self._keys.of('guardian-code', link.id), 16) % 1_000_000:06}"

    # -- the end -----------------------------------------------------------------------------------

    async def refuse(self, link: str, *, by: str, ward: str = "", guardian: str = "") -> Link:
        """Either side says no before both have agreed.

        Raises:
            RequestError: there is no such link for them (404), or nothing is left to refuse (409).
        """
        async with self._turn:
            found = await self.log.link(link)
            if found.ward != ward and (not guardian or found.guardian != guardian):
                raise refused("there is no such link", "unknown_link", 404)
            if not found.waiting(self.now()):
                raise refused("nothing is left to refuse", "decided")
            await self._refuse(found, by)
            return await self.log.link(link)

    async def _refuse(self, link: Link, by: str) -> None:
        await self.log.add("refused", link, link.ward, {"by": by})
        await self.cards.forget_link(link)
        await forget_unlinked(self.log, self.cards, link.guardian)

    async def leave(self, guardian: str, link: str) -> None:
        """A guardian ends their own link."""
        async with self._turn:
            await self._end(await self.log.own(guardian, link), guardian)

    async def end(self, who: Who, link: str, *, by: str) -> Link:
        """The app ends a link, for its user or as the operator; the guardian is told.

        Raises:
            RequestError: there is none (404), or it holds no more (409).
        """
        async with self._turn:
            found = await self.log.link(link)
            if found.ward != who.key:
                raise refused("there is no such link", "unknown_link", 404)
            if found.status is not LinkStatus.ACTIVE:
                raise refused("this link does not hold", "decided")
            address = await self.cards.address(found.guardian)
            await self._end(found, by)
            if address:
                to, until = Address("guardian", mail=address, language=found.language), self.now()
                letter = self.cards.letter(
                    "guardian_ended", to, found.guardian, until=until + LAST, about=link
                )
                await self.log.append(await letter)
        return await self.log.link(link)

    async def forget(self, ward: str, before: float = math.inf) -> None:
        """A person is erased: what we hold of their guardians for their sake goes, too."""
        async with self._turn:
            await forget_ward(self.log, self.cards, ward, before)

    async def _end(self, link: Link, by: str) -> None:
        await self.log.add("ended", link, link.ward, {"by": by})
        if not (await self.log.book()).active(link.ward):
            who = self._ward_of(link)
            person = await self._person(link.ward)
            act = Act(by if by != link.guardian else f"guardian:{by}", "guardian-left")
            if person.house is not None:
                await self.people.end_house(who, act)
            if person.curfew_lifted > self.now():
                await self.people.curfew(who, act, until=0.0)
        await self.cards.forget_link(link)
        await forget_unlinked(self.log, self.cards, link.guardian)

    # -- inside ------------------------------------------------------------------------------------

    async def _person(self, ward: str) -> Person:
        try:
            return await self.people.get(self.people.keyed(ward))
        except RequestError:  # before their first turn, or after they were forgotten
            return newcomer(ward, self.now())

    def _ward_of(self, link: Link) -> Who:
        return self.people.keyed(link.ward)
