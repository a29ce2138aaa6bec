"""Streams are judged in windows; a phrase must not slip through between two."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["LEAST_TAIL", "check"]

LEAST_TAIL = 32
"""Characters. The longest phrases of the lexicon are about this long."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """The tail is long enough to keep a phrase whole, and shorter than what is held."""
    hold = policy.hold
    mistakes: list[Mistake] = []
    if hold.tail < LEAST_TAIL:
        message = f"a tail of {hold.tail} lets a phrase slip through between two windows"
        mistakes.append(source.pack.mistake(("hold", "tail"), message, f"at least {LEAST_TAIL}"))
    if hold.chars <= hold.tail:
        message = f"hold.chars is {hold.chars}: nothing would ever leave a tail of {hold.tail}"
        mistakes.append(source.pack.mistake(("hold", "chars"), message, "more than the tail"))
    return mistakes
