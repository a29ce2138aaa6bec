"""A child is never protected less than an adult."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from guardrail.errors import Mistake
from guardrail.policy.model import Policy, Posture
from guardrail.policy.source import Source
from guardrail.turn import AgeBand, Label, Side

__all__ = ["check"]

_STRICTNESS = list(Posture)


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Minors' thresholds are no higher and their failure postures no looser than adults'.

    And no failure lets a minor's turn through unseen.
    """
    mistakes: list[Mistake] = []
    for label, side in product(Label, Side):
        mistakes.extend(_thresholds(policy, source, label, side))
        mistakes.extend(_postures(policy, source, label, side))
    return mistakes


def _thresholds(policy: Policy, source: Source, label: Label, side: Side) -> Iterator[Mistake]:
    minor = policy.thresholds[label, side, AgeBand.MINOR]
    adult = policy.thresholds[label, side, AgeBand.ADULT]
    if minor.soft > adult.soft or minor.hard > adult.hard:
        yield source.pack.mistake(
            ("thresholds", label.value, side.value, "minor"),
            f"{label} on the {side} side counts later for minors than for adults",
            f"at most soft {adult.soft:g}, hard {adult.hard:g}",
        )


def _postures(policy: Policy, source: Source, label: Label, side: Side) -> Iterator[Mistake]:
    minor = policy.postures[label, side, AgeBand.MINOR]
    adult = policy.postures[label, side, AgeBand.ADULT]
    path = ("failure", label.value, side.value, "minor")
    if minor is Posture.OPEN:
        yield source.pack.mistake(
            path,
            f"when the model fails, {label} on the {side} side passes unseen for minors",
            "closed, or floor if the lexicon is enough",
        )
    elif _STRICTNESS.index(minor) < _STRICTNESS.index(adult):
        yield source.pack.mistake(
            path,
            f"failure is looser for minors ({minor}) than for adults ({adult}): "
            f"{label} on the {side} side",
            f"at least {adult}",
        )
