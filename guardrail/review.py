"""One turn under way: the only mutable object of a turn.

A face calls `inbound` once, then `reply` (whole) or `window` (each piece of a stream), then
`close`. Whatever a decision makes us say has been written to the journal before it is returned.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from guardrail._sentences import sentence_ends
from guardrail.actions import words
from guardrail.assess import Assessor, merge
from guardrail.audit import intervention
from guardrail.cases import opening, signal
from guardrail.classify.base import Utterance
from guardrail.classify.text import CONTEXT_TURNS
from guardrail.errors import StoreError
from guardrail.policy.decide import decide
from guardrail.policy.model import Facts, Policy
from guardrail.redact import redact
from guardrail.screen import Window
from guardrail.session import Session, Usage, stricter
from guardrail.store.base import Event, Store
from guardrail.turn import (
    ACTION_RANK,
    Action,
    AgeBand,
    Assessment,
    Channel,
    Decision,
    Grade,
    Label,
    Message,
    Outcome,
    Record,
    Role,
    Side,
    Turn,
)
from guardrail.wire.base import Piece

__all__ = ["Change", "Review", "Services", "Standing"]

_WORD = re.compile(r"[^\W\d_]{2}")  # a letter alone is a face, as in (・ω・)
Change = Callable[[Session | None, Usage], tuple[Session, Usage]]

JOURNAL = 0.5
"""Seconds that words of ours wait to be written down. A person in crisis does not wait longer."""

RUN = 200
"""Characters up to which sentences of a whole reply are judged together."""

STRETCH = 400
"""Characters of a reply that must be in a language we judge: it may turn to another one later on."""

TOGETHER = 4
"""Messages sent in a row that are also judged as one: "i want to" / "end it" / "tonight"."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a review asks of others."""

    assessor: Assessor
    store: Store
    language: Callable[[str], str | None]
    count: Callable[[str, str], None]
    settle: Callable[[str], str | None]  # first reply → the conversation's lasting key
    remember: Callable[[str, Change], Awaitable[bool]]  # whether a session could be changed
    deliver: Callable[[Record], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood when the turn began."""

    session: Session
    limits: tuple[str, ...]
    failures: tuple[str, ...]
    settled: bool  # whether the session is already stored under its lasting key


class Review:
    """One turn, from its request to its record."""

    def __init__(self, turn: Turn, policy: Policy, standing: Standing, services: Services) -> None:
        self.turn, self.policy = turn, policy
        self._profile = turn.profile
        self._standing, self._ask = standing, services
        self._failures = list(standing.failures)
        self._unjudged = dict.fromkeys(turn.unjudged)
        self._seen: dict[Side, Assessment] = {}
        self._decisions: list[Decision] = []
        self._began = time.perf_counter()
        self.timings: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self._closed = False
        self._talk = _talk(turn.messages)  # what the bot's every sentence is an answer to

    # -- judging ---------------------------------------------------------------------------

    async def inbound(self) -> Decision:
        """Judge what the person said."""
        batch = self._said()
        unjudged = self._foreign(self.turn.messages[i].text for i in self.turn.fresh)
        assessment = await self._assess(Side.USER, batch, unjudged)
        await self._heed_age(assessment)
        decision = await self._decide(Side.USER, assessment)
        self.timings["inbound"] = time.perf_counter() - self._began
        return decision

    async def reply(self, pieces: Sequence[Piece], unjudged: Sequence[str] = ()) -> Decision:
        """Judge a whole reply: every choice and channel of it, in its pieces and put together."""
        wholes = _put_together(pieces)
        foreign = self._foreign(wholes)
        unseen = await self.unseen((*unjudged, *foreign))
        if unseen is not None and unseen.intervenes:
            return unseen
        parts = (*(piece.text for piece in pieces), *wholes)
        texts = dict.fromkeys(text for part in dict.fromkeys(parts) for text in _views(part))
        batch = tuple(self._says(text) for text in texts if text.strip())
        return await self._decide(Side.BOT, await self._assess(Side.BOT, batch, foreign))

    async def window(self, window: Window) -> Decision:
        """Judge a piece of a stream, in two sizes: its last sentence, and all there is so far."""
        texts = dict.fromkeys((window.sentence, window.whole))
        batch = tuple(self._says(text) for text in texts if text.strip())
        foreign = self._foreign((window.sentence, window.whole[-STRETCH:]))
        unseen = await self.unseen(foreign)
        if unseen is not None and unseen.intervenes:
            return unseen
        assessment = await self._assess(Side.BOT, batch, foreign)
        self.counts["windows"] = self.counts.get("windows", 0) + 1
        return await self._decide(Side.BOT, assessment)

    async def unseen(self, parts: Sequence[str]) -> Decision | None:
        """Note parts of the reply that nobody could look at, and decide where that matters.

        Nothing unscreened reaches a minor; for everybody else it is recorded and counted.
        """
        self._note(parts)
        if not parts or self._profile.age_band is not AgeBand.MINOR:
            return None
        # Of `field:name` the name is the backend's: it may be anything, and this becomes a metric.
        return await self.unreadable(parts[0].partition(":")[0])

    async def unreadable(self, what: str) -> Decision:
        """Decide on a reply that cannot be read at all; the policy's failure posture answers."""
        self._note((what,))
        lost = Assessment(Side.BOT, failed=what, floor_ran=False, unjudged=(what,))
        return await self._decide(Side.BOT, lost)

    # -- what we say -----------------------------------------------------------------------

    def words(self, decision: Decision) -> str:
        """The words that stand in place of the bot's; support owed to the person comes with them.

        Unless they name help themselves: the same numbers twice are noise at the worst moment.
        """
        own = words(self.policy, decision, self._profile)
        return own if decision.resources else "\n\n".join([own, *self._owed()])

    @property
    def addition(self) -> str:
        """The words that follow the bot's reply; empty if there are none."""
        return "\n\n".join(self._owed())

    def _owed(self) -> list[str]:
        owed = {d.text: d for d in self._decisions if d.adds_words}  # each text once
        return [words(self.policy, decision, self._profile) for decision in owed.values()]

    @property
    def strongest(self) -> Action:
        """The strongest action so far, for the response header."""
        actions = (d.action for d in self._decisions if d.enforced)
        return max(actions, key=ACTION_RANK.__getitem__, default=Action.ALLOW)

    # -- the end ---------------------------------------------------------------------------

    async def close(self, outcome: Outcome, *, status: int, shown: str = "") -> Record:
        """Write the turn down. `shown` is the reply as the client saw it; only its hash is kept."""
        if not self._standing.settled and shown:
            await self._settle(shown)
        self.timings["total"] = time.perf_counter() - self._began
        record = Record(
            id=self.turn.id,
            at=self.turn.at,
            wire=self.turn.wire,
            route=self.turn.route,
            conversation=self.turn.conversation,
            profile=self._profile,
            outcome=outcome,
            stream=self.turn.stream,
            status=status,
            fresh=len(self.turn.fresh),
            assessments=tuple(self._seen.values()),
            decisions=tuple(self._decisions),
            unjudged=tuple(self._unjudged),
            failures=tuple(dict.fromkeys(self._failures)),
            timings=self.timings,
            counts=self.counts,
        )
        record = redact(record)
        if not self._closed:  # a face that fails half-way may come here twice
            self._closed = True
            await self._ask.deliver(record)
        return record

    async def _settle(self, shown: str) -> None:
        key = self._ask.settle(shown)
        if key is None:
            return
        session = replace(self._standing.session, conversation=key, age_band=self._profile.age_band)

        def adopt(old: Session | None, usage: Usage) -> tuple[Session, Usage]:
            return (session if old is None else _joined(old, session)), usage

        await self._remember(key, adopt)

    # -- inside ----------------------------------------------------------------------------

    def _said(self) -> tuple[Utterance, ...]:
        """Every fresh message in its place, and the last ones in a row as one."""
        messages, fresh = self.turn.messages, self.turn.fresh
        batch = [
            Utterance(messages[i].text, Role.USER, _talk(messages[:i]))
            for i in fresh
            if messages[i].text.strip()
        ]
        row = self._last_row()[-TOGETHER:]
        if len(row) > 1:
            joined = "\n".join(messages[i].text for i in row)
            batch.append(Utterance(joined, Role.USER, _talk(messages[: row[0]])))
        return tuple(batch)

    def _last_row(self) -> list[int]:
        """The fresh messages that no reply stands between, up to the last one."""
        row = list(self.turn.fresh[-1:])
        for earlier in reversed(self.turn.fresh[:-1]):
            between = self.turn.messages[earlier : row[0]]
            if any(message.role is Role.ASSISTANT for message in between):
                break
            row.insert(0, earlier)
        return row

    def _says(self, text: str) -> Utterance:
        return Utterance(text, Role.ASSISTANT, self._talk)

    def _foreign(self, texts: Iterable[str]) -> tuple[str, ...]:
        """A language that the model never learnt is not judged, and must not pass for safe."""
        stretches = (text[i : i + STRETCH] for text in texts for i in range(0, len(text), STRETCH))
        for text in stretches:
            if _WORD.search(text) and self._ask.language(text) is None:
                return ("language",)
        return ()

    def _note(self, unjudged: Iterable[str]) -> None:
        self._unjudged.update(dict.fromkeys(unjudged))

    async def _assess(
        self, side: Side, batch: tuple[Utterance, ...], unjudged: tuple[str, ...]
    ) -> Assessment:
        found = await self._ask.assessor.assess(side, batch, unjudged)
        self._note(found.unjudged)
        if found.failed is not None:
            self._failures.append(f"classifier:{found.failed}")
        before = self._seen.get(side)
        self._seen[side] = found if before is None else _both(before, found)
        return found

    async def _heed_age(self, assessment: Assessment) -> None:
        """Somebody who says that she is 14 is a minor from this turn on, until an appeal."""
        if self._profile.age_band is not AgeBand.UNKNOWN:
            return
        bar = self.policy.thresholds[Label.MINOR, Side.USER, AgeBand.UNKNOWN]
        if bar.grade(assessment.score(Label.MINOR)) is not Grade.HARD:
            return
        self._profile = replace(self._profile, age_band=AgeBand.MINOR)
        if not self._standing.settled:
            return  # there is no lasting session yet: `close` stores the age with it

        def learn(old: Session | None, usage: Usage) -> tuple[Session, Usage]:
            session = old or self._standing.session
            return replace(session, age_band=AgeBand.MINOR), usage

        await self._remember(self.turn.conversation, learn)

    async def _remember(self, conversation: str, change: Change) -> None:
        if not await self._ask.remember(conversation, change):
            self._failures.append("store")

    async def _decide(self, side: Side, assessment: Assessment) -> Decision:
        limits = self._standing.limits if side is Side.USER else ()
        number = len(self._decisions)
        facts = Facts(f"{self.turn.id}-{number}", side, self._profile, assessment, limits)
        decision = decide(self.policy, facts)
        if self._is_news(decision):
            self._decisions.append(decision)
            await self._journal(decision)
        return decision

    def _is_news(self, decision: Decision) -> bool:
        """A stream is decided on sentence by sentence; the same word twice is recorded once."""
        return all((d.side, d.rule) != (decision.side, decision.rule) for d in self._decisions)

    async def _journal(self, decision: Decision) -> None:
        events = self._events(decision)
        if not events:
            return
        try:
            async with asyncio.timeout(JOURNAL):
                await self._ask.store.append(*events)
        except (StoreError, TimeoutError):  # the words go out all the same; an alarm counter rises
            self._failures.append("journal")
            self._ask.count("journal_failed", decision.rule)

    def _events(self, decision: Decision) -> list[Event]:
        turn = replace(self.turn, profile=self._profile)
        events: list[Event] = []
        if decision.intervenes or decision.adds_words:
            events.append(intervention(turn, decision))
        if decision.severity is not None and decision.enforced:
            seen = self._seen.get(decision.side)  # none if the reply could not be read at all
            level = seen.level() if seen is not None else None
            events += [opening(decision, turn, level), signal(decision, turn, level)]
        return events


def _put_together(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """The text of each choice and channel: a phrase may be cut into parts."""
    found: dict[tuple[int, Channel], list[str]] = {}
    for piece in pieces:
        found.setdefault((piece.choice, piece.channel), []).append(piece.text)
    return tuple("".join(texts) for texts in found.values())


def _talk(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The end of what two people said to each other: prompts and tools are no context."""
    tail: list[Message] = []
    for message in reversed(messages):
        if message.role in (Role.USER, Role.ASSISTANT):
            tail.append(message)
            if len(tail) == CONTEXT_TURNS:
                break
    return tuple(reversed(tail))


def _views(text: str) -> tuple[str, ...]:
    """A reply in the two sizes of a stream: whole, and in short runs of sentences.

    One bad sentence in a long kind answer would be diluted otherwise.
    """
    if len(text) <= RUN:
        return (text,)
    cuts = [*sentence_ends(text, 0), len(text)]
    runs, start = [], 0
    for end, following in itertools.pairwise([*cuts, len(text) + RUN]):
        if following - start > RUN and end > start:
            runs.append(text[start:end])
            start = end
    return (text, *runs)


def _both(a: Assessment, b: Assessment) -> Assessment:
    return replace(
        b,
        signals=merge((*a.signals, *b.signals)),
        failed=a.failed or b.failed,
        floor_ran=a.floor_ran and b.floor_ran,
        unjudged=tuple(dict.fromkeys((*a.unjudged, *b.unjudged))),
        seconds=a.seconds + b.seconds,
    )


def _joined(old: Session, new: Session) -> Session:
    known = tuple(dict.fromkeys((*old.known, *new.known)))
    return replace(old, known=known, age_band=stricter(old.age_band, new.age_band))
