"""A rule about a cap that is set for nobody waits for ever, and a cap without a rule does nothing."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.policy.vocabulary import LIMIT_NAMES
from guardrail.turn import AgeBand

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Caps and the rules about them match up."""
    capped = {name: _ages(policy, name) for name in LIMIT_NAMES}
    asked: dict[str, set[AgeBand]] = {name: set() for name in LIMIT_NAMES}
    mistakes: list[Mistake] = []
    for rule in policy.rules:
        if rule.when.limit is None:
            continue
        ages = set(rule.when.ages or AgeBand)
        asked[rule.when.limit] |= ages
        if not ages & capped[rule.when.limit]:
            message = f"rule {rule.id!r} can never match: no {rule.when.limit} is set"
            mistakes.append(
                source.of(rule.pack).mistake(
                    ("rules", rule.number, "when"), message, "set it under limits"
                )
            )
    for name in LIMIT_NAMES:
        if forgotten := sorted(capped[name] - asked[name]):
            message = f"{name} is set for {', '.join(forgotten)}, but no rule acts on it"
            hint = f"add a rule with limit: {name}"
            mistakes.append(source.pack.mistake(("limits",), message, hint))
    return mistakes


def _ages(policy: Policy, name: str) -> set[AgeBand]:
    return {age for age, limits in policy.limits.items() if getattr(limits, name) is not None}
