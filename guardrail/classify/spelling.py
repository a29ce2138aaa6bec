"""A second reading of a text: as somebody meant it who hides words from filters.

`despell` undoes what people do to words that get them blocked: letters of other alphabets and
strike-through ("кіll"), digits and marks for letters ("su1c1de", "k*ll"), letters spread out
("d i e", "自/杀"), code words ("unalive", "紫砂", "zs"), characters cut in two ("歹匕") or written
in traditional form. It is a reading, not the truth: whoever judges a text judges both, so a rule
here can only add alarms. Each rule therefore asks for a known word to come out, and most for a
harmful one.

Rules of these files (this one, `_spelling_latin`, `_spelling_hanzi`): pure functions, linear time,
standard library only; a rule is a function from a text to the edits that it proposes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardrail.classify import _spelling_hanzi as hanzi
from guardrail.classify import _spelling_latin as latin
from guardrail.classify._spelling_codes import Edit
from guardrail.classify.text import normalise

__all__ = ["Plain", "despell"]

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
)
# What NFKC may change: all but ASCII and Chinese characters, and those with a mark behind them.
_CLUSTER = re.compile(rf"[^\x00-\x7f\u3400-\u4dbf\u4e00-\u9fff][{_MARKS}]*|.[{_MARKS}]+", re.DOTALL)
# Strokes through letters, and heaps of accents that no language piles up.
_OVERLAID = re.compile(f"[\u0334-\u0338\u0488\u0489\u20d0-\u20df]+|[{_MARKS}]{{2,}}")
# Full-width ASCII is most of Chinese punctuation; it need not be looked at one by one.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_KEYCAP = "\u20e3"

_RULES = (latin.joined, latin.unmasked, latin.decoded)
_RULES_ZH = (hanzi.simplified, hanzi.joined, hanzi.composed, hanzi.rejoined, hanzi.decoded)


@dataclass(frozen=True, slots=True)
class Plain:
    """A reading of a text and where its characters come from.

    `offsets[i]` is the place in the input of the character `text[i]`; one more offset at the end
    is the input's length. So `text[a:b]` was read from `input[offsets[a]:offsets[b]]`.
    """

    text: str
    offsets: Sequence[int]


def despell(text: str) -> Plain:
    """The second reading of a text; the very same string when there is nothing to undo.

    What `normalise` changes anyway (full-width letters, invisible characters) is undone on the way
    but does not make a second reading by itself.
    """
    plain = folded = _folded(text)
    if not plain.text.isascii():
        plain = _edited(plain, ((m.start(), m.end(), "") for m in _OVERLAID.finditer(plain.text)))
        plain = _edited(plain, latin.look_alikes(plain.text))
    for rule in _RULES:
        plain = _edited(plain, rule(plain.text))
    if not plain.text.isascii() and hanzi.is_chinese(plain.text):
        for rule in _RULES_ZH:
            plain = _edited(plain, rule(plain.text))
    return Plain(text, range(len(text) + 1)) if plain.text == folded.text else plain


def _folded(text: str) -> Plain:
    """NFKC without invisible characters, as `normalise`, but with offsets and all its spaces."""
    same = Plain(text, range(len(text) + 1))
    if text.isascii():
        return same
    narrow = Plain(text.translate(_NARROW), same.offsets)
    found = [
        (m.start(), m.end(), m[0]) for m in _CLUSTER.finditer(narrow.text) if not m[0].isspace()
    ]
    folded = ((start, end, normalise(was).replace(_KEYCAP, "")) for start, end, was in found)
    return _edited(narrow, folded)


def _edited(plain: Plain, edits: Iterable[Edit]) -> Plain:
    """The reading with edits made, which come in order and do not overlap."""
    text: list[str] = []
    offsets: list[int] = []
    at = 0
    for start, end, new in edits:
        if plain.text[start:end] == new:
            continue
        text += plain.text[at:start], new
        offsets += plain.offsets[at:start]
        offsets += [plain.offsets[min(start + i, end - 1)] for i in range(len(new))]
        at = end
    if not at:
        return plain
    text.append(plain.text[at:])
    offsets += plain.offsets[at:]
    return Plain("".join(text), offsets)
