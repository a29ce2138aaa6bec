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
from typing import Any

from guardrail.assess import Assessor
from guardrail.duties import Moment, moment, states
from guardrail.errors import StoreError
from guardrail.household import character_name, readable
from guardrail.identity import Pseudonyms
from guardrail.limits import allowed, over
from guardrail.person import Age, Person, aged, moved, talking_to, treated
from guardrail.persona import persona
from guardrail.policy.holder import PolicyHolder
from guardrail.policy.model import Limits, Policy
from guardrail.review import Review, Services, Standing
from guardrail.routes import Route
from guardrail.session import Session, advance, fresh_messages, remember
from guardrail.store.base import Change, Store
from guardrail.turn import AgeBand, Identity, Message, Profile, Record, Role, State, Turn
from guardrail.vault import Vault
from guardrail.wire.base import Asked

__all__ = ["Count", "Engine", "Sink"]

Sink = Callable[[Record], Awaitable[None] | None]
"""Takes a record. One that has nothing to wait for returns `None`."""

Count = Callable[[str, str], None]

JUDGED = 16
"""Fresh messages judged in one turn; what an import of a longer history brings is noted."""


BRIEF, BACK = 2, 8
"""Words that do not show a language, and how many of the person's lines are asked for one that does."""

STORE = 2.0
"""Seconds that a turn waits for the store's memory; then it goes on without."""

SINK = 5.0
"""Seconds that a sink gets for one record. The person has the answer by then."""


@dataclass(frozen=True)
class Engine:
    """What every turn needs, made once by `wiring`.

    `sinks` get each record by name; `count(what, why)` takes events that belong to no turn.
    `clock` gives epoch seconds; it is the only clock that limits ever see.
    """

    policies: PolicyHolder
    assessor: Assessor
    store: Store
    vault: Vault
    pseudonyms: Pseudonyms
    language: Callable[[str], str | None]
    sinks: Mapping[str, Sink]
    count: Count
    clock: Callable[[], float] = time.time
    finishing: set[asyncio.Task[Record]] = field(default_factory=set)  # records being written

    async def open(
        self,
        asked: Asked,
        identity: Identity,
        *,
        app: bytes,
        route: Route,
        leaving: bool = False,
    ) -> Review:
        """Begin a turn: recognise what is new in it and move the session on.

        `app` is the credential that the calling app shows its backend: it separates the users of
        one app from those of another and is only ever hashed. `leaving` says that the app has
        signalled an exit, by a button or by closing its window.
        """
        now = self.clock()
        policy = self.policies.at(now, identity.region)
        at = moment(now, identity.zone or policy.zone)
        keys = self.pseudonyms
        user = keys.user(app, identity)
        conversation = keys.conversation(app, identity, asked.messages)
        provisional = conversation or keys.of("turn", _new_id(now))
        who = user or conversation or ""
        step = _Step(
            keys,
            asked,
            identity,
            at=at,
            conversation=provisional,
            who=who,
            burst=policy.burst,
        )
        failures = await self._advance(step, conversation or "", who)
        language = _language(self.language, asked.messages)
        profile = _profile(policy, identity, user, person=step.person, language=language)
        turn = _turn(step, profile, asked, route)
        at = step.at
        caps = allowed(policy.caps(profile), step.person, at.day) if turn.named else Limits()
        held = states(policy, profile, step.person, at) | _seen(asked, leaving=leaving)
        stop, whom = policy.stop, step.character
        if stop is not None and stop.holds(turn.tenant, turn.route, character_name(whom)):
            held |= {State.STOPPED}
        standing = Standing(
            session=step.session,
            person=step.person,
            at=at,
            limits=over(caps, step.session, step.person, at.day),
            states=held,
            failures=failures,
            shadows=self.policies.shadows(now),
            settled=conversation is not None,
        )
        services = self._services(self._settle(app, identity, asked))
        return Review(turn, policy, standing, services)

    def _services(self, settle: Callable[[str], str | None]) -> Services:
        """What a review asks of us and of others."""
        return Services(
            assessor=self.assessor,
            store=self.store,
            language=self.language,
            count=self.count,
            settle=settle,
            remember=self._remember,
            deliver=self._deliver,
            digest=self.pseudonyms.message,
            vault=self.vault,
        )

    async def _advance(self, step: _Step, conversation: str, who: str) -> tuple[str, ...]:
        """Move session and person on in the store; without it for this turn alone."""
        try:
            if who:
                async with asyncio.timeout(STORE):
                    await self.store.update(conversation, who, step)
                return ()
        except (StoreError, TimeoutError):
            step(None, None)
            return ("store",)
        step(None, None)
        return ()

    def _settle(self, app: bytes, identity: Identity, asked: Asked) -> Callable[[str], str | None]:
        """How a conversation without an id is called once its first reply is known."""

        def settle(reply: str) -> str | None:
            whole = (*asked.messages, Message(Role.ASSISTANT, reply))
            return self.pseudonyms.conversation(app, identity, whole)

        return settle

    async def _remember(self, conversation: str, person: str, change: Change) -> bool:
        """Change what is remembered, if the store can; a failure must not cost the record."""
        try:
            async with asyncio.timeout(STORE):
                await self.store.update(conversation, person, change)
        except Exception:  # noqa: BLE001 - the answer may be out already; the failure is recorded
            return False
        return True

    async def _deliver(self, record: Record) -> None:
        """Hand a record to every sink. One that fails is counted and never felt by the person."""
        for name, sink in self.sinks.items():
            try:
                waiting = sink(record)
                if waiting is not None:
                    async with asyncio.timeout(SINK):
                        await waiting
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
        await self.vault.close()


class _Step:
    """The change one turn makes to what is remembered; pure, so a store may run it more than once."""

    def __init__(
        self,
        keys: Pseudonyms,
        asked: Asked,
        identity: Identity,
        *,
        at: Moment,
        conversation: str,
        who: str,
        burst: int,
    ) -> None:
        self.at, self.conversation, self._who, self._burst = at, conversation, who, burst
        self._identity, self._messages = identity, asked.messages
        # A conversation that is only known by its beginning may be shared by strangers.
        self.named = identity.user is not None or identity.conversation is not None
        self._keys = keys
        self.character = identity.character or asked.echo.get("model", "")
        said = ((n, m) for n, m in enumerate(asked.messages) if m.role is Role.USER)
        self._marks = {number: self._keys.message(message) for number, message in said}
        self.fresh: tuple[int, ...]
        self.session: Session
        self.person: Person

    def __call__(self, old: Session | None, met: Person | None) -> tuple[Session, Person]:
        known = old.known if old else ()
        self.fresh = fresh_messages(self._messages, known, self._marks)
        house = met.overseen if met is not None else None
        if house is not None and house.zone:  # a guardian's word goes over that of a device
            self.at = moment(self.at.now, house.zone)
        session = advance(old, self.conversation, self.at.now, self._burst)
        self.session = remember(session, self._marks.values())
        night = self.at.night
        person = moved(met, self._who, self.at.now, self.at.day, night=night)
        if person.overseen is not None:
            name = readable(self.character)
            person = talking_to(person, self._keys.character(name), name)
        claimed = self._identity.age_band
        if claimed is not None:
            found = Age(claimed, self._identity.evidence, self._identity.years, self.at.now)
            person = aged(person, found)
        self.person = person
        return self.session, self.person


def _seen(asked: Asked, *, leaving: bool) -> frozenset[State]:
    """What holds of this request whoever sends it."""
    return persona(asked.messages) | ({State.EXIT, State.LEAVING} if leaving else set())


def _profile(
    policy: Policy, identity: Identity, user: str | None, *, person: Person, language: str
) -> Profile:
    """Who speaks; of unknown or doubted age as the policy says (CA B&P 21811(b), CN Art 14)."""
    age = treated(person, policy.doubted_age)
    unknown = age.band is AgeBand.UNKNOWN
    return Profile(
        user=user,
        age_band=policy.unknown_age if unknown else age.band,
        region=identity.region,
        language=language,
        proof=identity.proof,
        years=None if unknown else age.years,
    )


def _turn(step: _Step, profile: Profile, asked: Asked, route: Route) -> Turn:
    judged = step.fresh[-JUDGED:]
    skipped = ("old_messages",) if len(step.fresh) > JUDGED else ()
    return Turn(
        id=_new_id(step.at.now),
        at=step.at.now,
        wire=route.wire.name,
        route=route.path,
        tenant=route.tenant,
        conversation=step.conversation,
        profile=profile,
        messages=asked.messages,
        fresh=judged,
        stream=asked.stream,
        unjudged=(*asked.unjudged, *skipped),
        named=step.named,
    )


def _new_id(at: float) -> str:
    """Sorts by time, guesses by nobody: 11 hex digits of milliseconds, 10 of chance."""
    return f"{int(at * 1000):011x}{secrets.token_hex(5)}"


def _language(detect: Callable[[str], str | None], messages: tuple[Message, ...]) -> str:
    """The language of our words: that of the last thing the person said in one that we speak.

    A word or two in Latin letters ("ok", "hhh") is said in Chinese talk, too, and turns nothing.
    """
    brief = False
    said = [m.text for m in reversed(messages) if m.role is Role.USER]
    for text in said[:BACK]:
        found = detect(text)
        if found == "en" and len(text.split()) <= BRIEF:
            brief = True
        elif found is not None:
            return found
    if brief:
        return "en"
    return next((found for text in said[BACK:] if (found := detect(text)) is not None), "en")
