"""No protocol, no engagement (CA B&P 22602(b), NY GBL 1701)."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import AgeBand, Label, Side

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """A person in crisis is answered, whatever their age."""
    left = [age.value for age in AgeBand if not _answered(policy, age)]
    if not left:
        return []
    message = f"no rule answers a person in crisis ({', '.join(left)})"
    return [source.pack.mistake(("rules",), message, "a rule with side: user, label: self_harm")]


def _answered(policy: Policy, age: AgeBand) -> bool:
    return any(
        Label.SELF_HARM in rule.when.labels
        and rule.when.side in (None, Side.USER)
        and (not rule.when.ages or age in rule.when.ages)
        and not rule.when.states
        and not rule.when.unless
        and not rule.when.all_of
        and rule.when.under is None
        and rule.text is not None
        for rule in policy.rules
    )
