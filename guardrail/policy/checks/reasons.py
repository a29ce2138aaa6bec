"""A rule that does not say why cannot be judged by who did not write it."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each rule has a reason. Its article it has where a law asks for it; not every rule is a law's."""
    return [
        source.of(rule.pack).mistake(
            ("rules", rule.number),
            f"rule {rule.id!r} does not say why it is there",
            "add reason:, and article: if a law asks for it",
        )
        for rule in policy.rules
        if not rule.reason
    ]
