"""Which pieces of a conversation are judged, and together with what. Pure.

What people write comes in pieces that mean more together, and long replies in wholes whose parts
mean more alone; so both are looked at in more than one size.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence

from guardrail._sentences import sentence_ends
from guardrail.classify.base import Utterance
from guardrail.classify.text import CONTEXT_TURNS
from guardrail.turn import Channel, Message, Role, Turn
from guardrail.wire.base import Piece

__all__ = ["STRETCH", "foreign", "is_prose", "put_together", "said_by", "talk", "views"]

_WORD = re.compile(r"[^\W\d_]{2}")  # a letter alone is a face, as in (・ω・)

STRETCH = 400
"""Characters of a reply that must be in a language we judge: it may turn to another one later on."""

RUN = 200
"""Characters up to which sentences of a whole reply are judged together."""

TOGETHER = 4
"""Messages sent in a row that are also judged as one: "i want to" / "end it" / "tonight"."""


def said_by(turn: Turn) -> tuple[Utterance, ...]:
    """Every fresh message of the person in its place, and the last ones in a row as one."""
    messages, fresh = turn.messages, turn.fresh
    batch = [
        Utterance(messages[i].text, Role.USER, talk(messages[:i]))
        for i in fresh
        if messages[i].text.strip()
    ]
    row = _last_row(turn)[-TOGETHER:]
    if len(row) > 1:
        joined = "\n".join(messages[i].text for i in row)
        batch.append(Utterance(joined, Role.USER, talk(messages[: row[0]])))
    return tuple(batch)


def _last_row(turn: Turn) -> list[int]:
    """The fresh messages that no reply stands between, up to the last one."""
    row = list(turn.fresh[-1:])
    for earlier in reversed(turn.fresh[:-1]):
        between = turn.messages[earlier : row[0]]
        if any(message.role is Role.ASSISTANT for message in between):
            break
        row.insert(0, earlier)
    return row


def put_together(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """The text of each choice and channel: a phrase may be cut into parts."""
    found: dict[tuple[int, Channel], list[str]] = {}
    for piece in pieces:
        found.setdefault((piece.choice, piece.channel), []).append(piece.text)
    return tuple("".join(texts) for texts in found.values())


def talk(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The end of what two people said to each other: prompts and tools are no context."""
    tail: list[Message] = []
    for message in reversed(messages):
        if message.role in (Role.USER, Role.ASSISTANT):
            tail.append(message)
            if len(tail) == CONTEXT_TURNS:
                break
    return tuple(reversed(tail))


def views(text: str) -> tuple[str, ...]:
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


def is_prose(text: str) -> bool:
    """Whether words may follow this text: not in the midst of code, where they would break it."""
    return text.count("```") % 2 == 0


def foreign(texts: Iterable[str], language: Callable[[str], str | None]) -> tuple[str, ...]:
    """A language that the model never learnt is not judged, and must not pass for safe."""
    stretches = (text[i : i + STRETCH] for text in texts for i in range(0, len(text), STRETCH))
    for text in stretches:
        if _WORD.search(text) and language(text) is None:
            return ("language",)
    return ()
