"""Where sentences and words end, in English and Chinese, well enough to cut a stream. Pure.

Rough is good enough here: a missed end only waits for a cap, a false one only costs a window. What
must hold is that the answer is the same however the text was cut, and that the cost is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["EDGE", "sentence_ends", "word_end"]

EDGE = 24  # characters to re-read before new text: the longest abbreviation, or a run of quotes
_WORD = 40  # longer "words" may be cut

# A sentence ends behind its closing quotes. Latin marks need white space there ("3.5" and URLs have
# none), full-width marks end by themselves, a line break always ends. Possessive, and anchored at
# the start of a run of marks, so that a megabyte of dots stays linear.
_WIDE = frozenset("。！？；…")
_MARKS = r".!?。！？；…"
_END = re.compile(
    rf"(?<![{_MARKS}])([{_MARKS}]++)[\"'”’»)\]}}）】」』》〉*_]*+(?:\s|(?=[^{_MARKS}\s]))|\n"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“])(?:(?i:e\.g|i\.e|a\.k\.a|cf|vs|approx|mr|mrs|ms|dr|prof|st)|[A-HJ-Z])\.\s$"
)
_BREAK = re.compile(r"[\s\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")


def sentence_ends(text: str, known: int) -> Iterator[int]:
    """Give the sentence ends in `text` that its first `known` characters alone did not show."""
    for found in _END.finditer(text):
        end = found.end()
        closed = found[0][-1].isspace()
        if not closed and _WIDE.isdisjoint(found[1]):
            continue  # "3.5"
        # What confirms an end is its white space, or else the character behind it.
        news = end > known if closed else end >= known
        # A bare line break is no abbreviation; to ask all the same costs seconds in a megabyte of them.
        if news and not (found[1] and _ABBREVIATION.search(text[max(0, end - EDGE) : end])):
            yield end


def word_end(text: str, start: int, limit: int) -> int:
    """Give the last place in `start + 1 .. limit` that is not inside a word, or `limit`."""
    for end in range(limit, max(start, limit - _WORD), -1):
        if _BREAK.match(text, end - 1):
            return end
    return limit
