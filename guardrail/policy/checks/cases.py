"""A case needs to say how soon somebody should look."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import Action, Severity

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """`escalate` and `severity` stand together, or not at all."""
    mistakes: list[Mistake] = []
    for rule in policy.rules:
        escalates = Action.ESCALATE in rule.then
        if escalates and rule.severity is None:
            mistakes.append(
                source.of(rule.pack).mistake(
                    ("rules", rule.number, "then"),
                    f"rule {rule.id!r} opens a case without a severity",
                    "severity: " + ", or ".join(Severity),
                )
            )
        if rule.severity is not None and not escalates:
            mistakes.append(
                source.of(rule.pack).mistake(
                    ("rules", rule.number, "severity"),
                    f"rule {rule.id!r} has a severity, but opens no case",
                    "add escalate, or remove severity",
                )
            )
    return mistakes
