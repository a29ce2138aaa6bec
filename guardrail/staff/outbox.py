"""The outbox: brings queued letters to where they go, for as long as it takes.

Theory of operation. A letter was queued in the same transaction as the event it tells of. Every
process reads the log on and sees the same letters. To try one, a process appends `letter.taken` with
the next number; whoever finds itself in the log has it, until its lease runs out. Then it delivers,
and writes down what became of it.

Killed between taking and delivering, or between delivering and writing it down: the lease runs out,
and somebody tries again, with the same `webhook-id`. So a letter comes at least once, never not at
all, and a receiver can tell a repeat.

Rules of this file:

1. Nothing is given up silently: a letter that nobody can be told is dead, counted and listed.
2. The gravest goes first, and has room of its own while a receiver hangs.
3. Somebody outside is told at most once a day of one person, unless it gets graver. What was told
   and did not arrive does not count.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guardrail.errors import RequestError, StoreError
from guardrail.letterbook import Delivery, Letter, LetterBook, Post, rank
from guardrail.letters import TEMPLATES, cancelled, queued
from guardrail.staff.couriers import Courier, Outcome
from guardrail.store.base import Event, Query, Store
from guardrail.turn import Severity

__all__ = ["Endpoint", "Outbox", "Tallies", "Terms", "delay"]

PAGE = 1_000
"""Events read at a time."""

DAY = 86_400.0
LEASE = 5.0
"""Seconds beyond the deadline of a try in which its outcome is written down."""

ROOM, RESERVED = 16, 48
"""Deliveries under way at once; the second for what is imminent, beyond the first."""

HELD = 5.0
"""Seconds until a letter that waits for another one is looked at again."""

SLOW = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds between tries, as Standard Webhooks recommends; the last goes on."""

QUICK = (5, 10, 20, 40, 60, 120, 300, 900, 1_800, 3_600)
"""The same for what is imminent, or tells somebody outside: news of it that comes tomorrow is none."""

LONGEST_WAIT = {True: 900.0, False: DAY}
"""The longest that a receiver may put us off, by whether it is quick."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How often and how long. `poll`: seconds between two looks at what others have queued."""

    attempts: int = 12
    timeout: float = 10.0
    poll: float = 1.0


@dataclass(frozen=True, slots=True)
class Tallies:
    """For the gauges. `dead` counts by audience and why ("no_channel", or "given_up").

    `oldest` is how long the oldest letter of a severity has waited, in seconds.
    """

    pending: int = 0
    dead: Mapping[tuple[str, str], int] = field(default_factory=dict)
    oldest: Mapping[Severity, float] = field(default_factory=dict)
    disabled: int = 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that wants nothing any more (410), as staff see it."""

    name: str
    shown: str


Veto = Callable[[Letter], Awaitable[str]]
"""Asked before each try: why this letter must not go any more, as a code; empty if it may."""


async def _no_veto(_: Letter) -> str:
    return ""


def delay(tries: int, *, quick: bool, chance: float, wait: float = 0.0) -> float:
    """Seconds until the next try, after that many; `chance` in 0..1 spreads them by a tenth.

    `wait` is what the receiver asked for.
    """
    steps = QUICK if quick else SLOW
    pause = steps[min(tries, len(steps)) - 1] * (0.9 + 0.2 * chance)
    return max(pause, min(wait, LONGEST_WAIT[quick]))


class Outbox:
    """Every method may raise `StoreError`, but for `run`."""

    def __init__(
        self,
        store: Store,
        couriers: Sequence[Courier],
        *,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),  # noqa: B008 - frozen
        count: Callable[[str, str], None] = lambda _what, _why: None,
        veto: Veto = _no_veto,
    ) -> None:
        self._store, self._clock, self._terms = store, clock, terms
        self._couriers = {courier.prefix: courier for courier in couriers}
        self._count, self._veto = count, veto
        self._book = LetterBook()
        self._me = secrets.token_hex(8)
        self._chance = secrets.SystemRandom().random
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._held: dict[tuple[str, str], float] = {}
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()

    # -- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver until cancelled. A store that fails is counted, and asked again."""
        try:
            while True:
                try:
                    await self._read_on()
                    self._begin()
                except StoreError:
                    self._count("outbox_failed", "store")
                await self._rest()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self.close()

    async def step(self) -> int:
        """Deliver what is due now, and wait for it; say how many deliveries were begun."""
        begun = 0
        while True:
            await self._read_on()
            keys = self._begin()
            if not keys:
                return begun
            begun += sum(bool(endpoint) for _, endpoint in keys)
            await asyncio.gather(*(self._under_way[key] for key in keys))

    def wake(self) -> None:
        """Something was queued by this process: look at once."""
        self._news.set()

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        for courier in self._couriers.values():
            await courier.close()

    # -- what staff see and do -------------------------------------------------------------------

    async def letters(
        self, *, subject: str | None = None, user: str | None = None, everything: bool = False
    ) -> tuple[Letter, ...]:
        """Letters on their way, or all of the last 30 days; the newest first."""
        await self._read_on()
        return tuple(
            letter
            for letter in self._book.all()
            if (everything or letter.open)
            and subject in (None, letter.subject)
            and user in (None, letter.user)
        )

    async def dead(self) -> tuple[Letter, ...]:
        """Letters that were given up, the gravest first."""
        await self._read_on()
        found = [letter for letter in self._book.all() if letter.state is Post.DEAD]
        return tuple(sorted(found, key=lambda one: -rank(one.severity)))

    async def again(self, letter: str, by: str) -> None:
        """Send a dead letter once more, to whoever is there for it now.

        Raises:
            RequestError: there is no such letter (404), or it is not dead (409).
        """
        found = await self._get(letter)
        if found.state is not Post.DEAD:
            raise RequestError("this letter was not given up", status=409, code="letter")
        number = found.round + 1
        body = {"round": number, "by": by}
        await self._append(f"letter.again.{letter}.{number}", "letter.again", letter, body)
        self.wake()

    async def cancel(self, letter: str, by: str, why: str) -> None:
        """Stop a letter, or take a dead one off the list. `why` is a code.

        Raises:
            RequestError: there is no such letter (404), or it has arrived (409).
        """
        found = await self._get(letter)
        if found.state is Post.SENT:
            raise RequestError("this letter has arrived", status=409, code="letter")
        await self._store.append(cancelled(letter, by=by, why=why, at=self._clock()))

    async def test(self, audience: str, by: str) -> str:
        """Queue a test letter; its id.

        Raises:
            RequestError: there is no such audience (422).
        """
        name, now = f"test.{secrets.token_hex(8)}", self._clock()
        await self._store.append(queued("test", audience, id=name, subject=f"test by {by}", at=now))
        self.wake()
        return name

    async def disabled(self) -> tuple[Endpoint, ...]:
        """Endpoints that answered 410; nothing is sent there until somebody enables them."""
        await self._read_on()
        return tuple(Endpoint(name, self._shown(name)) for name in self._book.disabled())

    async def enable(self, endpoint: str, by: str) -> None:
        """Send there again.

        Raises:
            RequestError: it is not disabled (409).
        """
        await self._read_on()
        if not self._book.off(endpoint):
            raise RequestError("this endpoint is not disabled", status=409, code="endpoint")
        await self._store.append(self._switch("letter.enabled", endpoint, by=by))

    async def tallies(self) -> Tallies:
        """What the gauges show."""
        await self._read_on()
        now, dead, oldest = self._clock(), dict[tuple[str, str], int](), dict[Severity, float]()
        for letter in self._book.all():
            if letter.open:
                severity = letter.severity or Severity.NOTICE
                oldest[severity] = max(oldest.get(severity, 0.0), now - letter.at)
            elif letter.state is Post.DEAD:
                why = "no_channel" if letter.why == "no_channel" else "given_up"
                key = (letter.audience, why)
                dead[key] = dead.get(key, 0) + 1
        return Tallies(len(self._book.open()), dead, oldest, len(self._book.disabled()))

    # -- reading on, and beginning ---------------------------------------------------------------

    async def _read_on(self) -> None:
        async with self._reading:
            more = True
            while more:
                query = Query(kind="letter.", after_seq=self._book.seq, limit=PAGE, ascending=True)
                page = await self._store.read(query)
                self._book.add(page)
                more = len(page) == PAGE

    def _begin(self) -> list[tuple[str, str]]:
        """Start what is due and not under way. Right after reading on, so that nothing is stale."""
        begun = []
        for letter, endpoint, work in self._due(self._clock()):
            room = ROOM + RESERVED * (letter.severity is Severity.IMMINENT)
            if len(self._under_way) >= room:
                continue
            key = (letter.id, endpoint)
            self._under_way[key] = task = asyncio.create_task(work)
            task.add_done_callback(lambda done, key=key: self._done(key, done))
            begun.append(key)
        return begun
