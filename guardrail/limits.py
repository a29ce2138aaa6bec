"""Caps on time and number, as facts for the policy. Pure; what to do about them is a rule's word."""

from __future__ import annotations

from guardrail.policy.model import Limits
from guardrail.session import Session, Usage

__all__ = ["over"]


def over(limits: Limits, session: Session, usage: Usage) -> tuple[str, ...]:
    """Which caps this turn goes over, by the names that policies use.

    The turn itself is already counted in `session` and `usage`, so a cap of 30 turns lets 30
    through. The clock is the server's: it was read when the session was advanced.
    """
    sitting = (session.last_seen - session.sitting_started) / 60.0
    reached = {
        "turns_per_minute": _beyond(len(session.recent), limits.turns_per_minute),
        "session_minutes": _beyond(sitting, limits.session_minutes),
        "daily_minutes": _beyond(usage.seconds / 60.0, limits.daily_minutes),
    }
    return tuple(name for name, hit in reached.items() if hit)


def _beyond(value: float, cap: float | None) -> bool:
    return cap is not None and value > cap
