"""The floor beneath the model: a list of words that is always there.

How a text is read. It is normalised and case-folded, cut into runs of letters and digits, and the
runs are joined without what stood between them. So "k i l l", "k.y.s" and "k\u200bys" all become
plain words, and one pass of an Aho-Corasick automaton finds every phrase. Two things keep this from
finding phrases that nobody wrote:

* where a phrase begins or ends with a Latin letter or a digit, a run must begin or end as well, so
  that "skys" is not "kys" (inside the phrase the runs may be cut in any way);
* a full stop, comma or other mark behind a whole word stays as a barrier, so that "I want to. Die
  Hard is on" is two pieces.

A phrase inside an exclusion ("killing me softly", "紫砂壶") does not count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from guardrail.classify.base import HINT, Utterance
from guardrail.classify.spelling import despell
from guardrail.classify.text import normalise
from guardrail.errors import ConfigError, Mistake
from guardrail.turn import Label, Level, Role, Signal

__all__ = ["EXPLICIT_SOURCE", "Entry", "LexiconClassifier"]

EXPLICIT_SOURCE = "lexicon"
DESPELLED = 4000
"""Characters up to which a text is also read as meant, not only as spelt: we run on the event loop.
Longer ones the model reads so, in a thread of its own."""
TIERS = {"explicit": EXPLICIT_SOURCE, "hint": HINT}
SIDES = {
    "user": frozenset({Role.USER}),
    "bot": frozenset(Role) - {Role.USER},
    "both": frozenset(Role),
}
_RUN = re.compile(r"\n|[^\W_]+")
_APOSTROPHES = "'’‘`´"
_NO_LETTERS = {n: None for n in range(128) if not chr(n).isalnum() and chr(n) != "\n"}
_SEAM = re.compile(r"[\u3400-\u9fff](?=[^\u3400-\u9fff])|[^\u3400-\u9fff](?=[\u3400-\u9fff])")
_BARRIER = re.compile(  # begins with a class of characters, which the engine finds by itself
    r"[,.!?;:…。\n](?:(?<=[a-z0-9]{2}[,.!?;:…])[,.!?;:…]*(?=\s|$)"
    r"|(?<=[\u3400-\u9fff][,!?;:…。])[,!?;:…。]*|(?<=[。!?…\n])[。!?…\n]+)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase and what finding it means."""

    phrase: str
    label: str
    roles: frozenset[Role]
    source: str
    score: float
    level: Level | None = None


class LexiconClassifier:
    """Finds phrases; see the module's docstring for how.

    Signals have the source `lexicon` (explicit words) or `lexicon-hint` (words that are as often
    harmless, which count only when the model could not answer).
    """

    name = "lexicon"

    def __init__(self, entries: Iterable[Entry], exclusions: Iterable[str] = ()) -> None:
        self.entries = tuple(entries)
        keys = [_squeezed(_folded(entry.phrase)) for entry in self.entries]
        spared = [_squeezed(_folded(phrase)) for phrase in exclusions]
        if not all(keys) or not all(spared):
            raise ValueError("a phrase has no letter or digit in it")
        self._spared = len(keys)
        self._edges = [(_is_latin(key[0]), _is_latin(key[-1])) for key in [*keys, *spared]]
        self._automaton = AhoCorasick([*keys, *spared], matchkind=MatchKind.Standard)
        table = repr([(e, k) for e, k in zip(self._facts(), keys, strict=True)] + spared)
        self._version = "lexicon-" + hashlib.sha256(table.encode()).hexdigest()[:8]
        # Twice the letters: a phrase may come with a space behind each of them.
        self.longest = 2 * max(map(len, keys), default=0)

    @classmethod
    def load(cls) -> LexiconClassifier:
        """The list that comes with the package, `lexicon.yaml` beside this file.

        Raises:
            ConfigError: the file is damaged.
        """
        return cls.read(resources.files("guardrail.classify").joinpath("lexicon.yaml").read_text())

    @classmethod
    def read(cls, text: str, file: str = "lexicon.yaml") -> LexiconClassifier:
        """A list of your own, in the form of the packaged one.

        Raises:
            ConfigError: it is not YAML, or an entry lacks something.
        """
        try:
            raw = YAML(typ="safe", pure=True).load(text)
            entries = [entry for group in raw["entries"] for entry in _entries(group)]
            return cls(entries, map(str, raw.get("exclusions", ())))
        except (YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"is not a lexicon: {type(error).__name__}: {error}"
            raise ConfigError([Mistake(file, 1, problem)]) from error

    @property
    def version(self) -> str:
        """The beginning of the table's hash."""
        return self._version

    async def classify(self, batch: tuple[Utterance, ...]) -> tuple[tuple[Signal, ...], ...]:
        """Find phrases in each text; the context is not read. Never fails."""
        return tuple(self.find(said.text, said.role) for said in batch)

    async def close(self) -> None:
        """Nothing to let go of."""

    def find(self, text: str, role: Role) -> tuple[Signal, ...]:
        """The highest signal of each label and tier, in either reading of the text."""
        best = self._best(text, role)
        if len(text) <= DESPELLED:
            plain = despell(text)
            if plain.text is not text:
                for key, entry in self._best(plain.text, role).items():
                    if key not in best or entry.score > best[key].score:
                        best[key] = entry
        return tuple(
            Signal(entry.label, entry.score, entry.source, self._version, entry.level)
            for entry in best.values()
        )

    def _best(self, text: str, role: Role) -> dict[tuple[str, str], Entry]:
        folded = _folded(text)
        squeezed = _squeezed(folded)
        matches = self._automaton.find_matches_as_indexes(squeezed, overlapping=True)
        if not matches:  # most texts: nobody need know where their words begin
            return {}
        starts, ends = _edges(_RUN.findall(folded), squeezed)
        hits: list[tuple[int, int, int]] = []
        spared: list[tuple[int, int, int]] = []
        for which, start, end in matches:
            at_start, at_end = self._edges[which]
            if (at_start and start not in starts) or (at_end and end not in ends):
                continue
            (spared if which >= self._spared else hits).append((which, start, end))
        best: dict[tuple[str, str], Entry] = {}
        for which, start, end in hits:
            entry = self.entries[which]
            if role not in entry.roles or any(a <= start and end <= b for _, a, b in spared):
                continue
            held = best.get((entry.label, entry.source))
            if held is None or entry.score > held.score:
                best[entry.label, entry.source] = entry
        return best

    def _facts(self) -> list[tuple[Any, ...]]:
        return [(e.label, sorted(e.roles), e.source, e.score, e.level) for e in self.entries]


def _entries(group: dict[str, Any]) -> list[Entry]:
    """The phrases of one block of the file."""
    level = Level(group["level"]) if "level" in group else None
    return [
        Entry(
            phrase=str(phrase),
            label=Label(group["label"]).value,
            roles=SIDES[group["side"]],
            source=TIERS[group["tier"]],
            score=float(group["score"]),
            level=level,
        )
        for phrase in group["phrases"]
    ]


def _is_latin(character: str) -> bool:
    return character.isalnum() and not "\u3400" <= character <= "\u9fff"


def _folded(text: str) -> str:
    """The text in one spelling, with barriers for the marks that are some."""
    plain = normalise(text).casefold()
    for mark in _APOSTROPHES:
        plain = plain.replace(mark, "")
    return _BARRIER.sub("\n", plain)


def _squeezed(folded: str) -> str:
    """Its letters and digits only, and barriers: the runs of `_RUN`, joined."""
    if folded.isascii():  # three times as quick
        return folded.translate(_NO_LETTERS)
    return "".join(_RUN.findall(folded))


def _edges(runs: list[str], squeezed: str) -> tuple[set[int], set[int]]:
    """Where words begin and end in `squeezed`, which is these runs joined.

    A change between Chinese and other letters is a word's edge, too.
    """
    starts, ends, at = set(), set(), 0
    for run in runs:
        starts.add(at)
        at += len(run)
        ends.add(at)
    if not squeezed.isascii():
        for i in _SEAM.finditer(squeezed):
            starts.add(i.end())
            ends.add(i.end())
    return starts, ends
