"""Shadow mode protects nobody. It is a trial, and a trial ends."""

from __future__ import annotations

from datetime import date

from guardrail.errors import Mistake
from guardrail.policy.model import Mode, Policy
from guardrail.policy.source import Source

__all__ = ["check"]


def check(policy: Policy, source: Source) -> list[Mistake]:
    """A pack in shadow mode has not outlived its date; the loader sees to it that it has one."""
    if policy.mode is not Mode.SHADOW:
        return []
    until = date.fromisoformat(str(source.pack.root.at("shadow_until").value))
    if until >= source.today:
        return []
    return [
        source.pack.mistake(
            ("shadow_until",),
            f"shadow mode ended on {until}, and decisions still take no effect",
            "mode: enforce, or a later date",
        )
    ]
