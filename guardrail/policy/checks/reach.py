"""A rule that an earlier rule always beats is not a rule; its writer believes otherwise."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy, Rule
from guardrail.policy.same import covers
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each rule can be reached: no single earlier rule covers it."""
    mistakes: list[Mistake] = []
    for number, rule in enumerate(policy.rules):
        earlier = _shadow(rule, policy.rules[:number])
        if earlier is not None:
            mistakes.append(
                source.of(rule.pack).mistake(
                    ("rules", rule.number),
                    f"rule {rule.id!r} can never match: {earlier.id!r} on line {earlier.line} "
                    "always comes first",
                    f"move it before {earlier.id!r}, or narrow that rule",
                )
            )
    return mistakes


def _shadow(rule: Rule, earlier: tuple[Rule, ...]) -> Rule | None:
    return next((e for e in earlier if covers(e.when, rule.when)), None)
