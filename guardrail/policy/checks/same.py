"""One id is one rule. Two packs that mean different things by it would undo each other."""

from __future__ import annotations

from guardrail.errors import Mistake
from guardrail.policy.model import Policy
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """Rules of the same id are about the same, one of them perhaps more widely."""
    return [
        source.of(new.pack).mistake(
            ("rules", new.number),
            f"rule {new.id!r} stands in {old.pack!r}, too, and is about something else there",
            f"give it another id, or pin: rules.{new.id} if it shall take the other's place",
        )
        for old, new in policy.clashes
    ]
