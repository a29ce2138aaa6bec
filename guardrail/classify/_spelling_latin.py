"""The rules of `spelling` for Latin letters: look-alikes, spread letters, leet, code words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import ge, itemgetter
from string import ascii_lowercase

from guardrail.classify._spelling_codes import (
    ENGLISH,
    ENGLISH_SIGNS,
    HARMFUL,
    PINYIN,
    SHORT_WORDS,
    Edit,
)
from guardrail.classify._spelling_tables import LETTERS, LOOK_ALIKES, WORDS

__all__ = ["decoded", "joined", "look_alikes", "unmasked"]

_HARMFUL = frozenset(HARMFUL)
_COST = {  # of reading letters as this word: rarer is dearer, as Zipf has it
    word: math.log((rank + 2) * 8)
    for rank, word in enumerate(dict.fromkeys([*SHORT_WORDS, *HARMFUL, *WORDS.split(), *PINYIN]))
}
_UNKNOWN = 12.0  # of a letter in no word: dearer than any word
_KNOWN_SHARE = 0.85
_LONGEST = max(map(len, _COST))
_LEAST_LETTERS = 2  # that a word in leet keeps
_WORD_LETTERS = 3  # from here on a word is one; shorter ones are anywhere

# --- letters of other alphabets ---------------------------------------------------------------
_ALIKE = dict(zip(LOOK_ALIKES.replace("\n", ""), LETTERS.replace("\n", ""), strict=True))
_FLAGS = {chr(0x1F1E6 + i): chr(ord("a") + i) for i in range(26)}  # regional indicators
_ACCENTED = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_ODD = _ACCENTED + "".join(_ALIKE)
# Neither ASCII nor Chinese nor punctuation: without one there is nothing to look for.
_NEITHER = re.compile("[^\x00-\x7f\u2000-\u206f\u3000-\u9fff\uff00-\uffef]")
_FOREIGN = re.compile(f"(?<![a-zA-Z])[a-zA-Z]*+[{_ODD}][a-zA-Z{_ODD}]*+|[{''.join(_FLAGS)}]{{3,}}+")
# Accents, and whole words of Greek or Russian, are what they are; flags are flags.
_THEIRS = re.compile(f"[a-zA-Z{_ACCENTED}]+|[\u0370-\u052f]+|[{''.join(_FLAGS)}]+")
_SHORT_HARM = frozenset({"die", "sex"})

# --- spread letters ---------------------------------------------------------------------------
_GAP = r"(?:[ \t._*/|~·•-]{1,3}|,(?! )|\n)"
_UNIT = re.compile(rf"[a-zA-Z0-9@$]|!(?={_GAP}[a-zA-Z])")
# The middle one of three letters that are spread, behind its gap; without one there is nothing to
# join. It begins with a class of characters, which the engine finds by itself.
_MIDDLE = re.compile(rf"[ \t._*/|~·•,\n-][a-zA-Z0-9@$!]{_GAP}[a-zA-Z0-9@$!](?!\w)", re.ASCII)
_SPREAD = re.compile(
    rf"(?<![\w'’@$#])(?:{_UNIT.pattern})(?:{_GAP}(?:{_UNIT.pattern})(?![\w'’])){{2,}}+", re.ASCII
)

# --- masked words -----------------------------------------------------------------------------
_MASKED = re.compile(
    r"(?<![\w@$*#%/&=])(?:[a-zA-Z]++[0-9@$!|€*#%]|[0-9@$]{1,2}[a-zA-Z])[\w@$!|€*#%]*+(?![/&=@])",
    re.ASCII,
)
_SIGN = re.compile("[0-9@$!|€*#%]")
_JOINT = re.compile("[.*_/|~-][a-zA-Z]")
_WILD = "*#%@$!"  # any letter at all
_SKELETON = str.maketrans("oil!|e€a@s$tbg", "01111334455789")
_BY_SKELETON: dict[str, list[str]] = {}
for _word in _COST:
    _BY_SKELETON.setdefault(_word.translate(_SKELETON), []).append(_word)
_BY_ENDS: dict[tuple[int, str, str], list[str]] = {}
for _word in HARMFUL:
    _BY_ENDS.setdefault((len(_word), _word[0], _word[-1]), []).append(_word)
_BROKEN = re.compile(r"(?<![\w@/.:-])[a-zA-Z]++(?:[.*_/|~-]{1,2}[a-zA-Z]++)++(?![\w@/:])", re.ASCII)
_STRETCH = re.compile(r"([a-zA-Z])\1{3,}+", re.IGNORECASE)
_FOURFOLD = tuple(4 * letter for letter in ascii_lowercase)  # cheaper, so it is looked for first
_REPEATED = re.compile(r"(.)\1+")
_BY_SQUEEZED = {_REPEATED.sub(r"\1", word): word for word in reversed(HARMFUL)}
_LETTERS = re.compile("[a-zA-Z]*+")


def look_alikes(text: str) -> Iterator[Edit]:
    """Letters that only look Latin, in what is a known word when they are read so."""
    for found in _FOREIGN.finditer(text) if _NEITHER.search(text) else ():
        plain = "".join(map(_ascii, found[0])) if len(found[0]) <= _LONGEST else ""
        known = plain.lower()
        if len(known) < _WORD_LETTERS or known not in _COST:
            continue
        harm = known in _HARMFUL and (len(known) > _WORD_LETTERS or known == "sex")
        if harm or not _THEIRS.fullmatch(found[0]):
            yield found.start(), found.end(), plain


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    return _ALIKE.get(letter) or _FLAGS.get(letter) or unicodedata.normalize("NFD", letter)[0]


def joined(text: str) -> Iterator[Edit]:
    """Single letters in a row ("k i l l m y s e l f", "d-i-e") that spell words when joined."""
    for found in _SPREAD.finditer(text) if _MIDDLE.search(text) else ():
        pieces = _pieces(text, [m.start() for m in _UNIT.finditer(text, *found.span())])
        glues = [_glue("".join(text[i] for i in piece).lower()) for piece in pieces]
        if not any(glues):
            continue
        for piece, glue in zip(pieces, glues, strict=True):
            short = "".join(text[i] for i in piece).lower() in SHORT_WORDS  # "m y" beside "k i l l"
            for (left, right), new in zip(pairwise(piece), glue or [""] * short, strict=False):
                yield left + 1, right, new


def _pieces(text: str, spots: list[int]) -> list[list[int]]:
    """Where the letters stand, cut where a gap is another than the usual and has a space in it."""
    gaps = [text[left + 1 : right] for left, right in pairwise(spots)]
    usual = Counter(gaps).most_common(1)[0][0]
    pieces = [spots[:1]]
    for gap, spot in zip(gaps, spots[1:], strict=True):
        if gap != usual and " " in gap:
            pieces.append([])
        pieces[-1].append(spot)
    return pieces


def _glue(letters: str) -> list[str]:
    """What to put between letters, nothing or a space; empty when they spell nothing.

    The cheapest way to cut the letters into known words, found from left to right.
    """
    best = [(0.0, 0)]
    for end in range(1, len(letters) + 1):
        ways = [(best[end - 1][0] + _UNKNOWN, end - 1)]
        for start in range(max(0, end - _LONGEST), end):
            word = _read(letters[start:end])
            if word:
                ways.append((best[start][0] + _COST[word], start))
        best.append(min(ways))
    glue = [""] * (len(letters) - 1)
    known = longest = 0
    end = len(letters)
    while end:
        start = best[end][1]
        if _read(letters[start:end]):
            known, longest = known + end - start, max(longest, end - start)
            glue[start - 1 : start] = [" "] * (start > 0)
            glue[end - 1 : end] = [" "] * (end < len(letters))
        end = start
    return glue if longest >= _WORD_LETTERS and known >= _KNOWN_SHARE * len(letters) else []


def _read(piece: str) -> str | None:
    """The word that these letters are, in leet too."""
    if piece in _COST:
        return piece
    return None if piece.isalpha() else _unleet(piece)


def unmasked(text: str) -> Iterator[Edit]:
    """Words with marks or digits for letters, and harmful ones with stretched letters."""
    masked = _masked(text) if _SIGN.search(text) else ()
    broken = _broken(text) if _JOINT.search(text) else ()
    stretched = _stretched(text) if any(map(text.lower().__contains__, _FOURFOLD)) else ()
    edits = [*masked, *broken, *stretched]
    return _apart(text, edits) if edits else iter(())


def _masked(text: str) -> Iterator[Edit]:
    for found in _MASKED.finditer(text):
        token = found[0].rstrip("!|*#%").lower()
        if not _WORD_LETTERS <= len(token) <= _LONGEST or token.isalpha():
            continue
        word = _unleet(token) or _fill(token)
        if word:
            yield found.start(), found.start() + len(token), word


def _unleet(token: str) -> str | None:
    """The known word behind a token with digits or marks in it."""
    for word in _BY_SKELETON.get(token.translate(_SKELETON), ()):
        fits = all(was == new or not was.isalpha() for was, new in zip(token, word, strict=True))
        if fits and _is_leet(token, word in _HARMFUL):
            return word
    return None


def _is_leet(token: str, harm: bool) -> bool:
    """Whether a token looks like a word in disguise rather than like a code, a time or a size."""
    letters = sum(map(str.isalpha, token))
    long_harm = harm and len(token) > _WORD_LETTERS + 1  # "5u1c1d3"
    if letters < _LEAST_LETTERS or (2 * letters < len(token) and not long_harm):
        return False
    if len(token) == _WORD_LETTERS and not harm:
        return False
    if not token[0].isalpha():
        return harm and (len(token) > _WORD_LETTERS or token[0] in "@$")
    if token[-1].isalpha():
        return True
    # "kill5" is a word and a number, "IC3" a name; "casin0" is neither.
    return (harm and token[-1] in "03") or not token[1:-1].isalpha()


def _fill(token: str) -> str | None:
    """The harmful word that a token with asterisks stands for."""
    if 2 * sum(map(_WILD.count, token)) > len(token):
        return None
    for word in _BY_ENDS.get((len(token), token[0], token[-1]), ()):
        long_enough = len(word) > _WORD_LETTERS or word in _SHORT_HARM
        if long_enough and all(
            was == new or was in _WILD for was, new in zip(token, word, strict=True)
        ):
            return word
    return None


def _broken(text: str) -> Iterator[Edit]:
    """Harmful words with a mark in the middle: "su.icide", "kil-l"."""
    for found in _BROKEN.finditer(text):
        word = (
            "".join(filter(str.isalpha, found[0].lower())) if len(found[0]) < 2 * _LONGEST else ""
        )
        if word in _HARMFUL and len(word) > _WORD_LETTERS:
            yield *found.span(), word


def _stretched(text: str) -> Iterator[Edit]:
    """Harmful words with a letter four times or more; "sooooo" stays as it is."""
    at = 0
    for found in _STRETCH.finditer(text):
        start = found.start()
        if start < at:
            continue
        while start > at and text[start - 1].isascii() and text[start - 1].isalpha():
            start -= 1
        at = _LETTERS.match(text, found.end()).end()  # type: ignore[union-attr]
        written = text[start:at].lower()
        word = _BY_SQUEEZED.get(_REPEATED.sub(r"\1", written))
        if word and all(map(ge, _runs(written), _runs(word))):
            yield start, at, word


def _runs(word: str) -> list[int]:
    """How often each letter stands in a row."""
    return [len(list(run)) for _, run in groupby(word)]


def decoded(text: str) -> Iterator[Edit]:
    """Code words that one meaning only is known of: "unalive", "sewerslide", "seggs"."""
    lowered = text.lower()
    codes = ENGLISH if any(map(lowered.__contains__, ENGLISH_SIGNS)) else ()
    edits = [(*m.span(), m.expand(new)) for code, new in codes for m in code.finditer(text)]
    return _apart(text, edits) if edits else iter(())


def _apart(text: str, edits: list[Edit]) -> Iterator[Edit]:
    """The edits in order, the first of those at one place only; capitals stay capitals."""
    at = 0
    for start, end, new in sorted(edits, key=itemgetter(0)):
        if start >= at:
            yield start, end, new.upper() if text[start:end].isupper() else new
            at = end
