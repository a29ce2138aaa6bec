"""Who speaks to a person in crisis names help (CA B&P 22602(b), NY GBL 1701)."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.decide import SPEAKING
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import Label

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Every rule about self-harm that speaks shows the resources of the person's region."""
    return [
        source.of(rule.pack).mistake(
            ("rules", rule.number, "then"),
            f"rule {rule.id!r} answers self-harm without naming help",
            "add resources: true",
        )
        for rule in policy.rules
        if Label.SELF_HARM in rule.when.names
        and not SPEAKING.isdisjoint(rule.then)
        and not rule.resources
    ]
