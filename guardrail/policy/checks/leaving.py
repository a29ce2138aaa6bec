"""Words that end the talk need a rule that ends it, and the farewell is what that rule says."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.kept import at, left_out, says, stops
from guardrail.policy.model import Policy
from guardrail.policy.reader import suggestion
from guardrail.policy.source import Source
from guardrail.turn import State

__all__ = ["check"]

_HELD = frozenset({State.EXIT, State.LEAVING})  # whoever says one of the words takes leave, too
_RULE = "a rule with stage: harm, when: { side: user, state: exit } and then: end"


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each exit word ends the talk for everybody, and `exit.text` is said by the rule that ends it."""
    return [at(source, policy, path, (message, hint)) for path, message, hint in _problems(policy)]


def _problems(policy: Policy) -> Iterator[tuple[str, str, str]]:
    if says(policy, "exit") is None:
        return
    words = any(policy.exit.words.values())
    if not words:
        yield "exit", "exit names no words, so nobody can say one", "words: { en: [stop] }"
    elif left := left_out(policy, _HELD):
        yield "exit.words", f"no rule ends the talk at these words ({', '.join(left)})", _RULE
    text = policy.exit.text
    if text is None:
        return
    if text not in policy.texts:
        yield "exit.text", f"there is no text {text!r}", suggestion(text, policy.texts)
        return
    said = [rule.text for rule in policy.rules if rule.when.states and stops(rule, _HELD)]
    if said and text not in said:
        yield (
            "exit.text",
            f"the rule that ends the talk says {said[0]!r}, not {text!r}",
            f"text: {said[0]}",
        )
