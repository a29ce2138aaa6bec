"""Which part of a text drove its score: for a reviewer, never for a decision.

By occlusion (Zeiler and Fergus, 2014): the text is judged again without each of its parts, and the
part whose absence lowers the score most is named. It needs nothing of a classifier but its scores,
so it works for every one of them. It says what the model leant on, not what is true.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from guardrail._sentences import sentence_ends
from guardrail.classify.base import Utterance

__all__ = ["Span", "driving_span", "parts"]

PARTS = 24
"""Parts that are left out one by one; a longer text is cut more coarsely."""

WORDS = 3  # of a lone clause that make a part
CHARACTERS = 4  # the same for Chinese, which has no spaces

_CLAUSE = re.compile(r"[,;:，、；：~～—-]+\s*|\s+(?=(?:but|and|or|so|cuz|because|though)\b)")
_BIT = re.compile(rf"[\u3400-\u9fff]{{1,{CHARACTERS}}}|(?:[^\s\u3400-\u9fff]+\s*){{1,{WORDS}}}|\s+")

Judge = Callable[[tuple[Utterance, ...]], Awaitable[list[float]]]


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is the part; without it, the score is `drop` lower."""

    start: int
    end: int
    drop: float


async def driving_span(said: Utterance, judge: Judge) -> Span | None:
    """The part of a text that its score rests on most; `None` where no part alone carries it.

    `judge` gives the score of the one label that is asked about, for each utterance of a batch.

    Raises:
        ClassifierError: whatever `judge` raises.
    """
    pieces = parts(said.text)
    if not pieces:
        return None
    without = [said.text[:a] + " " + said.text[b:] for a, b in pieces]
    batch = (said, *(replace(said, text=text) for text in without))
    whole, *rest = await judge(batch)
    drop, (start, end) = max(
        (whole - less, piece) for less, piece in zip(rest, pieces, strict=True)
    )
    return Span(start, end, round(drop, 4)) if drop > 0 else None


def parts(text: str) -> list[tuple[int, int]]:
    """Sentences; of a lone sentence, its clauses; of a lone clause, a few words at a time.

    They follow each other without a gap and cover the text; there are at most `PARTS`.
    """
    for ends in (
        list(sentence_ends(text, 0)),
        [m.end() for m in _CLAUSE.finditer(text)],
        [m.end() for m in _BIT.finditer(text)],
    ):
        edges = sorted({0, *ends, len(text)})
        found = [(a, b) for a, b in itertools.pairwise(edges) if text[a:b].strip()]
        if len(found) > 1:
            return _joined(found)
    return [(0, len(text))] if text.strip() else []


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours put together until there are at most `PARTS`."""
    size = -(-len(found) // PARTS)
    groups = [found[i : i + size] for i in range(0, len(found), size)]
    return [(group[0][0], group[-1][1]) for group in groups]
