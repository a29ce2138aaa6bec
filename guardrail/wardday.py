"""How a ward's day stands: what is open, what is used, what is left. Pure.

For the guardian's page and for the app, from the same caps and clocks that a turn is judged by. No
words and no conversations: days, minutes, nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from guardrail.duties import Moment, moment, states
from guardrail.household import Household, quiet_until
from guardrail.limits import allowed
from guardrail.person import IDLE_GAP, Day, Person
from guardrail.policy.model import Limits, Policy
from guardrail.turn import AgeBand, Profile, State

__all__ = ["WardDay", "ward_day"]

WEEK = 7

_CLOSED = (
    (State.PAUSED, "paused"),
    (State.NO_CONSENT, "consent"),
    (State.CURFEW, "quiet"),
)


@dataclass(frozen=True, slots=True)
class WardDay:
    """One moment of a ward's day.

    `closed` is why nobody answers the ward now: paused, consent, quiet, daily, session, or "".
    `caps` are what counts, `service` what the policy alone would allow. `week` are the last seven
    days, today last; `used` of the last 28 had any use. Minutes are rounded down.
    """

    at: Moment
    closed: str
    used: int
    sitting: int
    caps: Limits
    service: Limits
    bonus: int
    quiet_until: int | None  # minutes after midnight
    lifted_until: float  # epoch seconds; 0 if quiet hours are not lifted now
    week: tuple[Day, ...]
    days_used: int
    spent: int
    house: Household
    adult: bool

    @property
    def left(self) -> int | None:
        """Minutes that are left today; `None` without a cap."""
        cap = self.caps.daily_minutes
        return None if cap is None else max(0, cap - self.used)

    @property
    def ends(self) -> float:
        """When the calendar turns, in epoch seconds (an hour early or late where clocks change)."""
        return self.at.midnight + 86_400.0

    @property
    def nights(self) -> int:
        """Nights of the week with use between midnight and five."""
        return sum(day.night >= 60.0 for day in self.week)  # noqa: PLR2004 - a minute


def ward_day(policy: Policy, person: Person, now: float, *, region: str | None = None) -> WardDay:
    """How the day of a ward stands under a policy."""
    house = person.house or Household()
    at = moment(now, house.zone or policy.zone)
    # Where nobody knows better, a ward is a child.
    band = AgeBand.MINOR if person.age.band is AgeBand.UNKNOWN else person.age.band
    profile = Profile(person.key, band, region, years=person.age.years)
    service = policy.caps(profile)
    caps = allowed(service, person, at.day)
    used = int(person.today(at.day).seconds // 60)
    present = now - person.last_seen <= IDLE_GAP
    sitting = int((person.last_seen - person.sitting) // 60) if present else 0
    month = person.spending
    return WardDay(
        at=at,
        closed=_closed(states(policy, profile, person, at), caps, used, sitting),
        used=used,
        sitting=sitting,
        caps=caps,
        service=service,
        bonus=house.bonus_on(at.day),
        quiet_until=quiet_until(house, at.day, at.minutes),
        lifted_until=person.curfew_lifted if now < person.curfew_lifted else 0.0,
        week=_week(person.days, at.day),
        days_used=sum(day.turns > 0 for day in person.days),
        spent=month.amount if month is not None and month.month == at.day[:7] else 0,
        house=house,
        adult=person.age.band is AgeBand.ADULT,
    )


def _closed(held: frozenset[State], caps: Limits, used: int, sitting: int) -> str:
    found = [word for state, word in _CLOSED if state in held]
    if caps.daily_minutes is not None and used >= caps.daily_minutes:
        found.append("daily")
    if caps.session_minutes is not None and sitting >= caps.session_minutes:
        found.append("session")
    return next(iter(found), "")


def _week(days: Sequence[Day], today: str) -> tuple[Day, ...]:
    known = {day.day: day for day in days}
    last = date.fromisoformat(today)
    dates = [(last - timedelta(days=back)).isoformat() for back in reversed(range(WEEK))]
    return tuple(known.get(day, Day(day)) for day in dates)
