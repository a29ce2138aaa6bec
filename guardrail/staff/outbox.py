"""The outbox: brings queued letters to where they go, for as long as it takes.

Theory of operation. A letter was queued in the same transaction as the event it tells of. Every
process reads the log on and sees the same letters. To try one, a process appends `letter.taken` with
the next number; whoever finds itself in the log has it, until its lease runs out. Then it delivers,
and writes down what became of it (`carrier`).

Killed between taking and delivering, or between delivering and writing it down: the lease runs out,
and somebody tries again, with the same `webhook-id`. So a letter comes at least once, never not at
all, and a receiver can tell a repeat.

Rules of this file:

1. Nothing is given up silently: a letter that nobody can be told is dead, counted and listed.
2. The gravest goes first, and has room of its own while a receiver hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from guardrail.errors import RequestError, StoreError
from guardrail.letterbook import Letter, Post, rank
from guardrail.letters import TEMPLATES, Audience, cancelled, queued
from guardrail.staff.carrier import Carrier, PostLog, Terms, Veto, Wait, no_veto, no_wait
from guardrail.staff.couriers import Courier
from guardrail.store.base import Store
from guardrail.turn import Severity

__all__ = ["Endpoint", "Outbox", "Tallies", "Terms"]

log = structlog.get_logger("guardrail")

ROOM, RESERVED = 16, 48
"""Deliveries under way at once; the second for what is imminent, beyond the first."""

_Key = tuple[str, str]  # letter and endpoint; no endpoint while it is being routed


@dataclass(frozen=True, slots=True)
class Tallies:
    """For the gauges. `dead` counts by audience and why ("no_channel", or "given_up").

    The audience is "portal" for letters to guardians that tell of no danger: they page nobody.

    `oldest` is how long the oldest letter of a severity that has reached nobody waits, in seconds.
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


class Outbox:
    """Delivers, and tells staff how it goes. Every method may raise `StoreError`, but for `run`.

    Args:
        store: where letters are queued.
        couriers: who brings them; each with a prefix of its own.
        clock: epoch seconds.
        terms: how often and how long.
        count: told of tries that failed ("letter_failed"), letters given up ("letter_dead") or left
            out ("letter_skipped"), and failures of our own ("outbox_failed"), each with why.
        veto: asked before each try whether a letter must not go any more.
        wait: asked before each try whether it has to wait for something yet.
    """

    def __init__(
        self,
        store: Store,
        couriers: Sequence[Courier],
        *,
        clock: Callable[[], float] = time.time,
        terms: Terms = Terms(),  # noqa: B008 - frozen
        count: Callable[[str, str], None] = lambda _what, _why: None,
        veto: Veto = no_veto,
        wait: Wait = no_wait,
    ) -> None:
        self._log = PostLog(store, clock)
        self._carrier = Carrier(self._log, couriers, terms, count=count, veto=veto, wait=wait)
        self._poll, self._count = terms.poll, count
        self._under_way: dict[_Key, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    # -- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver until cancelled. A store that fails is counted, and asked again."""
        try:
            while True:
                try:
                    await self._log.read_on()
                    self._begin()
                except StoreError as error:
                    self._count("outbox_failed", "store")
                    log.error("outbox cannot read on", kind=type(error).__name__)
                await self._rest()
        finally:
            under_way = list(self._under_way.values())
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await self.close()

    async def step(self) -> int:
        """Deliver what is due now, and wait for it; say how many deliveries were begun."""
        begun = 0
        while True:
            await self._log.read_on()
            tasks = self._begin()
            if not tasks:
                return begun
            begun += sum(bool(endpoint) for _, endpoint in tasks)
            await asyncio.gather(*tasks.values())

    def wake(self) -> None:
        """Something was queued by this process: look at once."""
        self._news.set()

    async def close(self) -> None:
        """Let go of connections. May be called twice."""
        await self._carrier.close()

    # -- what staff see and do -------------------------------------------------------------------

    async def letters(
        self, *, subject: str | None = None, user: str | None = None, everything: bool = False
    ) -> tuple[Letter, ...]:
        """Letters on their way, or all of the last 30 days; the newest first."""
        await self._log.read_on()
        return tuple(
            letter
            for letter in self._log.book.all()
            if (everything or letter.open)
            and subject in (None, letter.subject)
            and user in (None, letter.user)
        )

    async def dead(self) -> tuple[Letter, ...]:
        """Letters that were given up, the gravest first."""
        await self._log.read_on()
        found = [letter for letter in self._log.book.all() if letter.state is Post.DEAD]
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
        await self._log.write(f"{letter}.{number}", "letter.again", letter, body)
        self.wake()

    async def cancel(self, letter: str, by: str, why: str) -> None:
        """Stop a letter, or take a dead one off the list. `why` is a code.

        Raises:
            RequestError: there is no such letter (404), or it has arrived (409).
        """
        found = await self._get(letter)
        if found.state is Post.SENT:
            raise RequestError("this letter has arrived", status=409, code="letter")
        await self._log.append(cancelled(letter, by=by, why=why, at=self._log.now()))

    async def test(self, audience: str, by: str) -> str:
        """Queue a test letter; its id.

        Raises:
            RequestError: there is no such audience (422).
        """
        name, now = f"test.{secrets.token_hex(8)}", self._log.now()
        await self._log.append(queued("test", audience, id=name, subject=by, at=now))
        self.wake()
        return name

    async def disabled(self) -> tuple[Endpoint, ...]:
        """Endpoints that answered 410; nothing is sent there until somebody enables them."""
        await self._log.read_on()
        return tuple(
            Endpoint(name, self._carrier.shown(name)) for name in self._log.book.disabled()
        )

    async def enable(self, endpoint: str, by: str) -> None:
        """Send there again.

        Raises:
            RequestError: it is not disabled (409).
        """
        await self._log.read_on()
        if not self._log.book.off(endpoint):
            raise RequestError("this endpoint is not disabled", status=409, code="endpoint")
        await self._log.switch("letter.enabled", endpoint, by=by)

    async def tallies(self) -> Tallies:
        """What the gauges show."""
        await self._log.read_on()
        now, dead, oldest = self._log.now(), dict[tuple[str, str], int](), dict[Severity, float]()
        for letter in self._log.book.all():
            if letter.open:
                if not any(one.state is Post.SENT for one in letter.live):
                    severity = letter.severity or Severity.NOTICE
                    oldest[severity] = max(oldest.get(severity, 0.0), now - letter.at)
            elif letter.state is Post.DEAD:
                why = "no_channel" if letter.why == "no_channel" else "given_up"
                key = (_audience(letter), why)
                dead[key] = dead.get(key, 0) + 1
        return Tallies(len(self._log.book.open()), dead, oldest, len(self._log.book.disabled()))

    async def _get(self, letter: str) -> Letter:
        await self._log.read_on()
        found = self._log.book.get(letter)
        if found is None:
            raise RequestError("there is no such letter", status=404, code="unknown_letter")
        return found

    # -- beginning -------------------------------------------------------------------------------

    def _begin(self) -> dict[_Key, asyncio.Task[None]]:
        """Start what is due and not under way. Right after reading on, so that nothing is stale."""
        begun = {}
        for letter, endpoint in self._due():
            key = (letter.id, endpoint)
            room = ROOM + RESERVED * (letter.severity is Severity.IMMINENT)
            if key in self._under_way or len(self._under_way) >= room:
                continue
            task = asyncio.create_task(self._carrier.carry(letter, endpoint))
            self._under_way[key] = begun[key] = task
            task.add_done_callback(partial(self._done, key))
        return begun

    def _due(self) -> Iterator[tuple[Letter, str]]:
        """What can be done now, the gravest first. Kinds of a later release are left to it."""
        for letter in self._log.book.open():
            if letter.template not in TEMPLATES:
                continue
            if not letter.routed:
                yield letter, ""
                continue
            for delivery in letter.live:
                if self._carrier.is_due(letter, delivery):
                    yield letter, delivery.endpoint

    def _done(self, key: _Key, task: asyncio.Task[None]) -> None:
        del self._under_way[key]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:  # its lease runs out, and it is tried again
            why = "store" if isinstance(error, StoreError) else type(error).__name__
            self._count("outbox_failed", why)
            log.error("letter not carried", letter=key[0], kind=type(error).__name__)
        elif not key[1]:
            self.wake()  # routed: on to its deliveries

    async def _rest(self) -> None:
        """Wait for news, at most for a poll."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                await self._news.wait()
        self._news.clear()


def _audience(letter: Letter) -> str:
    kind = TEMPLATES.get(letter.template)
    everyday = letter.audience == Audience.GUARDIAN and kind is not None and not kind.alarm
    return "portal" if everyday else letter.audience
