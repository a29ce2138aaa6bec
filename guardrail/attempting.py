"""A person's own words of an attempt that has happened or is under way: taken, drunk, cut. Pure.

Behaviour is the gravest item of the Columbia screener, and here minutes count: an overdose often
feels like nothing for hours, and its antidote works best early. So plain words are enough, and
whether it was meant or an accident does not matter: the ambulance is the same. Ordinary doses, what
is long over, other people, pets, stories and jokes about cake are none. No amount here says what is
dangerous; the numbers only part what somebody takes in a day from what nobody does.
"""

from __future__ import annotations

from unicodedata import normalize

from guardrail._attempting_chinese import attempt_zh
from guardrail._attempting_english import attempt_en
from guardrail.turn import Label, Level, Signal

__all__ = ["SOURCE", "attempt_in", "attempted"]

SOURCE = "attempting"
_SCORE = 0.95
"""Hard in every pack."""
_VERSION = "1"
_LONGEST = 2000
"""Characters; what somebody has just done stands at the end of what they write."""

_HINTS = (
    "overdos", "od'", "oded", "od ", "took", "taken", "swallow", "downed", "popped", "necked", "gulp", "veins", "wrist", "inject", "hung my", "hanged my", "had about", "had like", "ve had ", "i had ", "drank", "drunk", "ingested", "ate", "poison", "bleed", "blood", "cut",
    "slit", "slash", "tried to", "did it", "done it", "it's done", "regret", "chugged", "went through with", "过量", "吃", "吞", "喝", "服", "咽", "灌", "嗑", "割", "血",
    "自杀", "上吊", "炭", "煤气", "胰岛素", "下肚",
)  # fmt: skip
"""One of these is in every line that tells of one; most lines are passed by at little cost."""


def attempt_in(text: str, *, thought: bool) -> tuple[Signal, ...]:
    """The signal of an attempt, if these words of a person tell of their own, of now.

    `thought`: they are known to think of dying, from this text or from those before it; then "i took
    them all" and "i did it" are understood, too.
    """
    line = normalize("NFKC", text[-_LONGEST:]).casefold().replace("’", "'").replace("‘", "'")
    if not any(map(line.__contains__, _HINTS)):
        return ()
    if not (attempt_en(line, thought=thought) or attempt_zh(line, thought=thought)):
        return ()
    return (Signal(Label.SELF_HARM, _SCORE, SOURCE, _VERSION, Level.PLAN),)


def attempted(signals: tuple[Signal, ...]) -> bool:
    """Whether one of them tells of an attempt."""
    return any(signal.source == SOURCE for signal in signals)
