"""A rule that asks one side for what only the other can show waits for ever."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.model import Condition, Policy
from guardrail.policy.source import Source
from guardrail.turn import Side, State

__all__ = ["OF_THE_REPLY", "check"]

OF_THE_REPLY = frozenset(
    {State.OMISSION, State.WRONG_NUMBER, State.NO_HELP, State.UNSAFE, State.DEMEANING}
)
"""States that are read off the bot's words, so they never hold of what a person says."""


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Caps are asked about with the person's turn, what a reply lacks with the reply."""
    return [
        source.of(rule.pack).mistake(
            ("rules", rule.number, "when"), f"rule {rule.id!r} can never match: {what}", hint
        )
        for rule in policy.rules
        for what, hint in _problems(rule.when)
    ]


def _problems(when: Condition) -> Iterator[tuple[str, str]]:
    if when.side is Side.BOT and when.limit is not None:
        yield "a cap is gone over by a person's turn, not by a reply", "side: user"
    if when.side is Side.USER and (states := sorted(when.states & OF_THE_REPLY)):
        yield f"{', '.join(states)} holds of a reply, not of what a person says", "side: bot"
