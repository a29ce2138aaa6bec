"""A label without a threshold is never seen, whatever the model says. Also guards loading."""

from __future__ import annotations

from itertools import product

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import AgeBand, Label, Side

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each label has thresholds on each side for each age band."""
    mistakes: list[Mistake] = []
    for label, side in product(Label, Side):
        ages = [age.value for age in AgeBand if (label, side, age) not in policy.thresholds]
        if ages:
            mistakes.append(
                source.pack.mistake(
                    ("thresholds", label.value, side.value),
                    f"{label} has no thresholds on the {side} side ({', '.join(ages)})",
                    f"add a line for {side} under {label}, or one with any",
                )
            )
    return mistakes
