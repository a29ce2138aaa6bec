"""A number in a text has no source and no day on which somebody looked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["check"]

_NUMBER = re.compile(r"\d(?:[ -]?\d){2,}")  # 911, 0800 1111; not 24/7


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Numbers that could be dialled stand in the resources, not in the texts alone."""
    known = {_digits(number) for entry in policy.resources for number in entry.numbers}
    return [
        source.pack.mistake(
            ("texts", key, language),
            f"text {key!r} names the number {number}, which is not in the resources",
            "put numbers into resources.yaml; resources: true shows them",
        )
        for key, by_language in policy.texts.items()
        for language, words in by_language.items()
        for number in _numbers(words)
        if _digits(number) not in known
    ]


def _numbers(words: str) -> Iterator[str]:
    return (found[0] for found in _NUMBER.finditer(normalize("NFKC", words)))


def _digits(number: str) -> str:
    return re.sub(r"[ -]", "", number)
