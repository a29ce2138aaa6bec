"""What a text becomes before anything reads it; shared by the server and the training scripts.

Rules of this file: pure functions, linear time, standard library only. A change here changes what
the model sees, so it needs a retrained model (`models/companion-v1/`).

The model's input is two pieces: the judged text behind a mark of who says it, and the *end* of
what was said before. `pack` joins them as token ids so that the context only ever gets the room
that the text leaves; long text is cut into `windows` instead of being cut off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

from guardrail.turn import Message, Role

__all__ = [
    "CONTEXT_CHARACTERS",
    "CONTEXT_TURNS",
    "language",
    "layout",
    "normalise",
    "pack",
    "windows",
]

CONTEXT_TURNS = 4  # as many earlier turns as a seed row may carry
CONTEXT_TOKENS = 32  # 64 did no better on the development rows (macro AUC .943 with either)
CONTEXT_CHARACTERS = 400  # per turn; the tokeniser should not read a novel to keep its last line
BOS, EOS = 0, 2  # ids of <s> and </s> in the XLM-R family

# Characters that show nothing: soft hyphen, Arabic letter mark, Mongolian separator, zero-width
# space to right-to-left mark, embeddings, word joiner to isolates, byte order mark, variation
# selectors, tags. Zero-width joiners go too: a family emoji becomes its members.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # and half surrogate pairs
_LETTER = re.compile("[A-Za-z]")
_WORD = re.compile("[a-z\u00df-\u024f]+(?:['’][a-z]+)?")
TELLING_WORDS, TELLING_WORDS_MOST, TELLING_CHARACTERS = 6, 12, 120
# Words that English can hardly do without, as people type them; those that other languages write
# alike ("me", "no", "on", "die", "was", "in", "will", "so") are left out.
_ENGLISH = frozenset(
    _WORD.findall(
        "the you your youre you're u ur i'm im i've ive i'll i'd my and to of it its it's that thats "
        "that's this what whats with have has had not don't dont didn't didnt can't cant won't wont "
        "isn't do does did are be been just like can could would should he she they we his her their "
        "them us know want wanna really feel how when why who if up out about there at all get got "
        "going gonna go one today tonight good time think because cuz too hey hello thanks please "
        "never always still back now then some any more much very from but were made say said tell "
        "told see let need love hate friend people anyone someone everyone nothing something for is "
        "as by only again ever last well here over make"
    )
)
_LATIN = "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff"
_LATIN_WORD, _NOT_CHINESE = re.compile(f"[{_LATIN}]+"), re.compile(f"[^{_CHINESE}]+")
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|[!-~]+@[!-~]+\.[!-~]+")
WORD_LETTERS = 6  # of a Latin word that count: a name or an address is no more speech than "the"
_LATIN_OR_CHINESE = re.compile(f"[{_LATIN}{_CHINESE}]+")
LANGUAGE_CHARACTERS = 2000
_MARKS = {Role.USER: "user: ", Role.ASSISTANT: "bot: ", Role.SYSTEM: "bot: ", Role.TOOL: "bot: "}

S = TypeVar("S", str, list[int])


def normalise(text: str) -> str:
    """One canonical spelling: NFKC, nothing invisible, single spaces; case is kept."""
    if text.isascii():  # it is its own NFKC, and hides nothing but controls
        if text.isprintable() and "  " not in text:  # most lines: nothing to mend within
            return text.strip()
    else:
        text = _INVISIBLE.sub("", text)
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _CONTROL.sub(" ", text)))
    return " ".join(_CONTROL.sub(" ", text).split())


def layout(role: Role, text: str, context: Sequence[Message] = ()) -> tuple[str, str]:
    """The judged text and its context as the tokeniser gets them, both normalised.

    The context is the last `CONTEXT_TURNS` messages, oldest first, each cut to its end.
    """
    before = " ".join(
        _MARKS[said.role] + normalise(said.text[-CONTEXT_CHARACTERS:])
        for said in context[-CONTEXT_TURNS:]
    )
    return _MARKS[role] + normalise(text), before


def pack(text: list[int], context: list[int], limit: int) -> tuple[list[int], list[int]]:
    """Token ids and mask (1 text, 2 context) of at most `limit`; the context loses its beginning.

    It gets `CONTEXT_TOKENS` at most: every token costs an eighth of a millisecond on each turn.
    """
    text = text[: limit - 2]
    ids = [BOS, *text, EOS]
    room = min(CONTEXT_TOKENS, limit - len(ids) - 1)
    if room < 1 or not context:
        return ids, [1] * len(ids)
    tail = context[-room:]
    return [*ids, *tail, EOS], [1] * len(ids) + [2] * (len(tail) + 1)


def windows(whole: S, size: int) -> list[S]:
    """Cut a long text (or its token ids) into overlapping parts of `size`, a quarter shared.

    A short one comes back as its only window. Every stretch of a quarter of `size` lies whole in
    at least one window.
    """
    if len(whole) <= size:
        return [whole]
    starts = [*range(0, len(whole) - size, max(1, size - size // 4)), len(whole) - size]
    return [whole[start : start + size] for start in starts]


def language(text: str) -> str | None:
    """`"en"`, `"zh"`, or `None` when it is neither or there are no letters.

    By script, and, for six Latin words or more, by whether any of the words that English cannot do
    without is among them: shorter lines of French or pinyin pass for English. A Chinese character
    weighs as much as two Latin letters, because one carries about as much as a short word; no Latin
    word weighs more than `WORD_LETTERS`, and addresses beside Chinese nothing: a link behind a cry
    for help must not make it English. Kana make a text Japanese, not Chinese. The first
    `LANGUAGE_CHARACTERS` tell.
    """
    text = text[:LANGUAGE_CHARACTERS]
    if text.isascii():
        return "en" if _LETTER.search(text) and _may_be_english(text) else None
    chinese = 2 * len(_NOT_CHINESE.sub("", text))
    if chinese:
        text = _ADDRESS.sub(" ", text)
    latin = sum(min(len(word), WORD_LETTERS) for word in _LATIN_WORD.findall(text))
    other = sum(map(str.isalpha, _LATIN_OR_CHINESE.sub("", text)))
    if latin + chinese == 0 or other > latin + chinese or other * 4 > chinese > latin:
        return None
    if chinese >= latin:
        return "zh"
    return "en" if _may_be_english(text) else None


def _may_be_english(text: str) -> bool:
    """Whether a text in Latin letters is too short to tell, or has the words that English needs."""
    line = text[:TELLING_CHARACTERS].lower()
    first = islice(_WORD.finditer(line), TELLING_WORDS_MOST)
    if any(word[0] in _ENGLISH for word in first):  # most lines: one of the first two or three
        return True
    return len(_WORD.findall(line)) < TELLING_WORDS
