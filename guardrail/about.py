"""Whose suicide a line speaks of: somebody else's danger, a loss, or a piece of fiction. Pure.

The model finds *that* a line is about it; worry about a friend, grief and a novel need other words
than a person in crisis. Patterns find the plain cases, in English and Chinese.

Four promises:

1. The first person wins. A line that has any sign of the speaker's own ("and so do I", "I can't go
   on", "我也不想活了"), or speaks of it in words that nobody else owns, is no such case: the ladder
   of a crisis answers it. So is a question for a method, and "asking for a friend".
2. In doubt, the ladder. Verbs of wanting count as a sign unless they are of helping, telling,
   understanding: a kind word too many costs less than a crisis that was taken for a story.
3. What patterns do not understand they give back: `Whose.rest` is all that is neither about
   somebody else nor a plain word of worry or grief. "My friend wants to die. The razor is in my
   lap" has a rest, and unless the model sees nothing in it, the ladder answers (see `care`).
4. No context, no memory: a line is all that is looked at. Who calls decides about the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

from guardrail._about_chinese import CHINESE
from guardrail._about_english import ENGLISH
from guardrail.turn import State

__all__ = ["LONGEST", "Whose", "about", "says_nothing"]

LONGEST = 600
"""Characters; a longer text says too much for one word about it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """`State.ABOUT_OTHER`, `BEREAVED` or `FICTION`, and what else the line says."""

    state: State
    rest: str = ""
    now: bool | None = None
    """Somebody else's danger: at this moment, or over; `None` where the line says neither."""


def about(text: str) -> Whose | None:
    """Whose it is, if the line says so plainly and has no sign of the speaker's own.

    `None` means the ladder; so does a `rest` that nobody could judge.
    """
    if len(text) > LONGEST:
        return None
    line = _folded(text)
    found = ENGLISH.read(line)
    if found is not None:
        return None if CHINESE.own(line) else Whose(*found)
    found = CHINESE.read(line)
    return None if found is None or ENGLISH.own(line) else Whose(*found)


def says_nothing(text: str) -> bool:
    """Whether a line is nothing but fear or a call for help ("please hurry"): nobody's danger."""
    line = _folded(text[:LONGEST])
    return len(text) <= LONGEST and (ENGLISH.says_nothing(line) or CHINESE.says_nothing(line))


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
