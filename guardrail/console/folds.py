"""What the page of figures shows, folded from the log and from the people remembered. Pure.

Events are counted by day, people by group; nothing here keeps who they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from guardrail.dependence import index
from guardrail.duties import moment
from guardrail.person import Person
from guardrail.policy.model import Dependence
from guardrail.report.usage import MINUTES, age_group, group
from guardrail.store.base import Event
from guardrail.turn import ACTION_RANK, Action, Severity

__all__ = ["INDEX", "Crowd", "Days", "Flow", "Waits", "percentile"]

PERSON = "user"
"""What `by` says of the person, in `case.said`."""

INDEX = (10, 25, 50, 75)
"""Upper edges of the groups of the dependence index, in hundredths, each outside its group."""


@dataclass(frozen=True, slots=True)
class Days:
    """The last days in a zone, oldest first; `begin` in epoch seconds."""

    list: tuple[str, ...]
    begin: float
    zone: str

    @classmethod
    def until(cls, now: float, count: int, zone: str) -> Days:
        """The last `count` days, today counted in."""
        today = moment(now, zone)
        last = date.fromisoformat(today.day)
        found = tuple(
            (last - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)
        )
        return cls(found, today.midnight - (count - 1) * 86_400.0, zone)

    def of(self, at: float) -> str:
        """The day of a moment."""
        return moment(at, self.zone).day


class Flow:
    """Counts by day: signals that called a human, by label; words of ours, by what was done."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self.signals: Counter[tuple[str, str]] = Counter()
        self.actions: Counter[tuple[str, str]] = Counter()

    def add(self, event: Event) -> None:
        """Take in a signal of a case, or an intervention."""
        day = self._days.of(event.at)
        if event.kind == "case.signal":
            self.signals[day, event.body["label"]] += 1
        elif event.kind == "intervention":
            actions = [Action(one) for one in event.body["decision"]["actions"]]
            gravest = max(actions, key=ACTION_RANK.__getitem__, default=Action.ALLOW)
            self.actions[day, gravest] += 1


class Waits:
    """Seconds from the opening of a case to its first claim, and to the first word of a human."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[float, Severity]] = {}
        self._claimed: dict[str, float] = {}
        self._spoken: dict[str, float] = {}

    def add(self, event: Event) -> None:
        """Take in one event of a case, in the order of the log."""
        case, body = event.subject, event.body
        if event.kind == "case.opened":
            self._opened.setdefault(case, (event.at, Severity(body["severity"])))
        elif event.kind in ("case.claimed", "case.transferred"):
            self._claimed.setdefault(case, event.at)
        elif event.kind == "case.said" and body["by"] != PERSON:
            self._spoken.setdefault(case, event.at)

    def claims(self, severity: Severity) -> list[float]:
        """Of the cases that somebody claimed."""
        return self._since(self._claimed, severity)

    def words(self, severity: Severity) -> list[float]:
        """Of the cases in which somebody wrote."""
        return self._since(self._spoken, severity)

    def _since(self, acts: Mapping[str, float], severity: Severity) -> list[float]:
        """Only cases that were opened in the time that was read; the others began before it."""
        opened = ((acts[case], *one) for case, one in self._opened.items() if case in acts)
        return sorted(at - began for at, began, grave in opened if grave is severity)


class Crowd:
    """Everybody that the store remembers, by group: age, minutes a day, dependence index."""

    def __init__(self, days: Days, terms: Dependence | None) -> None:
        self._days, self._terms = days, terms
        self.ages: Counter[str] = Counter()
        self.minutes: Counter[str] = Counter()
        self.index: Counter[str] = Counter()

    def add(self, people: Iterable[Person]) -> None:
        """Take in a page of people."""
        for person in people:
            age = person.age
            self.ages[age_group({"age_band": age.band, "years": age.years})] += 1
            for day in person.days:
                if day.day >= self._days.list[0]:
                    self.minutes[group(day.seconds / 60.0, MINUTES)] += 1
            if self._terms is not None and age.band in self._terms.ages:
                value = index(person, self._days.list[-1]).value
                self.index[group(value * 100.0, INDEX)] += 1


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest rank among sorted values: p50 of one is that one; `None` of none."""
    if not values:
        return None
    rank = max(1, -(-len(values) * share // 1))
    return values[int(rank) - 1]
