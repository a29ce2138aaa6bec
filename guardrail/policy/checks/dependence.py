"""An index that changes nothing warns nobody."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.kept import at
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import State

__all__ = ["check"]

_GRADES = frozenset({State.ELEVATED, State.HIGH})
_HINT = "a notice with on: elevated, a rule with state: elevated, or dependence: off"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Where the index of dependence is kept, some rule or notice asks for it."""
    asked = [rule.when.states | rule.when.unless for rule in policy.rules]
    asked += [notice.on for notice in policy.notices]
    if policy.dependence is None or any(states & _GRADES for states in asked):
        return []
    message = "dependence is measured, but no rule and no notice acts on it"
    return [at(source, policy, "dependence", (message, _HINT))]
