"""The whole life of a turn: no web framework, no vendor, no format.

`Engine` is frozen and shared; a `Review` is one turn under way and the only mutable thing. A face
opens a review, asks it for a decision on each half of the turn, does what the decisions say, and
closes it. Nothing here raises because a part of us failed: failures become facts that the policy
answers and the record keeps.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from guardrail.assess import Assessor
from guardrail.errors import StoreError
from guardrail.identity import Pseudonyms
from guardrail.limits import over
from guardrail.policy.model import Limits, Policy
from guardrail.review import Change, Review, Services, Standing
from guardrail.session import Session, Usage, advance, fresh_messages, remember, use
from guardrail.store.base import Store
from guardrail.turn import Identity, Message, Profile, Record, Role, Turn
from guardrail.wire.base import Asked

__all__ = ["Count", "Engine", "PolicyHolder", "Sink"]

Sink = Callable[[Record], Awaitable[None]]
Count = Callable[[str, str], None]

JUDGED = 16
"""Fresh messages judged in one turn; what an import of a longer history brings is noted."""


STORE = 2.0
"""Seconds that a turn waits for the store's memory; then it goes on without."""

SINK = 5.0
"""Seconds that a sink gets for one record. The person has the answer by then."""


class PolicyHolder:
    """The policy in force. Replacing it is atomic; a turn keeps the one it began with."""

    def __init__(self, policy: Policy) -> None:
        self.current = policy


@dataclass(frozen=True)
class Engine:
    """What every turn needs, made once by `wiring`.

    `sinks` get each record by name; `count(what, why)` takes events that belong to no turn.
    `clock` gives epoch seconds; it is the only clock that limits ever see.
    """

    policies: PolicyHolder
    assessor: Assessor
    store: Store
    pseudonyms: Pseudonyms
    language: Callable[[str], str | None]
    sinks: Mapping[str, Sink]
    count: Count
    clock: Callable[[], float] = time.time
    finishing: set[asyncio.Task[Record]] = field(default_factory=set)  # records being written

    async def open(
        self, asked: Asked, identity: Identity, *, app: bytes, wire: str, route: str
    ) -> Review:
        """Begin a turn: recognise what is new in it and move the session on.

        `app` is the credential that the calling app shows its backend: it separates the users of
        one app from those of another and is only ever hashed.
        """
        at = self.clock()
        policy = self.policies.current
        keys = self.pseudonyms
        user = keys.user(app, identity)
        conversation = keys.conversation(app, identity, asked.messages)
        provisional = conversation or keys.of("turn", _new_id(at))
        step = _Step(self, asked, identity, at=at, conversation=provisional)
        failures: tuple[str, ...] = ()
        try:
            if user is None and conversation is None:
                session, usage = step(None, Usage())
            else:
                async with asyncio.timeout(STORE):
                    update = self.store.update
                    session, usage = await update(step.conversation, user, step.day, step)
        except (StoreError, TimeoutError):
            session, usage = step(None, Usage())
            failures = ("store",)
        profile = Profile(
            user=user,
            age_band=session.age_band,
            region=identity.region,
            language=_language(self.language, asked.messages),
            proof=identity.proof,
        )
        turn = _turn(step, profile, asked, wire=wire, route=route)
        # A conversation that is only known by its beginning may be shared by strangers: nobody is
        # sent away for what another one did.
        known = user is not None or identity.conversation is not None
        caps = policy.limits.get(profile.age_band, Limits()) if known else Limits()
        limits = over(caps, session, usage)
        standing = Standing(session, limits, failures, settled=conversation is not None)
        services = Services(
            assessor=self.assessor,
            store=self.store,
            language=self.language,
            count=self.count,
            settle=self._settle(app, identity, asked),
            remember=self._remember,
            deliver=self._deliver,
        )
        return Review(turn, policy, standing, services)

    def _settle(self, app: bytes, identity: Identity, asked: Asked) -> Callable[[str], str | None]:
        """How a conversation without an id is called once its first reply is known."""

        def settle(reply: str) -> str | None:
            whole = (*asked.messages, Message(Role.ASSISTANT, reply))
            return self.pseudonyms.conversation(app, identity, whole)

        return settle

    async def _remember(self, conversation: str, change: Change) -> bool:
        """Change a session, if the store can; what goes wrong here must not cost the record."""
        try:
            async with asyncio.timeout(STORE):
                await self.store.update(conversation, None, "", change)
        except Exception:  # noqa: BLE001 - the answer may be out already; the failure is recorded
            return False
        return True

    async def _deliver(self, record: Record) -> None:
        """Hand a record to every sink. One that fails is counted and never felt by the person."""
        for name, sink in self.sinks.items():
            try:
                async with asyncio.timeout(SINK):
                    await sink(record)
            except Exception:  # noqa: BLE001 - the sink fence: a sink is not ours to trust
                self.count("sink_failed", name)

    async def finish(self, closing: Coroutine[Any, Any, Record]) -> None:
        """See a review's end through, whatever becomes of the request that it belongs to."""
        task = asyncio.ensure_future(closing)
        self.finishing.add(task)
        task.add_done_callback(self.finishing.discard)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Finish what is under way and let go. May be called twice."""
        await asyncio.gather(*self.finishing, return_exceptions=True)
        await self.assessor.close()
        await self.store.close()


class _Step:
    """The change one turn makes to its session; pure, so a store may run it more than once."""

    def __init__(
        self, engine: Engine, asked: Asked, identity: Identity, *, at: float, conversation: str
    ) -> None:
        self.at, self.conversation = at, conversation
        self.day = datetime.fromtimestamp(at, UTC).date().isoformat()
        self._identity, self._messages = identity, asked.messages
        self._digest = engine.pseudonyms.message
        self._marks = [self._digest(m) for m in asked.messages if m.role is Role.USER]
        self.fresh: tuple[int, ...] = ()

    def __call__(self, old: Session | None, usage: Usage) -> tuple[Session, Usage]:
        self.fresh = fresh_messages(self._messages, old.known if old else (), self._digest)
        moved = advance(old, self.conversation, self.at, self._identity.age_band)
        return remember(moved, self._marks), use(usage, self.at)


def _turn(step: _Step, profile: Profile, asked: Asked, *, wire: str, route: str) -> Turn:
    judged = step.fresh[-JUDGED:]
    skipped = ("old_messages",) if len(step.fresh) > JUDGED else ()
    return Turn(
        id=_new_id(step.at),
        at=step.at,
        wire=wire,
        route=route,
        conversation=step.conversation,
        profile=profile,
        messages=asked.messages,
        fresh=judged,
        stream=asked.stream,
        unjudged=(*asked.unjudged, *skipped),
    )


def _new_id(at: float) -> str:
    """Sorts by time, guesses by nobody: 11 hex digits of milliseconds, 10 of chance."""
    return f"{int(at * 1000):011x}{secrets.token_hex(5)}"


def _language(detect: Callable[[str], str | None], messages: tuple[Message, ...]) -> str:
    """The language of our words: that of the last thing the person said in one that we speak."""
    for message in reversed(messages):
        if message.role is Role.USER and (found := detect(message.text)) is not None:
            return found
    return "en"
