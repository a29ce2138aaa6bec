"""What one turn leaves behind: of the conversation, of the person, and of the words in a case.

Everything here is written after it was decided, and a store that fails costs the turn nothing but a
line among its failures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from guardrail.care import Care, Standing
from guardrail.person import Person
from guardrail.policy.model import CrisisTerms, Privacy
from guardrail.session import Session, hide, joined
from guardrail.store.base import Change
from guardrail.turn import Danger, Decision, Detector, Message, Role, Side, Turn
from guardrail.vault import Speaker, Text

__all__ = ["Memory", "hidden", "words_of"]

_DAY = 86_400.0
_SPEAKERS = {Role.USER: Speaker.USER, Role.ASSISTANT: Speaker.BOT}

Digest = Callable[[Message], str]


class Memory:
    """Collects what has to be remembered of one turn; gives it as changes for the store."""

    def __init__(self, care: Care, standing: Standing, digest: Digest) -> None:
        self._care, self._standing, self._digest = care, standing, digest
        self._hidden: list[tuple[list[str], str]] = []

    def after(
        self,
        turn: Turn,
        decisions: Sequence[Decision],
        shown: str,
        terms: CrisisTerms,
        *,
        human: bool,
        owed: str,
    ) -> None:
        """Keep from the bot, in later turns, what it had better not read.

        That is what passed between the person and a human (`owed` are words of one who has left), a
        crisis where the policy says so, and a couple or family that somebody was refused: a bot that
        reads the set-up plays on although it was refused once (CN Measures Art 14).
        """
        crisis = any(d.danger is not Danger.NONE and d.intervenes for d in decisions)
        why = "h" if human or owed else "c" if crisis and terms.keep_out else ""
        why = why or ("r" if any(map(_refused_role, decisions)) else "")
        if why:
            said = [turn.messages[i] for i in turn.fresh if human or not owed]
            answer = [Message(Role.ASSISTANT, shown)] if shown else []
            self._hidden.append(([self._digest(one) for one in (*said, *answer)], why))

    def take(self, conversation: str) -> tuple[str, str, Change] | None:
        """Which session and person to change, and how; `None` if there is nothing new to know."""
        key = self._standing.person.key
        steps = self._care.take_steps() if key else ()
        marks, self._hidden = self._hidden, []
        if not steps and not marks:
            return None

        def change(old: Session | None, met: Person | None) -> tuple[Session | None, Person | None]:
            session = _hiding(old or self._standing.session, marks) if marks else old
            if not steps:
                return session, met
            return session, reduce(lambda who, step: step(who), steps, met or self._standing.person)

        return (conversation if marks else ""), (key if steps else ""), change

    def settle(self, key: str) -> tuple[str, str, Change]:
        """The same for a conversation that can be told from others only now, under its lasting key."""
        session = _hiding(replace(self._standing.session, conversation=key), self._hidden)
        steps, person = self._care.take_steps(), self._care.person
        unnamed = not person.key  # somebody whom only the conversation tells apart
        self._hidden = []

        def adopt(old: Session | None, met: Person | None) -> tuple[Session | None, Person | None]:
            kept = session if old is None else joined(old, session)
            if met is None:
                return kept, replace(person, key=key if unnamed else person.key)
            return kept, reduce(lambda who, step: step(who), steps, met)

        return key, (key if unnamed else person.key), adopt


def _refused_role(decision: Decision) -> bool:
    return decision.side is Side.USER and decision.label == Detector.ROMANCE and decision.intervenes


def _hiding(session: Session, marks: Sequence[tuple[Sequence[str], str]]) -> Session:
    return reduce(lambda kept, one: hide(kept, *one), marks, session)


def hidden(turn: Turn, session: Session, digest: Digest) -> tuple[frozenset[int], bool]:
    """Which messages the bot is not shown, and whether some of them were a human's talk."""
    if not session.hidden:
        return frozenset(), False
    marks = {mark[1:]: mark[0] for mark in session.hidden}
    fresh = frozenset(turn.fresh)
    found = {
        position: why
        for position, message in enumerate(turn.messages)
        if position not in fresh and (why := marks.get(digest(message))) is not None
    }
    return frozenset(found), "h" in found.values()


def words_of(
    case: str, turn: Turn, terms: Privacy, digest: Digest, *, self_harm: bool, bot: str = ""
) -> list[Text]:
    """The words around what opened a case, as far as the policy lets them be kept.

    `bot` is what the bot says, where that is what was judged.
    """
    days = terms.text_days(turn.profile.age_band, self_harm=self_harm)
    if not days or not terms.turns:
        return []
    until = turn.at + days * _DAY
    owner = turn.profile.user or turn.conversation
    talk = [m for m in turn.messages if m.role in _SPEAKERS and m.text.strip()]
    talk += [Message(Role.ASSISTANT, bot)] if bot.strip() else []
    counts: dict[str, int] = {}
    found: list[Text] = []
    for place, message in enumerate(talk):
        mark = digest(message)
        counts[mark] = counts.get(mark, 0) + 1
        name, at = f"{case}.{mark}.{counts[mark]}", turn.at - (len(talk) - place) / 1000
        found.append(Text(name, case, owner, _SPEAKERS[message.role], message.text, at, until))
    return found[-terms.turns :]
