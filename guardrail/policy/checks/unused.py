"""A text that nobody says is a promise that somebody thinks is kept."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.decide import UNAVAILABLE
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Each text is used by a rule, a notice or the label, or is the one for failures."""
    used = {rule.text for rule in policy.rules} | {UNAVAILABLE, policy.exit.text}
    used.add(policy.label.explicit)
    used.update(text for rule in policy.rules for text in rule.again)
    used.update(text for notice in policy.notices for text in (notice.text, notice.crisis_text))
    return [
        source.pack.mistake(
            ("texts", key), f"nothing says text {key!r}", "use it in a rule, or remove it"
        )
        for key in policy.texts
        if key not in used and source.pack.root.has("texts", key)
    ]
