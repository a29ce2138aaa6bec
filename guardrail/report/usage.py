"""How many people, how old, how long: folds of the records and of the people remembered. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from guardrail.dependence import index
from guardrail.person import IDLE_GAP, Person
from guardrail.policy.model import Dependence
from guardrail.report.figures import Place, Scope, region_of
from guardrail.store.base import Event
from guardrail.turn import AgeBand, Danger

__all__ = ["AGES", "DAY", "MINUTES", "MONTH", "SITTINGS", "People", "Turns"]

DAY = 86_400.0
MONTH = 30 * DAY
"""A month of monthly active users that is not one of the calendar. CN Art 22 defines none."""

AGES = ("under14", "from14", "from16", "minor", "adult", "elder", "unknown")
MINUTES = (15, 30, 60, 120, 240)
"""Upper edges of the minutes that somebody used on a day, each outside its group."""
SITTINGS = (5, 15, 30, 60, 120, 180)
"""The same for a sitting."""

_CHILD, _TEEN, _OLDER, _OLD = 14, 16, 18, 60
_SWEEP = 1_024  # records between two looks for sittings that are over


class Turns:
    """Folds records: users by month, ages, sittings. Keeps a number for each user, no more."""

    def __init__(self, scope: Scope, now: float, oldest: float = float("inf")) -> None:
        """Take the scope, the time, and that of the oldest record in the store."""
        self.scope, self._now, self.oldest = scope, now, oldest
        self.turns: Counter[str] = Counter()  # by month
        self.unnamed: dict[str, set[int]] = defaultdict(set)  # conversations without a user id
        self.place: Counter[str] = Counter()  # turns
        self.sittings: Counter[str] = Counter()
        self._users: dict[str, set[int]] = defaultdict(set)  # by month
        self._recent: set[int] = set()
        self._ages: dict[int, str] = {}
        self._open: dict[int, tuple[float, float]] = {}  # who → begin and end of their sitting
        self._seen = 0

    def add(self, event: Event) -> None:
        """Take in one record, in the order of the log."""
        place = self.scope.place(region_of(event))
        if place is Place.HERE and 0.0 <= self._now - event.at < MONTH and event.user:
            self._recent.add(hash(event.user))
        if event.at not in self.scope.period:
            return
        self.place[place] += 1
        if place is not Place.HERE:
            return
        month = self.scope.period.month(event.at)
        self.turns[month] += 1
        if event.user:
            who = hash(event.user)
            self._users[month].add(who)
            self._ages[who] = age_group(event.body["profile"])
        else:
            self.unnamed[month].add(hash(event.conversation))
        self._sit(hash((event.user or event.conversation,)), event.at)

    def close(self) -> None:
        """End what is still open. Call it once, after the last record."""
        for begin, end in self._open.values():
            self._over(begin, end)
        self._open.clear()

    def users(self, month: str) -> int:
        """Different user ids in a month of the calendar."""
        return len(self._users.get(month, ()))

    @property
    def all_users(self) -> int:
        """Different user ids in the year."""
        return len(self._ages)

    @property
    def recent(self) -> int:
        """Different user ids in the last 30 days, whatever the year of the report."""
        return len(self._recent)

    @property
    def ages(self) -> Counter[str]:
        """Users by age, as it was at their last turn."""
        return Counter(self._ages.values())

    def _sit(self, who: int, at: float) -> None:
        begin, end = self._open.get(who, (at, at))
        if at - end > IDLE_GAP:
            self._over(begin, end)
            begin = end = at
        self._open[who] = (min(begin, at), max(end, at))
        self._seen += 1
        if self._seen % _SWEEP == 0:  # so that only those who are here now are in memory
            # Twice the gap: records of one moment may stand in the log in any order.
            old = [key for key, (_, last) in self._open.items() if at - last > 2 * IDLE_GAP]
            for key in old:
                self._over(*self._open.pop(key))

    def _over(self, begin: float, end: float) -> None:
        self.sittings[group((end - begin) / 60.0, SITTINGS)] += 1


class People:
    """Folds everybody that the store remembers, of all regions: a person has no region."""

    def __init__(self, now: float, today: str, dependence: Dependence | None) -> None:
        self._now, self._today, self._terms = now, today, dependence
        self.known = 0
        self.recent = 0  # seen in the last 30 days
        self.evidence: Counter[str] = Counter()  # of those whose age is known
        self.minors: Counter[str] = Counter()  # by how it is known that they are
        self.minutes: Counter[str] = Counter()  # days of use, by how long
        self.days = 0
        self.night = 0  # days with use between midnight and five
        self.held: Counter[str] = Counter()  # "crisis", "paused", "consent", "elder"
        self.dependence: Counter[str] = Counter()

    def add(self, person: Person) -> None:
        """Take in one person."""
        self.known += 1
        self.recent += 0.0 <= self._now - person.last_seen < MONTH
        age = person.age
        self.evidence[age.evidence] += 1
        if age.band is AgeBand.MINOR:
            self.minors[age.evidence] += 1
        for day in person.days:
            self.days += 1
            self.minutes[group(day.seconds / 60.0, MINUTES)] += 1
            self.night += day.night > 0.0
        states = {
            "crisis": person.crisis.at(self._now) is not Danger.NONE,
            "paused": person.paused,
            "consent": person.consent is not None,
            "elder": age.years is not None and age.years[0] >= _OLD,
        }
        self.held.update(name for name, holds in states.items() if holds)
        if self._terms is not None and age.band in self._terms.ages:
            self._weigh(person, self._terms)

    def _weigh(self, person: Person, terms: Dependence) -> None:
        value = index(person, self._today).value
        grade = "elevated" if value >= terms.elevated else "calm"
        self.dependence["high" if value >= terms.high else grade] += 1


def age_group(profile: Mapping[str, Any]) -> str:
    """The age group of a profile, one of `AGES`."""
    years: Sequence[int] | None = profile.get("years")
    if profile["age_band"] == AgeBand.MINOR:
        return _minor(years)
    if profile["age_band"] == AgeBand.ADULT:
        return "elder" if years is not None and years[0] >= _OLD else "adult"
    return "unknown"


def _minor(years: Sequence[int] | None) -> str:
    """Only where both ends of what is known lie in a group is it that group."""
    if years is None:
        return "minor"
    youngest, oldest = years
    if oldest < _CHILD:
        return "under14"
    if youngest >= _OLDER or oldest >= _OLDER or youngest < _CHILD:
        return "minor"
    if youngest >= _TEEN:
        return "from16"
    return "from14" if oldest < _TEEN else "minor"


def group(value: float, edges: Sequence[int]) -> str:
    """The group of a value, by its upper edge; "more" beyond the last."""
    return next((str(edge) for edge in edges if value < edge), "more")
