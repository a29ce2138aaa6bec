"""Imported by `data.py` and `evasions.py`: how people hide words from filters.

The kinds are those that `guardrail/classify/spelling.py` knows, and its tables of homophones are
read backwards here.
"""

import re

from guardrail.classify._spelling_codes import CHINESE, CUT, HARMFUL, SPLIT_BY_ANY, SPLIT_BY_MARKS
from guardrail.classify._spelling_tables import SIMPLIFIED, TRADITIONAL

LEET = str.maketrans("aeiost", "4310$7")
CONFUSABLE = str.maketrans("aceiopsxy", "асеіорѕху")  # Cyrillic
TO_TRADITIONAL = {}
for plain, old in zip(SIMPLIFIED.replace("\n", ""), TRADITIONAL.replace("\n", ""), strict=True):
    TO_TRADITIONAL.setdefault(plain, old)


def words_to_hide(text):
    """The harmful words of an English text; where it has none, its two longest."""
    words = list(re.finditer(r"[a-zA-Z]{3,}", text))
    listed = [m for m in words if m[0].lower() in HARMFUL]
    return listed or sorted(words, key=lambda m: -len(m[0]))[:2]


def hidden(text, change):
    """An English text with the words that somebody would hide changed."""
    out = text
    for m in sorted(words_to_hide(text), key=lambda m: -m.start()):
        out = out[: m.start()] + change(m[0]) + out[m.end() :]
    return out


def starred(word):
    """Its second letter, or the middle one of a long word, as an asterisk: "k*ll"."""
    at = 1 if len(word) < 6 else len(word) // 2
    return word[:at] + "*" + word[at + 1 :]


def in_code(table, rng):
    """Chinese words in one of the ways that a table knows for them: "紫砂", "zs", "歹匕"."""
    ways = {}
    for written, codes in table.items():
        for code in codes:
            ways.setdefault(code.plain, []).append(written)
    known = re.compile("|".join(sorted(map(re.escape, ways), key=len, reverse=True)))
    return lambda text: known.sub(lambda m: rng.choice(ways[m[0]]), text)


def marked(text):
    """Words that get filtered with a mark between their characters: "自*杀"."""
    known = re.compile("|".join(sorted([*SPLIT_BY_ANY, *SPLIT_BY_MARKS], key=len, reverse=True)))
    return known.sub(lambda m: "*".join(m[0]), text)


def spaced(text):
    """The longest clause with a space between all its characters: "我 想 去 死"."""
    clause = max(re.findall("[\u4e00-\u9fff]+", text), key=len, default="")
    return text.replace(clause, " ".join(clause), 1) if len(clause) > 2 else text


def kinds(rng):
    """By language and name, what makes a text into one that hides something."""
    return {
        "en": {
            "zero width": lambda t: hidden(t, "\u200b".join),
            "leet": lambda t: hidden(t, lambda w: w.lower().translate(LEET)),
            "confusables": lambda t: hidden(t, lambda w: w.lower().translate(CONFUSABLE)),
            "spread letters": lambda t: hidden(t, " ".join),
            "dots between letters": lambda t: hidden(t, ".".join),
            "asterisk": lambda t: hidden(t, starred),
            "all of it spread": lambda t: "  ".join(" ".join(w) for w in t.split()),
        },
        "zh": {
            "zero width": "\u200b".join,
            "traditional": lambda t: "".join(TO_TRADITIONAL.get(c, c) for c in t),
            "spaces": spaced,
            "marks": marked,
            "homophones, pinyin, initials": in_code(CHINESE, rng),
            "characters cut in two": in_code(CUT, rng),
        },
    }


def disguised(text, lang, rng):
    """A text in one of the disguises, by chance; unchanged if the kind finds nothing to hide."""
    return rng.choice(list(kinds(rng)[lang].values()))(text)
