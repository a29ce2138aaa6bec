"""The rules of `spelling` for Chinese: traditional characters, split words, homophones, initials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guardrail.classify._spelling_codes import (
    CHINESE,
    CUT,
    NOT_SPLIT,
    SPLIT_BY_ANY,
    SPLIT_BY_MARKS,
    Codes,
    Edit,
)
from guardrail.classify._spelling_tables import SIMPLIFIED, TRADITIONAL

__all__ = ["composed", "decoded", "is_chinese", "joined", "rejoined", "simplified"]

# Taiwan writes 著 for 着 ("活著"); the mainland keeps it for what is written and known.
_SIMPLE = str.maketrans(TRADITIONAL + "著", SIMPLIFIED + "着")
_TRADITIONAL = re.compile(
    f"[{TRADITIONAL}]+".replace("\n", "")
    + "|(?<![名原显顯专專土编編巨论論昭卓者])著(?![名作者称稱述书書录錄])"
)
_HANZI = "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff"
_ANY = re.compile(f"[{_HANZI}]")
_PAUSES = r" \t.~…—·\U0001f300-\U0001faff\u2600-\u27bf"  # what stands between phrases, too
_SIGNS = r"*/\\|_+#=^•\-"  # what hardly does
_MARKS = _SIGNS + r"'\"‘’“”()\[\]{}<>【】「」《》"
_GAP = re.compile(f"(?<=[{_HANZI}])[{_PAUSES}{_MARKS}]{{1,6}}+(?=[{_HANZI}])")
_MARK_GAP = re.compile(f"(?<=[{_HANZI}])[{_MARKS}]{{1,6}}+(?=[{_HANZI}])")
_PAUSE = re.compile(f"[{_PAUSES}]")
_SPREAD = re.compile(
    f"(?<![{_HANZI}])[{_HANZI}](?:[{_PAUSES}{_SIGNS}]{{1,3}}+[{_HANZI}](?![{_HANZI}])){{2,}}+"
    f"(?:[{_PAUSES}{_SIGNS}]{{1,3}}+[{_HANZI}])?"
)
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ", "aaaaeeeeiiiioooouuuuvvvv")
_NEARBY = 30  # characters on either side that tell what a code means


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))


_CUT, _CODED = _any_of([*CUT]), _any_of([*CHINESE])
_SPLIT = _any_of([*SPLIT_BY_ANY, *SPLIT_BY_MARKS])


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text; without one none of these rules applies."""
    return bool(_ANY.search(text))


def simplified(text: str) -> Iterator[Edit]:
    """Traditional characters as mainland China writes them, which is what the model learnt."""
    for found in _TRADITIONAL.finditer(text):
        yield *found.span(), found[0].translate(_SIMPLE)


def joined(text: str) -> Iterator[Edit]:
    """Three characters or more with gaps between all of them: "我 想 去 死"."""
    for run in _SPREAD.finditer(text):
        for gap in _GAP.finditer(text, *run.span()):
            yield *gap.span(), ""


def composed(text: str) -> Iterator[Edit]:
    """Characters that were cut in two: "歹匕", "氵肖 失"."""
    return _read(text, _CUT, CUT, _GAP)


def rejoined(text: str) -> Iterator[Edit]:
    """Harmful words with something between their characters: "自*杀", "割 腕"."""
    if not _GAP.search(text):
        return
    view, spots = _squeezed(text, _GAP)
    for found in _SPLIT.finditer(view):
        start, end = found.span()
        was = text[spots[start] : spots[end - 1] + 1]
        if was == found[0] or (found[0] not in SPLIT_BY_ANY and _PAUSE.search(was)):
            continue
        if not NOT_SPLIT.search(view[max(0, start - 1) : end + 1]):
            yield spots[start], spots[end - 1] + 1, found[0]


def decoded(text: str) -> Iterator[Edit]:
    """Homophones, pinyin and initials that stand for a harmful word: "紫砂", "割wan", "想zs"."""
    return _read(text, _CODED, CHINESE, _MARK_GAP)


def _read(text: str, gate: re.Pattern[str], codes: Codes, gap: re.Pattern[str]) -> Iterator[Edit]:
    """The codes of a table, where their surroundings allow what they stand for."""
    view, spots = _squeezed(text, gap)
    for found in gate.finditer(view):
        start, end = found.span()
        left, right = view[max(0, start - _NEARBY) : start], view[end : end + _NEARBY]
        if _within(left[-1:], found[0][0]) or _within(found[0][-1], right[:1]):
            continue
        for code in codes[found[0]]:
            if code.fits(left, right):
                yield spots[start], spots[end - 1] + 1, code.plain
                break


def _within(left: str, right: str) -> bool:
    """Whether there is no word's edge between these, as both are letters or digits."""
    return (left + right).isascii() and left.isalnum() and right.isalnum()


def _squeezed(text: str, gap: re.Pattern[str]) -> tuple[str, Sequence[int]]:
    """The text in small letters without the gaps between characters, and where the rest stood."""
    # The letter replaced is the one that grows when it is made small.
    lowered = text.replace("\u0130", "i").lower().translate(_TONES)
    gaps = [found.span() for found in gap.finditer(text)]
    if not gaps:
        return lowered, range(len(text))
    kept: list[str] = []
    spots: list[int] = []
    at = 0
    for start, end in [*gaps, (len(text), len(text))]:
        kept.append(lowered[at:start])
        spots += range(at, start)
        at = end
    return "".join(kept), spots
