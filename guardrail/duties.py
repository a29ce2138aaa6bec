"""What the clock and a person's state ask for in this turn: states for the rules, notices due. Pure.

The law's timers run here (CN Measures Arts 10, 14, 18; NY GBL 1702; CA B&P 22602; WA HB 2225): on
the server's clock, over all of a person's devices. What to do about a state is a rule's word.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guardrail.dependence import index
from guardrail.household import quiet_until
from guardrail.person import TOLD, Person
from guardrail.policy.model import Curfew, Notice, Policy, Start
from guardrail.turn import AgeBand, Danger, Profile, State

__all__ = ["Moment", "due", "in_crisis", "moment", "states"]

_ELDER = 60
_NIGHT_ENDS = 5 * 60
_DANGERS = {
    Danger.NONE: frozenset[State](),
    Danger.CONCERN: frozenset({State.CONCERN}),
    Danger.ACTIVE: frozenset({State.CONCERN, State.ACTIVE}),
    Danger.IMMINENT: frozenset({State.CONCERN, State.ACTIVE, State.IMMINENT}),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as the calendar and the clock on the wall say it where the person is."""

    now: float  # epoch seconds
    day: str  # YYYY-MM-DD
    minutes: int  # on the clock, since midnight
    midnight: float  # when this day began, epoch seconds

    @property
    def night(self) -> bool:
        """Between midnight and five: hours whose use counts towards the dependence index."""
        return self.minutes < _NIGHT_ENDS


def moment(now: float, zone: str) -> Moment:
    """The local time of a zone; UTC if it is empty. Summer time is the zone's affair."""
    local = datetime.fromtimestamp(now, _zone(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()
    return Moment(now, local.date().isoformat(), local.hour * 60 + local.minute, midnight)


def _zone(name: str) -> tzinfo:
    """The zone of this name.

    Who names one is asked for a name that exists: requests by `identity`, guardians by `household`,
    packs by their loader. What is left is a database of zones that was taken away under us; then the
    turn goes on by UTC. `guardrail doctor` looks at the database.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def in_crisis(danger: Danger) -> frozenset[State]:
    """The states of a crisis: a grave one is also every milder one."""
    return _DANGERS[danger]


def states(policy: Policy, profile: Profile, person: Person, at: Moment) -> frozenset[State]:
    """What holds of this person now, before anything of this turn is judged."""
    found = {*in_crisis(person.crisis.at(at.now)), *_overseen(person, at)}
    if person.paused:
        found.add(State.PAUSED)
    if 0.0 <= at.now - person.guardian_told < TOLD:
        found.add(State.GUARDIAN_TOLD)
    if person.doubt is not None and not person.doubt.noted:
        found.add(State.AGE_DOUBT)
    if profile.years is not None and profile.years[0] >= _ELDER:
        found.add(State.ELDER)
    if _needs_consent(policy, profile, person):
        found.add(State.NO_CONSENT)
    lifted = at.now < person.curfew_lifted
    if not lifted and any(_forbids(curfew, profile, at.minutes) for curfew in policy.curfews):
        found.add(State.CURFEW)
    terms = policy.dependence
    if terms is not None and profile.age_band in terms.ages:
        height = index(person, at.day).value
        if height >= terms.elevated:
            found.add(State.ELEVATED)
        if height >= terms.high:
            found.add(State.HIGH)
    return frozenset(found)


def _overseen(person: Person, at: Moment) -> set[State]:
    """What follows from what a guardian has set. `at` is the clock in the household's zone."""
    house, spending = person.overseen, person.spending
    if house is None:
        return set()
    found = {State.OVERSIGHT}
    if house.paused:
        found.add(State.PAUSED)
    if at.now >= person.curfew_lifted and quiet_until(house, at.day, at.minutes) is not None:
        found.add(State.CURFEW)
    if person.character in house.blocked:
        found.add(State.CHARACTER)
    this_month = spending is not None and spending.month == at.day[:7]
    if (spending.amount if spending is not None and this_month else 0) >= house.spend_cap:
        found.add(State.SPENT)
    return found


def due(
    policy: Policy, profile: Profile, person: Person, *, held: Collection[State], at: Moment
) -> tuple[Notice, ...]:
    """The notices that this turn owes the person, each text once. `held` are all states by now.

    Of two with the same words the one that is read in the chat counts.
    """
    found: dict[str, Notice] = {}
    for notice in policy.notices:
        if _concerns(notice, profile) and _is_due(notice, person, held, at):
            known = found.get(notice.text)
            if known is None or (notice.in_band and not known.in_band):
                found[notice.text] = notice
    return tuple(found.values())


def _concerns(notice: Notice, profile: Profile) -> bool:
    young = notice.under is None or profile.under(notice.under)
    return young and (not notice.ages or profile.age_band in notice.ages)


def _is_due(notice: Notice, person: Person, held: Collection[State], at: Moment) -> bool:
    last = person.shown.get(notice.id, 0.0)
    if State.GUARDIAN_TOLD in notice.on and last < person.guardian_told:
        return State.GUARDIAN_TOLD in held  # each time that a guardian is told is one to be told of
    if 0.0 <= at.now - last < notice.cooldown_minutes * 60.0:  # not if the clock was set back
        return False
    return (
        _begins(notice, person, last, at)
        or _long_enough(notice, person, last, at)
        or _back_again(notice, person, last)
        or not notice.on.isdisjoint(held)
    )


def _begins(notice: Notice, person: Person, last: float, at: Moment) -> bool:
    if notice.start is Start.SITTING:
        return last < person.sitting or not last
    if notice.start is Start.DAY:
        # Shown since this day's use began: a sitting that crosses midnight is told once more.
        return last < at.midnight
    return False


def _long_enough(notice: Notice, person: Person, last: float, at: Moment) -> bool:
    if notice.every_minutes is None:
        return False
    since = max(person.sitting, last)
    return at.now - since >= notice.every_minutes * 60.0


def _back_again(notice: Notice, person: Person, last: float) -> bool:
    if notice.absence_days is None:
        return False
    return person.away >= notice.absence_days * 86_400.0 and last < person.sitting


def _needs_consent(policy: Policy, profile: Profile, person: Person) -> bool:
    given = person.consent
    return any(
        profile.under(consent.under)
        and (given is None or (given.scope, given.version) != (consent.scope, consent.version))
        for consent in policy.consents
    )


def _forbids(curfew: Curfew, profile: Profile, minutes: int) -> bool:
    if not profile.under(curfew.under) or profile.age_band is not AgeBand.MINOR:
        return False
    begins, ends = curfew.begins.minutes, curfew.ends.minutes
    if begins < ends:
        return begins <= minutes < ends
    return minutes >= begins or minutes < ends
