"""Picks typed values out of nodes and collects every mistake on the way.

A picker never raises and never guesses: what it cannot read becomes a `Mistake` and a stand-in,
so that one run names everything that is wrong. The stand-ins are never used, because a file with
mistakes is never loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from guardrail.errors import Mistake
from guardrail.policy.source import Node
from guardrail.policy.vocabulary import VERSION, Shape

__all__ = ["Reader", "and_more", "suggestion"]

E = TypeVar("E", bound=StrEnum)

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


_MANY = 40
"""Choices beyond which a list of all of them helps nobody."""


def suggestion(word: object, known: Iterable[str]) -> str:
    """What the writer may have meant, or all there is to choose from; of many the nearest few."""
    choices = [str(choice) for choice in known]
    close = get_close_matches(str(word), choices, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if len(choices) > _MANY:
        choices = get_close_matches(str(word), choices, n=3, cutoff=0.3)
        return "nearest: " + ", ".join(choices) if choices else ""
    return "one of: " + ", ".join(choices) if choices else ""


def and_more(places: Sequence[str]) -> str:
    """The first of them, and how many there are besides: one line of a file is one mistake."""
    return places[0] if len(places) == 1 else f"{places[0]} and {len(places) - 1} more"


class Reader:
    """Reads one file's nodes. `mistakes` grows as it goes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []

    def complain(self, node: Node, message: str, hint: str = "") -> None:
        """Note a mistake at this node."""
        self.mistakes.append(Mistake(self.file, node.line, message, hint))

    def in_order(self) -> list[Mistake]:
        """All mistakes, in the order of the lines."""
        return sorted(self.mistakes, key=lambda mistake: mistake.line)

    def mapping(self, node: Node, what: str) -> Mapping[str, Node]:
        """Keys and values, whatever the keys are."""
        if isinstance(node.value, Mapping):
            return node.value
        self.complain(node, f"{what} must be a list of `key: value` lines")
        return {}

    def fields(self, node: Node, shape: Shape, what: str) -> Mapping[str, Node]:
        """The known keys of a mapping; unknown and missing ones are mistakes."""
        entries = self.mapping(node, what)
        for key, child in entries.items():
            if key not in shape.keys:
                self.complain(child, f"{what} has no {key!r}", suggestion(key, shape.keys))
        if isinstance(node.value, Mapping):
            for key in shape.required:
                if key not in entries:
                    self.complain(node, f"{what} needs {key!r}")
        return {key: child for key, child in entries.items() if key in shape.keys}

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """A list, which may not be empty."""
        if isinstance(node.value, tuple) and node.value:
            return node.value
        self.complain(node, f"{what} must be a list with at least one entry")
        return ()

    def one_or_more(self, node: Node, what: str) -> tuple[Node, ...]:
        """A list, or a single value written without brackets."""
        return self.items(node, what) if isinstance(node.value, tuple) else (node,)

    def text(self, node: Node | None, what: str) -> str:
        """Words. A number without quotes is refused: leading zeros would be lost."""
        if node is None:
            return ""
        if isinstance(node.value, str) and node.value.strip():
            return node.value.strip()
        quotes = isinstance(node.value, int | float)
        self.complain(node, f"{what} must be text", "put quotes around it" if quotes else "")
        return ""

    def word(self, node: Node, kind: type[E], what: str) -> E:
        """One word out of a fixed vocabulary."""
        known = [str(member) for member in kind]
        if isinstance(node.value, str) and node.value in known:
            return kind(node.value)
        self.complain(node, f"{node.value!r} is not {what}", suggestion(node.value, known))
        return next(iter(kind))

    def words(self, node: Node, kind: type[E], what: str) -> tuple[E, ...]:
        """One word or several, none of them twice."""
        found: list[E] = []
        for item in self.one_or_more(node, what):
            before = len(self.mistakes)
            word = self.word(item, kind, what)
            if len(self.mistakes) > before:
                continue
            if word in found:
                self.complain(item, f"{word.value!r} stands here twice")
            else:
                found.append(word)
        return tuple(found)

    def flag(self, node: Node | None, what: str) -> bool:
        """`true` or `false`; false if absent."""
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self.complain(node, f"{what} must be true or false")
            return False
        return node.value

    def number(self, node: Node, what: str, low: float, high: float) -> float:
        """A number within bounds. Not-a-number and infinity are outside all bounds."""
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain(node, f"{what} must be a number")
            return high
        if not low <= value <= high:
            self.complain(node, f"{what} must lie between {low:g} and {high:g}")
            return high
        return float(value)

    def whole(self, node: Node, what: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        if isinstance(node.value, float):
            self.complain(node, f"{what} must be a whole number")
            return high
        return int(self.number(node, what, low, high))

    def date(self, node: Node, what: str) -> str:
        """An ISO date, kept as text."""
        value = node.value
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                pass  # a shape like 2026-02-31: told below with the rest
        self.complain(node, f"{what} must be a date", "written 2026-11-21")
        return "1970-01-01"

    def pattern(self, node: Node, shape: re.Pattern[str], what: str, hint: str) -> str:
        """Text of a certain shape."""
        value = self.text(node, what)
        if value and not shape.fullmatch(value):
            self.complain(node, f"{value!r} cannot be {what}", hint)
        return value

    def version(self, node: Node | None) -> None:
        """The file must say which version of the language it is written in."""
        # `fields` has already complained if the key is absent.
        if node is not None and node.value != VERSION:
            self.complain(node, f"{node.value!r} is not a version we know", f"guardrail: {VERSION}")
