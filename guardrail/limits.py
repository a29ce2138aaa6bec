"""Caps on time and number, as facts for the policy. Pure; what to do about them is a rule's word."""

from __future__ import annotations

from guardrail.person import Person
from guardrail.policy.model import Limits, strictest
from guardrail.session import Session

__all__ = ["allowed", "over"]


def allowed(caps: Limits, person: Person, day: str) -> Limits:
    """The stricter of what the policy and what a guardian allows on this day.

    A guardian's extra minutes go on top of their own caps, never over the policy's.
    """
    house = person.overseen
    if house is None:
        return caps
    bonus = house.bonus_on(day)
    own = Limits(
        session_minutes=_more(house.session_minutes, bonus),
        daily_minutes=_more(house.daily_minutes, bonus),
    )
    return strictest((caps, own))


def _more(cap: int | None, bonus: int) -> int | None:
    return None if cap is None else cap + bonus


def over(limits: Limits, session: Session, person: Person, day: str) -> tuple[str, ...]:
    """Which caps this turn goes over, by the names that policies use.

    The turn itself is already counted in `session` and `person`, so a cap of 30 turns lets 30
    through. The clock is the server's: it was read when both were moved on. Minutes are the
    person's, over all devices, so two devices together cannot exceed a cap by more than a turn.
    """
    sitting = (person.last_seen - person.sitting) / 60.0
    reached = {
        "turns_per_minute": _beyond(len(session.recent), limits.turns_per_minute),
        "session_minutes": _beyond(sitting, limits.session_minutes),
        "daily_minutes": _beyond(person.today(day).seconds / 60.0, limits.daily_minutes),
    }
    return tuple(name for name, hit in reached.items() if hit)


def _beyond(value: float, cap: float | None) -> bool:
    return cap is not None and value > cap
