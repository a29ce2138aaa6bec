"""Words for the next sign of a crisis are said only where there is a crisis."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.kept import raises
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import Danger

__all__ = ["check"]

_HINT = "danger: concern, active or imminent"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """A rule with `again` raises a crisis; so does some rule, where a notice has words for one."""
    mistakes = [
        source.of(rule.pack).mistake(
            ("rules", rule.number, "again"),
            f"again is never said: rule {rule.id!r} raises no crisis",
            f"{_HINT}, or remove again",
        )
        for rule in policy.rules
        if rule.again and rule.danger is Danger.NONE
    ]
    if raises(policy):
        return mistakes
    mistakes += [
        source.of(notice.pack).mistake(
            ("notices", notice.number, "crisis_text"),
            f"crisis_text is never said: no rule raises a crisis beside notice {notice.id!r}",
            f"{_HINT}, in the rules about self-harm",
        )
        for notice in policy.notices
        if notice.crisis_text
    ]
    return mistakes
