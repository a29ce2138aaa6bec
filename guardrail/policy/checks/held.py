"""A crisis is held, and help in it is missed, only where rules raise it and look at the reply."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.kept import at, raises, says
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.policy.vocabulary import CRISIS
from guardrail.turn import Side, State

__all__ = ["check"]

_RAISE = "danger: concern, active or imminent, in the rules about self-harm"
_LOOK = "a rule with stage: crisis, when: { side: bot, state: omission } and then: support"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each value of `crisis` is one that some rule leads to."""
    return [at(source, policy, path, (message, hint)) for path, message, hint in _problems(policy)]


def _problems(policy: Policy) -> Iterator[tuple[str, str, str]]:
    written = [f"crisis.{key}" for key in CRISIS.keys if says(policy, f"crisis.{key}")]
    if not written:
        return
    if not raises(policy):
        yield "crisis", "no rule raises a crisis, so none is ever held", _RAISE
        return
    missed, helped = _asked(policy, State.OMISSION), _asked(policy, State.HELPED)
    for path in written:
        if path in ("crisis.omission", "crisis.repair") and not missed:
            yield path, "no rule acts on a reply that leaves help out", _LOOK
        if path == "crisis.point_minutes" and not (missed or helped):
            yield path, "no rule asks whether help was named", _LOOK


def _asked(policy: Policy, state: State) -> bool:
    sides = (None, Side.BOT) if state is State.OMISSION else (None, *Side)
    return any(
        state in (*rule.when.states, *rule.when.unless)
        for rule in policy.rules
        if rule.when.side in sides
    )
