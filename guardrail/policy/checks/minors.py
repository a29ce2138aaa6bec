"""A child is never protected less than an adult."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, product

from guardrail.errors import Mistake
from guardrail.policy.model import Policy, Posture
from guardrail.policy.reader import and_more
from guardrail.policy.source import Source
from guardrail.policy.vocabulary import ANY
from guardrail.turn import AgeBand, Label, Side

__all__ = ["check"]

_STRICTNESS = list(Posture)

_Found = Iterator[tuple[tuple[str, str, str], str, str]]
"""Table, label and side, what is wrong (`{}` stands for label and side), what would mend it."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Minors' thresholds are no higher and their failure postures no looser than adults'.

    And no failure lets a minor's turn through unseen. A line with `any` that stands for many
    labels is one mistake.
    """
    folded: dict[Mistake, list[str]] = {}
    for label, side in product(Label, Side):
        for path, message, hint in chain(
            _thresholds(policy, label, side), _postures(policy, label, side)
        ):
            mistake = source.pack.mistake(_row(source, *path), message, hint)
            folded.setdefault(mistake, []).append(f"{label} on the {side} side")
    return [replace(m, message=m.message.format(and_more(all_))) for m, all_ in folded.items()]


def _row(source: Source, table: str, label: str, side: str) -> tuple[str, ...]:
    """Where the value for minors is written, perhaps under `any`; see `policy.tables`."""
    steps = product((label, ANY), (side, ANY), (AgeBand.MINOR.value, ANY))
    return next((table, *row) for row in steps if source.pack.root.has(table, *row))


def _thresholds(policy: Policy, label: Label, side: Side) -> _Found:
    minor = policy.thresholds[label, side, AgeBand.MINOR]
    adult = policy.thresholds[label, side, AgeBand.ADULT]
    if minor.soft > adult.soft or minor.hard > adult.hard:
        yield (
            ("thresholds", label.value, side.value),
            "{} counts later for minors than for adults",
            f"at most soft {adult.soft:g}, hard {adult.hard:g}",
        )


def _postures(policy: Policy, label: Label, side: Side) -> _Found:
    minor = policy.postures[label, side, AgeBand.MINOR]
    adult = policy.postures[label, side, AgeBand.ADULT]
    path = ("failure", label.value, side.value)
    if minor is Posture.OPEN:
        message = "when the model fails, {} passes unseen for minors"
        yield path, message, "closed, or floor if the lexicon is enough"
    elif _STRICTNESS.index(minor) < _STRICTNESS.index(adult):
        message = f"failure is looser for minors ({minor}) than for adults ({adult}): {{}}"
        yield path, message, f"at least {adult}"
