"""One turn under way: the only mutable object of a turn.

A face calls `inbound` once, then `reply` (whole) or `window` (each piece of a stream), then
`close`. Whatever a decision makes us say has been written to the journal before it is returned.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from guardrail._own_words import own_words
from guardrail._said_once import said_once
from guardrail.actions import facts, help_lines, said, steering, words
from guardrail.assess import both
from guardrail.care import Care, Standing
from guardrail.classify.base import Utterance
from guardrail.household import SWITCHES
from guardrail.journal import Journal, Services
from guardrail.memory import Memory, hidden
from guardrail.passages import STRETCH, foreign, is_prose, put_together, said_by, talk, views
from guardrail.policy.decide import besides, decide, undecided
from guardrail.policy.model import Facts, Mode, Notice, Policy, Stage
from guardrail.redact import redact
from guardrail.screen import Window
from guardrail.turn import (
    ACTION_RANK,
    Action,
    AgeBand,
    Assessment,
    Channel,
    Danger,
    Decision,
    Outcome,
    Profile,
    Record,
    Role,
    Side,
    State,
    Turn,
)
from guardrail.wire.base import Piece

__all__ = ["Review", "Services", "Standing"]


class Review:
    """One turn, from its request to its record."""

    def __init__(self, turn: Turn, policy: Policy, standing: Standing, services: Services) -> None:
        self.turn, self.policy = turn, policy
        self._care = Care(policy, turn.profile, standing)
        self._standing, self._ask = standing, services
        self._memory = Memory(self._care, standing, services.digest)
        self._failures = list(standing.failures)
        self._journal = Journal(services, self._failures)
        self._unjudged = dict.fromkeys(turn.unjudged)
        self._seen: dict[Side, Assessment] = {}
        self._decisions: list[Decision] = []
        self._began = time.perf_counter()
        self.timings: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self._shadowed: dict[tuple[str, Side], Decision] = {}
        self._closed = False
        self._told: tuple[Notice, ...] | None = None  # notices that went into the answer
        self.may_repeat = False  # whether the backend may be asked once more
        self.steering: str | None = None  # what it would be told
        self._talk = talk(turn.messages)  # what the bot's every sentence is an answer to
        self._said = ""  # what the bot says, as far as it was judged
        self.with_human = False
        self.beside = ""  # what a moderator who has left said last, for the answer of this turn

    @property
    def profile(self) -> Profile:
        """Who speaks, as far as this turn knows by now."""
        return self._care.profile

    @property
    def held(self) -> str:
        """The case whose moderator holds this conversation, as the turn found it; empty if none."""
        return self._standing.session.held

    @property
    def hidden(self) -> tuple[frozenset[int], bool]:
        """Which messages the bot is not shown, and whether a human's talk is among them."""
        return hidden(self.turn, self._standing.session, self._ask.digest)

    @property
    def open(self) -> bool:
        """Whether nothing but the judgement could keep this turn from the bot."""
        return undecided(self.policy, self.profile, self._standing.limits, self._care.states)

    def hand_over(self) -> None:
        """A moderator answers: what is decided is noted and not done, and no notice is due.

        "There is no person writing here" would be a lie now.
        """
        self.with_human, self._told = True, ()

    def failed(self, what: str) -> None:
        """Note that a part of ours did not work."""
        self._journal.failed(what)

    # -- judging ---------------------------------------------------------------------------

    async def inbound(self) -> Decision:
        """Judge what the person said."""
        batch = said_by(self.turn)
        unjudged = self._foreign(self.turn.messages[i].text for i in self.turn.fresh)
        assessment = await self._assess(Side.USER, batch, unjudged)
        able = self._ask.assessor.primary is not None
        assessment = await own_words(self._care, self.turn, assessment, self._assess, able=able)
        said = tuple(self.turn.messages[i].text for i in self.turn.fresh)
        self._seen[Side.USER] = assessment = self._care.graded(assessment, said)
        self._care.heard(assessment, said)
        if self.profile is not self.turn.profile:  # they have said how old they are
            self.turn = replace(self.turn, profile=self.profile)
        decision = await self._decide(Side.USER, assessment)
        await self._keep()
        self.timings["inbound"] = time.perf_counter() - self._began
        return decision

    async def reply(self, pieces: Sequence[Piece], unjudged: Sequence[str] = ()) -> Decision:
        """Judge a whole reply: every choice and channel of it, in its pieces and put together."""
        wholes = put_together(pieces)
        foreign = self._foreign(wholes)
        unseen = await self.unseen((*unjudged, *foreign))
        if unseen is not None and unseen.intervenes:
            return unseen
        parts = (*(piece.text for piece in pieces), *wholes)
        texts = dict.fromkeys(text for part in dict.fromkeys(parts) for text in views(part))
        batch = tuple(self._says(text) for text in texts if text.strip())
        assessment = await self._assess(Side.BOT, batch, foreign)
        self._said = said = "".join(p.text for p in pieces if p.channel is Channel.TEXT)
        decision = await self._decide(Side.BOT, assessment, self._care.in_reply(said))
        if decision.intervenes:
            return decision
        return await self.end(said, chat=all(p.channel is not Channel.TOOL for p in pieces))

    async def end(self, said: str, *, chat: bool) -> Decision:
        """All of the bot's reply is known: what it lacks, and which notices may go with it.

        `said` is what the person reads of it; `chat` is false if it is a tool call, or holds one:
        no words of ours may get into that.
        """
        lacks = self._care.at_end(said, self._seen.get(Side.BOT))
        decision = self._passed(Side.BOT)
        if lacks is not None and self.may_repeat:
            self.steering = steering(self.policy, self.profile)
            return decision
        if lacks is not None:
            nothing = Assessment(Side.BOT)
            decision = await self._decide(Side.BOT, nothing, lacks)
        self._told = self._care.due() if chat and is_prose(said) else ()
        return decision

    async def window(self, window: Window) -> Decision:
        """Judge a piece of a stream, in two sizes: its last sentence, and all there is so far."""
        texts, new = dict.fromkeys((window.sentence, window.whole)), len(window.fresh)
        batch = tuple(self._says(text, len(text) - new) for text in texts if text.strip())
        foreign = self._foreign((window.sentence, window.whole[-STRETCH:]))
        unseen = await self.unseen(foreign)
        if unseen is not None and unseen.intervenes:
            return unseen
        assessment = await self._assess(Side.BOT, batch, foreign)
        self.counts["windows"] = self.counts.get("windows", 0) + 1
        self._said = window.whole
        return await self._decide(Side.BOT, assessment, self._care.in_reply(window.whole))

    async def unseen(self, parts: Sequence[str]) -> Decision | None:
        """Note parts of the reply that nobody could look at, and decide where that matters.

        Nothing unscreened reaches a minor; for everybody else it is recorded and counted.
        """
        self._note(parts)
        if not parts or self.profile.age_band is not AgeBand.MINOR:
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

        Where they name help themselves, no words that would do the same for the person's own danger.
        """
        own = words(self.policy, decision, self.profile)
        self._told = () if decision.resources else self._care.due()
        owed = self._owed(calm=decision.resources)
        return said_once(self.beside, own, *owed, *self._notices(besides=decision.text))

    @property
    def help(self) -> str:
        """Where to find help, for words that nobody decided on."""
        return help_lines(self.policy, self.profile)

    @property
    def addition(self) -> str:
        """The words that follow the bot's reply; empty if there are none."""
        return _paragraphs(self.beside, *self._owed(), *self._notices())

    @property
    def notices(self) -> tuple[str, ...]:
        """The ids of the notices that are due by now, for the answer's headers."""
        return tuple(n.id for n in (self._care.due() if self._told is None else self._told))

    @property
    def facts(self) -> dict[str, Any]:
        """What an app is told beside the answer's text; empty if there is nothing to tell.

        `notices` to show (with their words, where these are not in the answer already), `speaker`
        when a human answers, `connect` for buttons that call for help (CA B&P 21812(d)(1)), `label`
        as metadata of generated content (CN Labelling Measures Art 5), `suppress` (memory, push).
        """
        due = self._care.due() if self._told is None else self._told
        helps = any(d.resources and (d.intervenes or d.adds_words) for d in self._decisions)
        told = due if self.policy.mode is Mode.ENFORCE else ()
        human, off = self.with_human, self.suppressed
        return facts(self.policy, self.turn, told, helps=helps, human=human, off=off)

    @property
    def suppressed(self) -> tuple[str, ...]:
        """What backend and app have to leave off; all of it while a guardian has not agreed."""
        house = self._standing.person.overseen
        off = house.off if house is not None else ()
        if State.NO_CONSENT in self._care.states:
            off = (*off, *SWITCHES)
        return tuple(sorted({*self.policy.suppress.get(self.profile.age_band, ()), *off}))

    def _owed(self, *, calm: bool = False) -> list[str]:
        """Each text once; of `calm` ones alone, none that a danger of the person's own brought."""
        adds = (d for d in self._decisions if d.adds_words)
        owed = {d.text: d for d in adds if not calm or d.danger is Danger.NONE}
        return [words(self.policy, decision, self.profile) for decision in owed.values()]

    def _notices(self, besides: str | None = None) -> list[str]:
        """The words of the notices, for those that are to be read in the chat itself.

        `besides` is a text that is said already.
        """
        if self.policy.mode is not Mode.ENFORCE:
            return []
        return [
            said(self.policy, notice.text, self.profile)
            for notice in self._told or ()
            if notice.in_band and notice.text != besides
        ]

    @property
    def strongest(self) -> Action:
        """The strongest action so far, for the response header."""
        actions = (d.action for d in self._decisions if d.enforced)
        return max(actions, key=ACTION_RANK.__getitem__, default=Action.ALLOW)

    # -- the end ---------------------------------------------------------------------------

    async def close(self, outcome: Outcome, *, status: int, shown: str = "") -> Record:
        """Write the turn down. `shown` is the reply as the client saw it; only its hash is kept."""
        if status and self._told and self.policy.mode is Mode.ENFORCE:
            self._care.told(self._told)
            await self._journal.receipts(self.turn, self._told, self.policy.tag)
        if outcome in (Outcome.ANSWERED, Outcome.INTERVENED):
            await self._journal.delivered(self.turn, self._decisions)
        human, terms = outcome is Outcome.HUMAN, self.policy.crisis
        self._memory.after(self.turn, self._decisions, shown, terms, human=human, owed=self.beside)
        await self._keep(shown)
        self.timings["total"] = time.perf_counter() - self._began
        record = Record(
            id=self.turn.id,
            at=self.turn.at,
            wire=self.turn.wire,
            route=self.turn.route,
            conversation=self.turn.conversation,
            profile=self.profile,
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
            limits=self._standing.limits,
            states=tuple(sorted(self._care.states)),
            notices=tuple(notice.id for notice in self._told or ()),
            shadows=tuple(self._shadowed.values()),
        )
        record = redact(record)
        if not self._closed:  # a face that fails half-way may come here twice
            self._closed = True
            await self._ask.deliver(record)
        return record

    async def _keep(self, shown: str = "") -> None:
        """Remember what this turn has shown of the person and the conversation.

        From its first reply on, a conversation without an id can be told from others.
        """
        change = None
        if shown and not self._standing.settled:
            key = self._ask.settle(shown)
            change = self._memory.settle(key) if key is not None else None
        elif self._standing.settled or not shown:
            change = self._memory.take(self.turn.conversation if self._standing.settled else "")
        if change is not None and not await self._ask.remember(*change):
            self._failures.append("store")

    # -- inside ----------------------------------------------------------------------------

    def _says(self, text: str, known: int = 0) -> Utterance:
        return Utterance(text, Role.ASSISTANT, self._talk, known=max(0, known))

    def _foreign(self, texts: Iterable[str]) -> tuple[str, ...]:
        return foreign(texts, self._ask.language)

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
        self._seen[side] = found if before is None else both(before, found)
        return found

    def _passed(self, side: Side) -> Decision:
        """The last decision on this side."""
        return next(d for d in reversed(self._decisions) if d.side is side)

    async def _decide(
        self, side: Side, assessment: Assessment, held: frozenset[State] | None = None
    ) -> Decision:
        limits = self._standing.limits if side is Side.USER else ()
        number = len(self._decisions)
        held = self._care.states if held is None else held
        facts = Facts(f"{self.turn.id}-{number}", side, self.profile, assessment, limits, held)
        decision = decide(self.policy, facts)
        for shadow in self._standing.shadows:
            would = decide(shadow, facts)
            if (would.actions, would.keep_reply) != (decision.actions, decision.keep_reply):
                self._shadowed[shadow.name, side] = would
        decision = await self._noted(decision)
        stopping = besides(self.policy, facts, decision)
        if stopping is not None:
            decision = await self._noted(stopping)
        if decision.intervenes and not decision.resources:
            await self._not_without_help(facts)
        return decision

    async def _noted(self, decision: Decision) -> Decision:
        """The decision as it is carried out: written down before anybody sees what comes of it."""
        if self._is_news(decision):
            if self.with_human:  # it shows how the person is; what is said to them, a human says
                self._care.decided(replace(decision, resources=False))
                decision = replace(decision, enforced=False)
            decision = self._care.decided(decision)
            self._decisions.append(decision)
            turn, seen = self.turn, self._seen.get(decision.side)
            crisis = self._care.person.crisis
            since = crisis.since if crisis.at(turn.at) is not Danger.NONE else 0.0
            await self._journal.decision(
                turn, self.policy, decision, seen=seen, said=self._said, since=since
            )
        return decision

    async def _not_without_help(self, facts: Facts) -> None:
        """Words of ours that name no help get it beside them, where the bot's would have to."""
        lacks = self._care.at_end("", None)
        if lacks is None:
            return
        bare = Facts(f"{facts.id}c", Side.BOT, self.profile, Assessment(Side.BOT), states=lacks)
        found = decide(self.policy, bare, Stage.CRISIS)
        if found.adds_words:
            await self._noted(found)

    def _is_news(self, decision: Decision) -> bool:
        """A stream is decided on sentence by sentence; the same word twice is recorded once."""
        return all((d.side, d.rule) != (decision.side, decision.rule) for d in self._decisions)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
