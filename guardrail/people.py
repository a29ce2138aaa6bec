"""What a guardian or an operator may set for a person: consent, age, crisis, curfew, household.

Rules of this file:

1. Written down first, then done. Every act is an event (kind "person.…"), durable before the person
   changes; `applied` says what an event makes of a person, and nothing else changes one here.
2. An event may be applied again. People live in a file that a power cut may set back by seconds, so
   `mend` applies the last day's acts once more at the start; what happened since then stays.
3. No words of a person. Who acted is a name that the caller gives, why is a code.
4. Somebody named by their user id is made known if need be, so that consent can come before the
   first turn; a keyed hash that nobody has is a mistake.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from guardrail.acts import (
    APPEAL,
    ERASED,
    MAKES,
    Act,
    Appeal,
    Verdict,
    Who,
    appeals,
    applied,
    newcomer,
)
from guardrail.complaints import Terms
from guardrail.duties import moment
from guardrail.errors import RequestError
from guardrail.household import changed, plain, readable, wrong
from guardrail.identity import Pseudonyms
from guardrail.person import Age, Person, aged
from guardrail.session import Session
from guardrail.store.base import Event, Query, Store
from guardrail.turn import AgeBand, Danger, Evidence, Identity

__all__ = ["Act", "Appeal", "People", "Verdict", "Who", "applied"]

PAGE = 1_000
"""Events read at a time."""

RECENT = 86_400.0
"""Seconds of acts that a start applies again."""


class People:
    """Acts on people, and their appeals.

    Every method may raise `StoreError`; an act may then be in the log without being done, and is
    done at the next try or the next start.
    """

    def __init__(
        self,
        store: Store,
        pseudonyms: Pseudonyms,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),  # noqa: B008 - frozen
    ) -> None:
        self._store, self._keys, self._clock, self._terms = store, pseudonyms, clock, terms
        self._turn = asyncio.Lock()  # acts are done in the order in which they were written down

    # -- whom it is about --------------------------------------------------------------------

    def user(self, user: str, app: bytes | None) -> Who:
        """A person by the app's own user id.

        `app` is the credential (the whole `authorization` header) that the app shows on its chat
        routes, since a name in a body counts within that app only; `None` where users are proven by
        a token or a trusted peer's headers.
        """
        identity = Identity(user=user, proof="header" if app is None else "app_key")
        return Who(self._keys.user(app or b"", identity) or "", new=True)

    def keyed(self, key: str) -> Who:
        """A person by the keyed hash."""
        return Who(key, new=False)

    async def get(self, who: Who) -> Person:
        """One person as they are remembered.

        Raises:
            RequestError: nobody is known by this name (404).
        """
        found = await self._find(who.key)
        if found is None:
            raise _unknown()
        return found

    # -- acts ----------------------------------------------------------------------------------

    async def consent(
        self, who: Who, act: Act, *, scope: str, version: str, proof: Evidence
    ) -> Person:
        """A guardian agrees. It counts where the policy asks for this scope in this version."""
        told = {"scope": scope, "version": version, "proof": proof}
        return await self._act("consent", who, act, told, makes=True)

    async def revoke(self, who: Who, act: Act) -> Person:
        """A guardian takes their consent back."""

        def ready(person: Person) -> str:
            return "" if person.consent is not None else "no consent is given"

        return await self._act("consent_revoked", who, act, ready=ready)

    async def age(
        self,
        who: Who,
        act: Act,
        *,
        band: AgeBand,
        evidence: Evidence,
        years: tuple[int, int] | None = None,
    ) -> Person:
        """Say how old somebody is. Weaker evidence than what is known counts for nothing.

        Raises:
            RequestError: more is known already (409); only an appeal goes over it.
        """
        told = {"band": band, "proof": evidence, "years": years}
        found = Age(band, evidence, years, self._clock())

        def ready(person: Person) -> str:
            same = replace(person.age, at=0.0) == replace(found, at=0.0)
            took = same or aged(person, found).age == found
            known = person.age
            return "" if took else f"{known.band} is known by evidence {known.evidence}: appeal"

        return await self._act("age_set", who, act, told, ready=ready, makes=True)

    async def release(self, who: Who, act: Act) -> Person:
        """A human ends a crisis before it runs out."""

        def ready(person: Person) -> str:
            over = person.crisis.at(self._clock()) is Danger.NONE
            return "there is no crisis to release" if over else ""

        return await self._act("crisis_released", who, act, ready=ready)

    async def curfew(self, who: Who, act: Act, *, until: float) -> Person:
        """A guardian lifts the curfew until then (epoch seconds); 0 ends that."""
        return await self._act("curfew_lifted", who, act, {"until": until}, makes=True)

    async def pause(self, who: Who, act: Act) -> Person:
        """Stop somebody's access."""
        return await self._act("paused", who, act, makes=True)

    async def resume(self, who: Who, act: Act) -> Person:
        """End a pause."""

        def ready(person: Person) -> str:
            return "" if person.paused else "this person is not paused"

        return await self._act("resumed", who, act, ready=ready)

    # -- households ----------------------------------------------------------------------------

    async def house(
        self, who: Who, act: Act, changes: Mapping[str, Any], *, begins: bool = False
    ) -> Person:
        """Change what guardians have set, by the names of `Household`; `begins`: from now on.

        Raises:
            RequestError: a value cannot be (422), or nobody oversees this account (409).
        """
        told = plain(changes)
        if fault := wrong(changed(None, told)):
            raise RequestError(f"this cannot be set: {fault}", status=422, code=fault)

        def ready(person: Person) -> str:
            return "" if begins or person.house is not None else "nobody oversees this account"

        body = {"set": told, "begins": begins}
        return await self._act("house_set", who, act, body, ready=ready, makes=begins)

    async def end_house(self, who: Who, act: Act) -> Person:
        """Oversight ends, and with it everything that guardians have set."""

        def ready(person: Person) -> str:
            return "" if person.house is not None else "nobody oversees this account"

        return await self._act("house_ended", who, act, ready=ready)

    async def guardian_told(self, who: Who, act: Act) -> Person:
        """A guardian is about to be told of a danger: the person's next answers say so."""
        return await self._act("guardian_told", who, act)

    async def spend(
        self, who: Who, act: Act, *, amount: int, reference: str, made: bool = False
    ) -> Person:
        """Book a purchase of an overseen child, or a refund (below zero); the same one once.

        `amount` is in the smallest unit of the money, `reference` the app's own name for the
        purchase; `made` says that it cannot be refused any more. Two processes that are asked in
        the same moment may let one purchase too many through.

        Raises:
            RequestError: it would go over the cap (409), and is not booked.
        """
        mark = self._keys.of("purchase", who.key, reference)[:16]
        async with self._turn:
            person = await self.get(who)
            house, ledger = person.overseen, person.spending
            if house is None:
                return person
            month = moment(self._clock(), house.zone).day[:7]
            booked = ledger is not None and ledger.month == month
            if ledger is not None and booked and mark in ledger.references:
                return person
            so_far = ledger.amount if ledger is not None and booked else 0
            if amount > 0 and not made and so_far + amount > house.spend_cap:
                raise RequestError("over what a guardian allows", status=409, code="over_cap")
            told = {"month": month, "amount": amount, "reference": mark}
            return await self._write(who.key, self._event("spent", who.key, act, told)) or person

    async def name_character(self, key: str, name: str) -> str:
        """Remember a character by name, for the guardian's list; its key. The log holds no names."""
        character = self._keys.character(name)

        def change(_: Session | None, person: Person | None) -> tuple[None, Person | None]:
            if person is None or person.overseen is None or character in person.characters:
                return None, None
            names = {character: readable(name), **person.characters}  # not the latest
            return None, replace(person, characters=names)

        await self._store.update("", key, change)
        return character

    # -- appeals -------------------------------------------------------------------------------

    async def appeal(self, who: Who, act: Act) -> Appeal:
        """Open an appeal against the age; the one that is open already, if there is one."""
        async with self._turn:
            await self.get(who)
            waiting = [one for one in await self.appeals() if one.key == who.key]
            if waiting:
                return waiting[0]
            now = self._clock()
            ticket = f"a-{secrets.token_hex(8)}"
            told = {"verdict": Verdict.OPENED, "due": now + self._terms.resolve}
            event = self._event("age_appeal", who.key, act, told, subject=ticket)
            await self._store.append(event)
            return Appeal(ticket, who.key, event.at, event.body["due"])

    async def decide(self, ticket: str, act: Act, age: Age | None) -> Appeal:
        """Grant an appeal (`age` is what counts from now on), or refuse it (`None`).

        Raises:
            RequestError: there is no such appeal (404), or it is decided (409).
        """
        verdict = Verdict.REFUSED if age is None else Verdict.GRANTED
        told: dict[str, Any] = {"verdict": verdict}
        if age is not None:
            told |= {"band": age.band, "proof": age.evidence, "years": age.years}
        async with self._turn:
            found = appeals(await self._log(ticket=ticket))
            if not found:
                raise RequestError("there is no such appeal", status=404, code="unknown_ticket")
            if found[0].verdict is not Verdict.OPENED:
                message = f"this appeal was {found[0].verdict} before"
                raise RequestError(message, status=409, code="ticket_ended")
            key = found[0].key
            event = self._event("age_appeal", key, act, told, subject=ticket)
            await self._write(key, event)
            return replace(found[0], verdict=verdict, decided_at=event.at)

    async def appeals(self, *, everything: bool = False) -> tuple[Appeal, ...]:
        """Appeals that wait for a decision, or all of them; those that are due first."""
        found = appeals(await self._log())
        waiting = (one for one in found if everything or one.verdict is Verdict.OPENED)
        return tuple(sorted(waiting, key=lambda one: (one.due, one.ticket)))

    # -- how it is written down ----------------------------------------------------------------

    async def mend(self) -> int:
        """Apply the last day's acts once more, before the first turn; say how many there were.

        It reads on until nothing new is there: what another process wrote down meanwhile comes
        after what is older. Nobody comes back whose data was deleted since an act.
        """
        since, seq, count = self._clock() - RECENT, 0, 0
        gone = {event.user: event.seq for event in await self._erased(since)}
        while page := await self._page("person.", since=since, seq=seq):
            acts: dict[str, list[Event]] = {}
            for event in page:
                if event.seq > gone.get(event.user, 0):
                    acts.setdefault(event.user or "", []).append(event)
            for key, events in acts.items():
                await self._apply(key, *events)
            seq, count = page[-1].seq, count + len(page)
        return count

    async def _act(
        self,
        kind: str,
        who: Who,
        act: Act,
        told: dict[str, Any] | None = None,
        *,
        ready: Callable[[Person], str] = lambda _: "",
        makes: bool = False,
    ) -> Person:
        """Write an act down, then do it. `ready` says what speaks against it, if anything does."""
        async with self._turn:
            known = await self._find(who.key)
            if known is None and not (makes and who.new):
                raise _unknown()
            wrong = ready(known or newcomer(who.key, self._clock()))
            if wrong:
                raise RequestError(wrong, status=409, code="not_possible")
            changed = await self._write(who.key, self._event(kind, who.key, act, told or {}))
        if changed is None:  # purged in this very moment
            raise _unknown()
        return changed

    def _event(
        self, kind: str, key: str, act: Act, told: dict[str, Any], *, subject: str = ""
    ) -> Event:
        body = {"by": act.by, "reason": act.reason, **told}
        name = f"person.{kind}"
        at = self._clock()
        return Event(f"{name}.{secrets.token_hex(8)}", at, name, subject or key, key, body=body)

    async def _write(self, key: str, event: Event) -> Person | None:
        await self._store.append(event)
        return await self._apply(key, event)

    async def _apply(self, key: str, *events: Event) -> Person | None:
        def change(_: Session | None, person: Person | None) -> tuple[None, Person | None]:
            for event in events:
                if person is None and event.kind in MAKES:
                    person = newcomer(key, event.at)
                person = None if person is None else applied(person, event)
            return None, person

        return (await self._store.update("", key, change))[1]

    async def _find(self, key: str) -> Person | None:
        found: list[Person | None] = []

        def look(_: Session | None, person: Person | None) -> tuple[None, None]:
            found.append(person)
            return None, None

        await self._store.update("", key, look)
        return found[-1]

    async def _log(self, *, ticket: str | None = None) -> list[Event]:
        """All events of one appeal, or of all."""
        found: list[Event] = []
        while page := await self._page(APPEAL, ticket=ticket, seq=found[-1].seq if found else 0):
            found += page
        return found

    async def _erased(self, since: float) -> list[Event]:
        """Deletions of people's data, oldest first."""
        found: list[Event] = []
        while page := await self._page(ERASED, since=since, seq=found[-1].seq if found else 0):
            found += page
        return found

    async def _page(
        self, kind: str, *, seq: int, ticket: str | None = None, since: float = 0.0
    ) -> tuple[Event, ...]:
        query = Query(kind, ticket, after_seq=seq, since=since, limit=PAGE, ascending=True)
        return await self._store.read(query)


def _unknown() -> RequestError:
    return RequestError("nobody is known by this name", status=404, code="unknown_person")
