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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from guardrail.turn import Message, Role

__all__ = [
    "MEMORY",
    "Session",
    "advance",
    "fresh_messages",
    "hide",
    "joined",
    "remember",
]

MEMORY = 400
"""Message hashes kept per conversation (about 200 exchanges, 3 KB)."""

MINUTE = 60.0

BURST = 601
"""Turns of the last minute that are kept at most: one over the highest cap that a policy may have."""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation so far.

    How long and how often somebody is here is the person's (`guardrail.person`).
    """

    conversation: str
    started: float  # first turn ever, epoch seconds
    last_seen: float
    turns: int = 0
    known: tuple[str, ...] = ()  # hashes, oldest first
    recent: tuple[float, ...] = ()  # times of the turns of the last minute
    held: str = ""  # the case whose moderator speaks here in the bot's place
    hidden: tuple[str, ...] = ()  # marks of messages that the bot is not shown, see `hide`


def advance(old: Session | None, conversation: str, now: float, most: int = BURST) -> Session:
    """The session after one more turn at `now`.

    `most` turns of the last minute are kept: one more than the cap on them, and a flood fills
    neither the disk nor anybody's time.
    """
    if old is None:
        old = Session(conversation, started=now, last_seen=now)
    return replace(
        old,
        last_seen=max(now, old.last_seen),
        turns=old.turns + 1,
        # Times in the future are dropped, too: after the clock was set back an hour, they would
        # count against the person for as long.
        recent=(*(t for t in old.recent if abs(now - t) < MINUTE), now)[-most:],
    )


def remember(session: Session, hashes: Iterable[str]) -> Session:
    """The session, knowing these messages too; the longest unseen are forgotten first."""
    seen = dict.fromkeys(session.known)
    for item in hashes:
        seen.pop(item, None)
        seen[item] = None
    known = tuple(seen)[-MEMORY:]
    return session if known == session.known else replace(session, known=known)


def fresh_messages(
    messages: Sequence[Message], known: Sequence[str], marks: Mapping[int, str]
) -> tuple[int, ...]:
    """Positions of the user messages that were never judged before, oldest first.

    `marks` are the hashes of all user messages by position.
    """
    seen = frozenset(known)
    start = 0
    if len(known) >= MEMORY:  # what stands before the oldest that we remember was forgotten
        start = next((position for position, mark in marks.items() if mark in seen), 0)
    last_reply = max((i for i, m in enumerate(messages) if m.role is Role.ASSISTANT), default=-1)
    return tuple(
        position
        for position, mark in marks.items()
        if position > last_reply or (position >= start and mark not in seen)
    )


def hide(session: Session, hashes: Sequence[str], why: str) -> Session:
    """The session, with messages that later turns keep from the bot.

    `why` is one letter that stands before each hash: "h" for words between the person and a human,
    "c" for a turn in a crisis, "r" for a couple's or family's role that was refused.
    """
    marks = dict.fromkeys((*session.hidden, *(why + one for one in hashes)))
    return replace(session, hidden=tuple(marks)[-MEMORY:])


def joined(old: Session, new: Session) -> Session:
    """The older of two sessions that turn out to be one conversation, knowing both's messages."""
    return replace(old, known=tuple(dict.fromkeys((*old.known, *new.known))))
