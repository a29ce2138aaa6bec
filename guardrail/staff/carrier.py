"""One letter to one endpoint: routed, taken, delivered, written down. What `outbox` does in each try.

Somebody outside is told at most once a day of one person, unless it gets graver. What was told and
did not arrive does not count, so that nobody stays untold because of a try that failed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from guardrail.letterbook import KEPT, Delivery, Letter, LetterBook, Post, rank
from guardrail.letters import TEMPLATES, cancelled
from guardrail.staff.couriers import Courier, Outcome
from guardrail.store.base import Event, Query, Store
from guardrail.turn import Severity

__all__ = ["CONTACTS", "Carrier", "PostLog", "Terms", "Veto", "Wait", "delay", "no_veto", "no_wait"]

PAGE = 1_000
"""Events read at a time."""

DAY = 86_400.0

HELD = 1.0
"""Seconds until a letter that waits for another one is looked at again."""

CONTACTS = frozenset({"contact_guardian", "contact_emergency"})
"""Letters that two members agreed on; the case says what became of them."""

SLOW = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds between tries, as Standard Webhooks recommends; the last goes on."""

QUICK = (5, 10, 20, 40, 60, 120, 300, 900, 1_800, 3_600)
"""The same for what is imminent, or tells somebody outside: news of it that comes tomorrow is none."""

LONGEST_WAIT = {True: 900.0, False: DAY}
"""The longest that a receiver may put us off, by whether it is quick."""

Veto = Callable[[Letter], Awaitable[str]]
"""Why a letter must not go any more, as a code; empty if it may."""


Wait = Callable[[Letter], Awaitable[bool]]
"""Whether a letter has to wait for something yet; it is asked again soon."""


async def no_veto(_: Letter) -> str:
    """Every letter may go."""
    return ""


async def no_wait(_: Letter) -> bool:
    """None has to wait."""
    return False


@dataclass(frozen=True, slots=True)
class Terms:
    """How often, and how long in seconds.

    `poll`: between two looks at what others have queued; `grace`: beyond the deadline of a try, to
    write down what became of it. Then somebody else may have it.
    """

    attempts: int = 12
    timeout: float = 10.0
    poll: float = 1.0
    grace: float = 5.0


def delay(tries: int, *, quick: bool, chance: float, wait: float = 0.0) -> float:
    """Seconds until the next try, after that many; `chance` in 0..1 spreads them by a tenth.

    `wait` is what the receiver asked for.
    """
    steps = QUICK if quick else SLOW
    pause = steps[min(tries, len(steps)) - 1] * (0.9 + 0.2 * chance)
    return max(pause, min(wait, LONGEST_WAIT[quick]))


class PostLog:
    """The log of letters, read on, and written to. Every coroutine may raise `StoreError`."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.book = LetterBook()
        self.now = clock
        self._store = store
        self._reading = asyncio.Lock()
        self._recalled = False

    async def read_on(self) -> None:
        """Read what came since, of the last 30 days; which endpoints are disabled, of all time."""
        async with self._reading:
            if not self._recalled:
                for kind in ("letter.disabled", "letter.enabled"):
                    self.book.recall([event async for event in self._pages(kind, 0.0, 0)])
                self._recalled = True
            since = self.now() - KEPT
            async for event in self._pages("letter.", since, self.book.seq):
                self.book.add([event])

    async def _pages(self, kind: str, since: float, seq: int) -> AsyncIterator[Event]:
        more = True
        while more:
            query = Query(kind, after_seq=seq, since=since, limit=PAGE, ascending=True)
            page = await self._store.read(query)
            for event in page:
                seq = event.seq
                yield event
            more = len(page) == PAGE

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """See `Store.append`."""
        return await self._store.append(*events)

    async def write(self, name: str, kind: str, subject: str, body: Mapping[str, Any]) -> Event:
        """Append one event, whose id is kind and name; the one that is there under that id."""
        (found,) = await self._store.append(self.event(name, kind, subject, body))
        return found

    def event(self, name: str, kind: str, subject: str, body: Mapping[str, Any]) -> Event:
        """An event of now."""
        return Event(f"{kind}.{name}", self.now(), kind, subject, body=body)

    async def switch(self, kind: str, endpoint: str, *, by: str) -> None:
        """Disable or enable an endpoint; of two that do so together, one is written down."""
        number = self.book.switched(endpoint) + 1
        await self.write(f"{endpoint}.{number}", kind, endpoint, {"switched": number, "by": by})

    async def case(self, case: str) -> Event | None:
        """How a case began."""
        found = await self._store.read(Query("case.opened", case, limit=1))
        return found[0] if found else None


class _Told(StrEnum):
    """Whether a contact may be told."""

    MAY = "may"
    WAIT = "wait"  # another letter is on its way to them
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class _Try:
    """A letter, one of its deliveries, and the number of the take."""

    letter: Letter
    delivery: Delivery
    number: int

    @property
    def key(self) -> tuple[str, str]:
        return self.letter.id, self.delivery.endpoint

    @property
    def quick(self) -> bool:
        """Whether tomorrow would be too late."""
        kind = TEMPLATES[self.letter.template]
        return self.letter.severity is Severity.IMMINENT or kind.alarm or kind.brief


class Carrier:
    """Tries. What fails of a letter is written down; what fails of ours is raised (`StoreError`)."""

    def __init__(
        self,
        log: PostLog,
        couriers: Sequence[Courier],
        terms: Terms,
        *,
        count: Callable[[str, str], None],
        veto: Veto,
        wait: Wait,
    ) -> None:
        self._log, self._terms, self._count = log, terms, count
        self._veto, self._wait = veto, wait
        self._couriers = {courier.prefix: courier for courier in couriers}
        self._me = secrets.token_hex(8)
        self._chance = secrets.SystemRandom().random
        self._held: dict[tuple[str, str], float] = {}

    def is_due(self, letter: Letter, delivery: Delivery) -> bool:
        """Whether a delivery may be tried now."""
        if delivery.state not in _OPEN:
            return False
        held = self._held.get((letter.id, delivery.endpoint), 0.0)
        return max(delivery.due, held) <= self._log.now()

    async def carry(self, letter: Letter, endpoint: str) -> None:
        """Route a letter, if no endpoint is given; else try that one."""
        if not endpoint:
            await self._route(letter)
            return
        delivery = letter.deliveries[endpoint]
        one = _Try(letter, delivery, delivery.takes)
        if why := self._hindrance(delivery):
            await self._give_up(one, why)
        elif not await self._vetoed(letter) and await self._may_tell(one):
            self._held.pop(one.key, None)
            await self._take(one)

    def shown(self, endpoint: str) -> str:
        """What staff read for an endpoint."""
        courier = self._courier(endpoint)
        return courier.shown(endpoint) if courier is not None else ""

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        for courier in self._couriers.values():
            await courier.close()

    # -- before a try --------------------------------------------------------------------------

    async def _route(self, letter: Letter) -> None:
        """Write down where it goes. Only what is written down is ever tried."""
        endpoints: dict[str, str] = {}
        for courier in self._couriers.values():
            for route in await courier.routes(letter):
                if not self._log.book.off(route.endpoint):
                    endpoints[route.endpoint] = route.contact
        body = {"round": letter.round, "endpoints": endpoints}
        await self._log.write(f"{letter.id}.{letter.round}", "letter.routed", letter.id, body)
        if not endpoints:
            self._count("letter_dead", "no_channel")

    def _hindrance(self, delivery: Delivery) -> str:
        """Why it need not be tried at all; empty if nothing speaks against it."""
        if self._courier(delivery.endpoint) is None:
            return "endpoint_gone"
        if self._log.book.off(delivery.endpoint):
            return "gone"
        return "lost" if delivery.tries >= self._terms.attempts else ""

    async def _vetoed(self, letter: Letter) -> bool:
        why = await self._veto(letter)
        if not why:
            return False
        now = self._log.now()
        await self._log.append(cancelled(letter.id, by="guardrail", why=why, at=now))
        self._count("letter_skipped", why)
        return True

    async def _may_tell(self, one: _Try) -> bool:
        """Whether it is the right moment for a contact; what is too often is written down."""
        told = await self._told(one.letter, one.delivery.contact)
        if told is _Told.WAIT:
            self._held[one.key] = self._log.now() + HELD
        elif told is _Told.ALREADY:
            await self._end(one, "letter.skipped", "daily")
            self._count("letter_skipped", "daily")
        return told is _Told.MAY

    async def _told(self, letter: Letter, contact: str) -> _Told:
        """Claim the right to tell a contact; the log decides between letters that want it together."""
        if await self._wait(letter):
            return _Told.WAIT
        book, grave = self._log.book, rank(letter.severity)
        number = book.notice_number(contact)
        while contact:
            earlier = book.notices(contact, self._log.now() - DAY)
            if any(one.letter == letter.id for one in earlier):
                return _Told.MAY
            states = [self._arrived(one.letter, contact) for one in earlier if one.rank >= grave]
            if Post.SENT in states:
                return _Told.ALREADY
            if Post.QUEUED in states:
                return _Told.WAIT
            body = {"letter": letter.id, "rank": grave, "number": number}
            found = await self._log.write(f"{contact}.{number}", "letter.notice", contact, body)
            if found.body["letter"] == letter.id:
                return _Told.MAY
            await self._log.read_on()  # another letter was quicker, or had this number long ago
            number += 1
        return _Told.MAY

    def _arrived(self, letter: str, contact: str) -> Post:
        """Whether a letter has reached a contact (SENT), may still (QUEUED), or will not (DEAD)."""
        found = self._log.book.get(letter)
        if found is None:
            return Post.DEAD
        states = {one.state for one in found.live if one.contact == contact}
        if Post.SENT in states:
            return Post.SENT
        return Post.QUEUED if states & _OPEN and not found.ended else Post.DEAD

    # -- a try ---------------------------------------------------------------------------------

    async def _take(self, one: _Try) -> None:
        """Take it, unless another process does; deliver, and write down what became of it."""
        one = replace(one, number=one.number + 1)
        body = {
            "endpoint": one.delivery.endpoint,
            "n": one.number,
            "by": self._me,
            "until": self._log.now() + self._terms.timeout + self._terms.grace,
        }
        name = f"{one.letter.id}.{one.delivery.endpoint}.{one.number}"
        taken = await self._log.write(name, "letter.taken", one.letter.id, body)
        if taken.body["by"] != self._me:
            return
        outcome = await self._deliver(one)
        if not outcome.why:
            await self._arrive(one)
        else:
            await self._fail(one, outcome)

    async def _deliver(self, one: _Try) -> Outcome:
        courier = self._couriers[one.delivery.endpoint.partition("-")[0]]
        try:
            async with asyncio.timeout(self._terms.timeout):
                return await courier.deliver(one.letter, one.delivery.endpoint)
        except TimeoutError:
            return Outcome("timeout")

    async def _arrive(self, one: _Try) -> None:
        letter = one.letter
        body = {"endpoint": one.delivery.endpoint, "n": one.number}
        name = f"{letter.id}.{one.delivery.endpoint}"
        events = [self._log.event(name, "letter.sent", letter.id, body)]
        if letter.template in CONTACTS and "of" in letter.fields:
            case = await self._log.case(letter.subject)
            events.append(self._contact_sent(letter, case.conversation if case else None))
        await self._log.append(*events)

    def _contact_sent(self, letter: Letter, conversation: str | None) -> Event:
        """What the case says of it, in one transaction with what the letter says."""
        of, kind = str(letter.fields["of"]), "case.contact_sent"
        event = self._log.event(of, kind, letter.subject, {"of": of})
        return replace(event, user=letter.user, conversation=conversation)

    async def _fail(self, one: _Try, outcome: Outcome) -> None:
        self._count("letter_failed", outcome.why)
        if outcome.gone:
            await self._log.switch("letter.disabled", one.delivery.endpoint, by="receiver")
        tries = one.delivery.tries + 1
        if outcome.final or tries >= self._terms.attempts:
            await self._give_up(one, outcome.why)
            return
        pause = delay(tries, quick=one.quick, chance=self._chance(), wait=outcome.wait)
        await self._end(one, "letter.failed", outcome.why, due=self._log.now() + pause)

    async def _give_up(self, one: _Try, why: str) -> None:
        """Somebody may send it again; a brief one is of no use by then."""
        brief = TEMPLATES[one.letter.template].brief
        await self._end(one, "letter.skipped" if brief else "letter.dead", why)
        self._count("letter_skipped" if brief else "letter_dead", why)

    async def _end(self, one: _Try, kind: str, why: str, *, due: float | None = None) -> None:
        """Write down how a try ended."""
        body: dict[str, Any] = {"endpoint": one.delivery.endpoint, "n": one.number, "why": why}
        if due is not None:
            body["next"] = due
        name = f"{one.letter.id}.{one.delivery.endpoint}.{one.letter.round}.{one.number}"
        await self._log.write(name, kind, one.letter.id, body)

    def _courier(self, endpoint: str) -> Courier | None:
        return self._couriers.get(endpoint.partition("-")[0])


_OPEN = frozenset({Post.QUEUED, Post.TAKEN, Post.FAILED})
