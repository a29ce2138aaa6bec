"""What we remember of a conversation, and how a turn moves it on. Pure.

Recognition. Chat clients resend the whole history with every request. Each message gets a keyed
hash of its role and text; the session keeps the hashes it has seen. A user message is *fresh*,
that is to be judged, if its hash is unknown, wherever it stands (several in a row are all judged,
and so is a line slipped in before an invented reply), or if no reply stands after it: a person who
says "ok" again, or asks for another answer, has said something new. All else is *old*: context,
never judged or counted again, so a flagged line does not trigger for ever. This does not depend on
clients sending our replies back unchanged; many do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from guardrail.turn import AgeBand, Message, Role

__all__ = [
    "IDLE_GAP",
    "MEMORY",
    "Session",
    "Usage",
    "advance",
    "fresh_messages",
    "remember",
    "stricter",
    "use",
]

IDLE_GAP = 15 * 60.0
"""Seconds of silence that end a sitting. No law gives a number."""

MEMORY = 400
"""Message hashes kept per conversation (about 200 exchanges, 3 KB)."""

MINUTE = 60.0

BURST = 1_000
"""Turns of the last minute that are kept: more than any cap (a policy may ask for 600), and a flood cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation so far.

    A *sitting* is a stretch of use without a gap longer than `IDLE_GAP`; its length counts towards
    session limits. `age_band` is sticky: evidence may only make it stricter.
    """

    conversation: str
    started: float  # first turn ever, epoch seconds
    sitting_started: float
    last_seen: float
    turns: int = 0
    sitting_turns: int = 0
    age_band: AgeBand = AgeBand.UNKNOWN
    known: tuple[str, ...] = ()  # hashes, oldest first
    recent: tuple[float, ...] = ()  # times of the turns of the last minute


@dataclass(frozen=True, slots=True)
class Usage:
    """One user's use on one day, over all conversations and devices."""

    seconds: float = 0.0
    turns: int = 0
    last_seen: float = 0.0


def stricter(a: AgeBand, b: AgeBand | None) -> AgeBand:
    """The stricter of two age bands; a proven adult counts over not knowing."""
    if b is None:
        return a
    if AgeBand.MINOR in (a, b):
        return AgeBand.MINOR
    return AgeBand.ADULT if AgeBand.ADULT in (a, b) else AgeBand.UNKNOWN


def advance(
    old: Session | None, conversation: str, now: float, age_band: AgeBand | None = None
) -> Session:
    """The session after one more turn at `now`."""
    if old is None:
        old = Session(conversation, started=now, sitting_started=now, last_seen=now)
    idle = now - old.last_seen > IDLE_GAP
    return replace(
        old,
        sitting_started=now if idle else old.sitting_started,
        sitting_turns=1 if idle else old.sitting_turns + 1,
        last_seen=max(now, old.last_seen),
        turns=old.turns + 1,
        age_band=stricter(old.age_band, age_band),
        # Times in the future are dropped, too: after the clock was set back an hour, they would
        # count against the person for as long.
        recent=(*(t for t in old.recent if abs(now - t) < MINUTE), now)[-BURST:],
    )


def use(old: Usage, now: float) -> Usage:
    """The ledger after one more turn at `now`: gaps up to `IDLE_GAP` count as use."""
    gap = now - old.last_seen
    spent = gap if old.last_seen and 0.0 < gap <= IDLE_GAP else 0.0
    return Usage(old.seconds + spent, old.turns + 1, max(now, old.last_seen))


def remember(session: Session, hashes: Sequence[str]) -> Session:
    """The session, knowing these messages too; the longest unseen are forgotten first."""
    seen = dict.fromkeys(session.known)
    for item in hashes:
        seen.pop(item, None)
        seen[item] = None
    return replace(session, known=tuple(seen)[-MEMORY:])


def fresh_messages(
    messages: Sequence[Message], known: Sequence[str], digest: Callable[[Message], str]
) -> tuple[int, ...]:
    """Positions of the user messages that were never judged before, oldest first."""
    seen = frozenset(known)
    start = 0
    if len(known) >= MEMORY:  # what stands before the oldest that we remember was forgotten
        start = next((i for i, m in enumerate(messages) if digest(m) in seen), 0)
    last_reply = max((i for i, m in enumerate(messages) if m.role is Role.ASSISTANT), default=-1)
    return tuple(
        position
        for position, message in enumerate(messages)
        if message.role is Role.USER
        and (position > last_reply or (position >= start and digest(message) not in seen))
    )
