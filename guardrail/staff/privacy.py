"""What a person may ask for: a copy of what we hold, and that it goes; and what the law holds on to.

Rules of this file:

1. Everything that is done is in the log: who asked, when, why. Nothing in it is words of anybody.
2. Deleting destroys the data key of a person's words (crypto-erasure), their row and their sessions.
   The log is append-only and stays; it knows nobody but by keyed hashes. `STAYS` says why.
3. A legal hold goes over a wish to delete (CA B&P 21812.5; GDPR Art. 17(3)(b)), and says so.
4. What protects a child stays while the account does: nobody stops being one by asking us to delete.
5. Nobody learns from anybody's words unless they have agreed to just that (CN Measures Art 16).
   Nothing here gives words out for training at all.

What is deleted may come back by a power cut (people and sessions do not wait for the disk) or from a
backup; so `mend` does once more what the log says was done.
"""

from __future__ import annotations

import math
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from guardrail.acts import ERASED
from guardrail.cases import CaseBook
from guardrail.errors import RequestError, VaultError
from guardrail.person import Person
from guardrail.session import Session
from guardrail.staff.addresses import AddressBook
from guardrail.staff.privacy_copy import Found, copied
from guardrail.staff.privacy_stays import STAYS, minded, protected, protects
from guardrail.store.base import Event, Query, Store
from guardrail.vault import Vault

__all__ = ["STAYS", "Outcome", "Privacy", "Standing", "protected"]

PAGE = 1_000
"""Events read at a time."""

RECENT = 86_400.0
"""Seconds of deletions that a start does again."""

REFUSED, COPIED = "person.erase_refused", "person.copied"
HELD, LIFTED = "person.held", "person.hold_lifted"
TRAINING = "person.training"

Forget = Callable[[str, float], Awaitable[None]]
"""Forget what belongs to a person's contacts, by their key, if it is from before a time."""


async def nothing_else(_key: str, _before: float) -> None:
    """There are no guardians."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a deletion did. `stays`: events that stay, counted by the first word of their kind.

    `protects` names what stays of a child, or of somebody whose access is paused, while the account
    does: "age", "consent", "house", "paused", and today's minutes with them.
    """

    key: str
    at: float
    texts: int
    rows: int  # the person and their sessions
    stays: Mapping[str, int] = field(default_factory=dict)
    protects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How things are with a person's data. Times are epoch seconds, 0 is never.

    `refused`: when they last asked for a deletion that a hold forbade and that was not done since.
    """

    key: str
    known: bool
    texts: int
    events: int
    cases_open: int
    held_until: float
    held_for: str
    refused: float
    train: bool


class Privacy:
    """Copy, deletion and hold. Every method may raise `StoreError`.

    A person is named by their key in the store (`People.user(…).key`, `People.keyed(…).key`). `by`
    is who acts: a member id, or "user" for the person themself through the app. `forget` is asked
    for whatever else goes with the addresses of their contacts (`guardend.forget_ward`).
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Callable[[], float] = time.time,
        *,
        forget: Forget = nothing_else,
    ) -> None:
        self._store, self._vault, self._clock, self._more = store, vault, clock, forget

    async def copy(self, key: str, by: str = "user") -> dict[str, Any]:
        """All that we hold of a person, as plain JSON data (GDPR Art. 15 and 20, CN Art 16).

        Left out is what would tell of others: who of the staff acted, notes that are marked
        internal, the addresses of guardians and emergency contacts, and what guardians did.

        Raises:
            RequestError: nobody is known by this key (404).
            VaultError: the words cannot be read; better no copy than half of one.
        """
        events = await self._known(key)
        await self._note(COPIED, key, by)
        person, sessions = await self._rows(key, events)
        found = Found(
            key=key,
            at=self._clock(),
            person=person,
            sessions=sessions,
            events=events,
            texts=await self._vault.of(key),
            held_until=await self._vault.held(key),
            train=_agreed(events),
        )
        return copied(found)

    async def delete(self, key: str, by: str, reason: str = "", *, closed: bool = False) -> Outcome:
        """Delete what may be deleted, and say what stays.

        `closed`: the account itself is gone, and so nothing of a child has to be protected any more.
        A person may come back, and is then somebody new.

        Raises:
            RequestError: nobody is known by this key (404), or a hold forbids it (409
                "legal_hold"); that they asked is written down all the same.
        """
        events = await self._known(key)
        at, texts = self._clock(), await self._vault.count(key)
        if not await self._vault.erase(key):
            raise await self._held_back(key, by, events)
        person = await self._person(key)
        kept = None if closed or person is None else protected(person, at)
        body = {"reason": reason, "closed": closed, "texts": texts, "contacts": not minded(kept)}
        event = await self._note(ERASED, key, by, body, at=at)
        rows = await self._forget(event, events, math.inf)  # whatever the clock did
        families = Counter(one.kind.partition(".")[0] for one in (*events, event))
        return Outcome(key, at, texts, rows, dict(sorted(families.items())), protects(kept))

    async def hold(self, key: str, until: float, by: str, reason: str) -> float:
        """Legal hold: nothing of a person is deleted until then; 0 lifts it. Says until when now.

        Raises:
            RequestError: the end is not ahead (422), or nobody is known by this key (404): a slip in
                it must not pass for a hold.
        """
        if until and not self._clock() < until < math.inf:
            raise RequestError("a hold ends in the future", status=422, code="not_ahead")
        await self._known(key)
        kind = HELD if until else LIFTED
        await self._note(kind, key, by, {"reason": reason, "until": until})
        await self._vault.hold(key, until)
        return await self._vault.held(key)

    async def standing(self, key: str) -> Standing:
        """How things are with a person's data."""
        events = await self._events(key)
        until = await self._vault.held(key)
        last = {event.kind: event for event in events}
        refused, erased = last.get(REFUSED), last.get(ERASED)
        waits = refused is not None and (erased is None or erased.seq < refused.seq)
        book = CaseBook()
        book.add(event for event in events if event.kind.startswith("case."))
        return Standing(
            key=key,
            known=await self._person(key) is not None,
            texts=await self._vault.count(key),
            events=len(events),
            cases_open=len(book.waiting(self._clock())),
            held_until=until,
            held_for=str(last[HELD].body["reason"]) if until and HELD in last else "",
            refused=refused.at if refused is not None and waits else 0.0,
            train=_agreed(events),
        )

    # -- training --------------------------------------------------------------------------------

    async def train(self, key: str, by: str, version: str, *, agreed: bool) -> None:
        """Write down that somebody lets a model learn from their words, or no longer does."""
        await self._note(TRAINING, key, by, {"agreed": agreed, "version": version})

    async def may_train(self, key: str) -> bool:
        """Whether they agreed, and have not taken it back. Nobody who never said so has."""
        found = await self._store.read(Query(TRAINING, user=key, limit=1))
        return _agreed(found)

    # -- housekeeping ----------------------------------------------------------------------------

    async def sweep(self) -> int:
        """Once an hour or so: delete words that are over; say how many. What came back goes again."""
        gone = await self._vault.purge(self._clock())
        await self.mend()
        return gone

    async def mend(self, *, all_of_them: bool = False) -> int:
        """Do deletions of the last day (after a restore from a backup: all of them) once more.

        Whoever came back after their deletion keeps what is new. Says how many there were.

        Raises:
            VaultError: the vault has no key, so addresses of contacts may still lie there; all else
                is done.
        """
        since = 0.0 if all_of_them else self._clock() - RECENT
        done, locked = 0, None
        for event in await self._read(Query(ERASED, since=since)):
            key = event.user or ""
            try:
                if await self._vault.erase(key, event.at):
                    await self._forget(event, await self._events(key), event.at)
                    done += 1
            except VaultError as error:  # whose contacts they are cannot be seen without the key
                locked = error
        if locked is not None:
            raise locked
        return done

    async def possible(self) -> tuple[str, ...]:
        """Keys of people whose deletion a hold forbade, and forbids no more.

        Somebody has to decide: they may have gone on using their account since.
        """
        asked = dict.fromkeys(e.user or "" for e in await self._read(Query(REFUSED)))
        found = [await self.standing(key) for key in asked]
        return tuple(one.key for one in found if one.refused and not one.held_until)

    # -- inside ----------------------------------------------------------------------------------

    async def _held_back(self, key: str, by: str, events: Sequence[Event]) -> RequestError:
        until = await self._vault.held(key)
        await self._note(REFUSED, key, by, {"reason": "legal_hold", "until": until})
        day = datetime.fromtimestamp(until, UTC).date()
        last = next((e.body["reason"] for e in reversed(events) if e.kind == HELD), "")
        why = f" ({last})" if last else ""
        message = f"the law asks for this to be kept until {day}{why}; ask again after that"
        return RequestError(message, status=409, code="legal_hold")

    async def _forget(self, event: Event, events: Sequence[Event], before: float) -> int:
        """Everything but the words, as the event says; how many rows are gone.

        The addresses of contacts have keys of their own. They stay where a guardian does.
        """
        closed = event.body["closed"]

        def stays(person: Person) -> Person | None:
            return None if closed else protected(person, event.at)

        key = event.user or ""
        gone = await self._store.forget(key, _conversations(key, events), before, stays)
        if event.body.get("contacts", closed):  # an older release wrote down the one alone
            await AddressBook(self._vault).forget(key, before)
            await self._more(key, before)
        return gone

    async def _known(self, key: str) -> list[Event]:
        """All events about a person.

        Raises:
            RequestError: there is nothing of them at all (404).
        """
        events = await self._events(key)
        if not events and not await self._vault.count(key) and await self._person(key) is None:
            raise RequestError("nobody is known by this name", status=404, code="unknown_person")
        return events

    async def _rows(
        self, key: str, events: Sequence[Event]
    ) -> tuple[Person | None, tuple[Session, ...]]:
        sessions = [await self._look(one, "") for one in _conversations(key, events)]
        return await self._person(key), tuple(one for one, _ in sessions if one is not None)

    async def _person(self, key: str) -> Person | None:
        return (await self._look("", key))[1]

    async def _look(self, conversation: str, key: str) -> tuple[Session | None, Person | None]:
        found: list[tuple[Session | None, Person | None]] = []

        def look(session: Session | None, person: Person | None) -> tuple[None, None]:
            found.append((session, person))
            return None, None

        await self._store.update(conversation, key, look)
        return found[-1]

    async def _events(self, key: str) -> list[Event]:
        """Somebody whom only a conversation tells apart is meant by its events."""
        named = await self._read(Query(user=key))
        talked = await self._read(Query(conversation=key))
        return sorted({event.seq: event for event in (*named, *talked)}.values(), key=_seq)

    async def _read(self, query: Query) -> list[Event]:
        found: list[Event] = []
        query = replace(query, limit=PAGE, ascending=True)
        while page := await self._store.read(
            replace(query, after_seq=found[-1].seq if found else 0)
        ):
            found += page
        return found

    async def _note(
        self,
        kind: str,
        key: str,
        by: str,
        body: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> Event:
        id_ = f"{kind}.{secrets.token_hex(8)}"
        when = self._clock() if at is None else at
        event = Event(id_, when, kind, key, key, body={"by": by, **(body or {})})
        return (await self._store.append(event))[0]


def _agreed(events: Sequence[Event]) -> bool:
    last = next((event for event in reversed(events) if event.kind == TRAINING), None)
    return last is not None and last.body["agreed"] is True


def _conversations(key: str, events: Sequence[Event]) -> list[str]:
    """The person's conversations that the log knows; somebody may be one themself."""
    return list(dict.fromkeys([key, *(e.conversation for e in events if e.conversation)]))


def _seq(event: Event) -> int:
    return event.seq
