"""The demo companion's lines: who may speak, what brings a line about, what is said. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

__all__ = ["Persona", "language_of", "personas", "pieces"]

CHINESE = re.compile(r"[\u4e00-\u9fff]")

ByLanguage = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Persona:
    """One voice. `say` maps a cue to its lines by language; `cues` maps a cue to its pattern."""

    id: str
    name: ByLanguage
    about: ByLanguage
    lines: tuple[ByLanguage, ...]  # what a visitor may say, for buttons
    say: Mapping[str, Mapping[str, tuple[str, ...]]]
    otherwise: Mapping[str, tuple[str, ...]]
    cues: Mapping[str, re.Pattern[str]]

    def answer(self, text: str, choice: int = 0) -> str:
        """What this persona says to `text`: the same words for the same text, every time."""
        language = language_of(text)
        lines = self.otherwise[language]
        for cue, pattern in self.cues.items():
            if cue in self.say and pattern.search(text):
                lines = self.say[cue][language]
                break
        return lines[(_number(text) + choice) % len(lines)]


@cache
def personas() -> Mapping[str, Persona]:
    """Everybody in `scripts.yaml`, by id."""
    data = YAML(typ="safe").load((files(__package__) / "scripts.yaml").read_text("utf-8"))
    cues = {name: _pattern(words) for name, words in data["cues"].items()}
    return {key: _persona(key, value, cues) for key, value in data["personas"].items()}


def language_of(text: str) -> str:
    """`zh` if there is a Chinese character in it, else `en`."""
    return "zh" if CHINESE.search(text) else "en"


def pieces(text: str) -> list[str]:
    """The text in the small uneven bits a model would stream: 1-3 words or 1-6 characters."""
    units = list(text) if CHINESE.search(text) else re.findall(r"\S+\s*", text)
    most = 6 if CHINESE.search(text) else 3
    cut: list[str] = []
    while units:
        size = 1 + _number("".join(units)) % most
        cut.append("".join(units[:size]))
        del units[:size]
    return cut


def _persona(key: str, data: Mapping[str, Any], cues: Mapping[str, re.Pattern[str]]) -> Persona:
    return Persona(
        id=key,
        name=data["name"],
        about=data["about"],
        lines=tuple(data["lines"]),
        say={cue: _tuples(lines) for cue, lines in data["say"].items()},
        otherwise=_tuples(data["otherwise"]),
        cues=cues,
    )


def _tuples(lines: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(said) for language, said in lines.items()}


def _pattern(words: Mapping[str, list[str]]) -> re.Pattern[str]:
    english = "|".join(map(re.escape, words["en"]))
    chinese = "|".join(map(re.escape, words["zh"]))
    return re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE)


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4])
