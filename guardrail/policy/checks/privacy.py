"""What is kept of words, and what may not be deleted, has to belong to something."""

from __future__ import annotations

from collections.abc import Iterator

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source
from guardrail.turn import Action, Label, Side

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """A hold has cases that it could hold; words that are learnt from are kept at all."""
    return [
        source.of(policy.origins.get(f"privacy.{key}", "").rpartition(", ")[2]).mistake(
            ("privacy", key), message, hint
        )
        for key, message, hint in _problems(policy)
    ]


def _problems(policy: Policy) -> Iterator[tuple[str, str, str]]:
    privacy = policy.privacy
    if any(privacy.hold.values()) and not _opens_cases(policy):
        yield (
            "hold_days",
            "hold_days can never count: no rule about self-harm opens a case",
            "add escalate to such a rule",
        )
    if privacy.train and not privacy.case_text_days:
        message = "train is true, but case_text_days is 0: there are no words to learn from"
        yield "train", message, "train: false"


def _opens_cases(policy: Policy) -> bool:
    return any(
        Action.ESCALATE in rule.then
        and Label.SELF_HARM in rule.when.labels
        and rule.when.side in (None, Side.USER)
        for rule in policy.rules
    )
