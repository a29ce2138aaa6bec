"""A switch that is thrown and moves nothing is worse than none."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy, Stage
from guardrail.policy.source import Source
from guardrail.turn import Action, Side, State

__all__ = ["check"]

_ALONE = frozenset({State.STOPPED})
_STAGES = (Stage.HARM, Stage.LIMIT)  # those that also stop the reply to words of concern


def check(policy: Policy, source: Source) -> list[Mistake]:
    """What is out of service is answered by a rule that ends the talk, whoever asks."""
    if not policy.stop or any(
        rule.when.states == _ALONE
        and rule.when.side in (None, Side.USER)
        and not (rule.when.names or rule.when.ages or rule.when.limit or rule.when.under)
        and not rule.when.unless
        and rule.stage in _STAGES
        and Action.END in rule.then
        for rule in policy.rules
    ):
        return []
    hint = "a rule with stage: limit, when: { side: user, state: stopped } and then: end"
    return [source.pack.mistake(("stop",), "no rule answers for what is stopped", hint)]
