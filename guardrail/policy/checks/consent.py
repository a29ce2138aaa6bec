"""A consent that is asked for needs a rule that waits for it."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.kept import at, left_out
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import State

__all__ = ["check"]

_HINT = "a rule with stage: limit, when: { side: user, state: no_consent } and then: end"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Nobody for whom a guardian has to agree talks with the bot before that."""
    held = frozenset({State.NO_CONSENT})
    return [
        at(source, policy, "consent", (f"no rule waits for consent under {consent.under}", _HINT))
        for consent in policy.consents
        if left_out(policy, held, consent.under)
    ]
