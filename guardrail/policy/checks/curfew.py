"""A night that is kept free needs a rule that keeps it."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.kept import at, left_out
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import State

__all__ = ["check"]

_HINT = "a rule with stage: limit, when: { side: user, state: curfew } and then: end"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Everybody whom a curfew is about is answered by a rule at night, whatever they say."""
    held = frozenset({State.CURFEW})
    return [
        at(source, policy, "curfew", (f"no rule keeps the curfew under {curfew.under}", _HINT))
        for curfew in policy.curfews
        if left_out(policy, held, curfew.under)
    ]
