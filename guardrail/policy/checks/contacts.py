"""To tell a guardian or an emergency contact is a human's act, so somebody has to be there to do it."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import Action

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """`contact` stands beside `escalate`: the case is where it is proposed and approved."""
    return [
        source.of(rule.pack).mistake(
            ("rules", rule.number, "then"),
            f"rule {rule.id!r} proposes a contact, but opens no case that anybody could see",
            "add escalate",
        )
        for rule in policy.rules
        if Action.CONTACT in rule.then and Action.ESCALATE not in rule.then
    ]
