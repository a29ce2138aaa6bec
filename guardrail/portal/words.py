"""The portal's words, in English and Simplified Chinese: `static/words.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

__all__ = ["LANGUAGES", "Say", "language_of", "read_words", "say"]

LANGUAGES = ("en", "zh")

FILE = Path(__file__).with_name("static") / "words.json"

Say = Callable[..., str]
"""A word's key, and what fills its placeholders → the words."""


def read_words() -> Mapping[str, Mapping[str, str]]:
    """All words by language and key."""
    found: Mapping[str, Mapping[str, str]] = orjson.loads(FILE.read_bytes())
    return found


def say(words: Mapping[str, str]) -> Say:
    """What says these words."""

    def said(key: str, **filled: object) -> str:
        return words[key].format(**filled)

    return said


def language_of(chosen: str, accepted: str) -> str:
    """The language that somebody chose, or else the first of ours that their browser names."""
    if chosen in LANGUAGES:
        return chosen
    ranked = sorted(
        (
            (_weight(one), -place, one.strip()[:2].lower())
            for place, one in enumerate(accepted.split(","))
        ),
        reverse=True,
    )
    return next((name for weight, _, name in ranked if weight and name in LANGUAGES), "en")


def _weight(one: str) -> float:
    """The `q` of one line of an `Accept-Language` header (RFC 9110, 12.4.2)."""
    value = one.partition(";q=")[2].strip()
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
