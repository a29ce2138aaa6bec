"""What was done: responses, cases, complaints, acts of guardians, notices, revisions. Folds, pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guardrail.cases import CaseBook
from guardrail.report.figures import Period, Place, Scope
from guardrail.store.base import Event
from guardrail.turn import ACTION_RANK, Action

__all__ = ["HOURS", "Acts", "Cases", "Notices", "Responses", "Revisions", "Tickets"]

HOURS = (1, 24, 72)
"""Upper edges, in hours, of the time until a case was resolved, each outside its group."""


class Responses:
    """Folds interventions: to what, and how, the guard answered."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.cause: Counter[str] = Counter()
        self.action: Counter[str] = Counter()
        self.age: Counter[str] = Counter()
        self.contact = 0  # where it was proposed to tell a guardian or an emergency contact
        self.total = 0

    def add(self, event: Event) -> None:
        """Take in one intervention."""
        if not self._scope.holds(event):
            return
        decision = event.body["decision"]
        actions = [Action(action) for action in decision["actions"]]
        self.total += 1
        self.cause[decision["label"] or decision["rule"]] += 1
        self.action[max(actions, key=ACTION_RANK.__getitem__, default=Action.ALLOW)] += 1
        self.age[event.body["profile"]["age_band"]] += 1
        self.contact += Action.CONTACT in actions


class Revisions:
    """Folds decisions: which policy revision spoke from when to when."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._spans: dict[str, tuple[float, float]] = {}

    def add(self, event: Event) -> None:
        """Take in an intervention or a record."""
        if event.at not in self._period:
            return
        for tag in _tags(event.body):
            first, last = self._spans.get(tag, (event.at, event.at))
            self._spans[tag] = (min(first, event.at), max(last, event.at))

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Revision, its first and its last day, in the order in which they came."""
        spans = sorted(self._spans.items(), key=lambda item: (item[1], item[0]))
        day = self._period.day
        return tuple((tag, day(first), day(last)) for tag, (first, last) in spans)


def _tags(body: Mapping[str, Any]) -> Iterable[str]:
    if "decision" in body:
        return (body["decision"]["policy"],)
    return {decision["policy"] for decision in body.get("decisions", ())}


class Cases:
    """Folds `case.` events: how many were opened in the year, how grave, and how soon resolved.

    Of two ids for the same trouble the book of cases makes one case; it is one here, too. So events
    of earlier years have to come in: a case of this year may have gone into one that still waited.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._book = CaseBook()
        self.label: Counter[str] = Counter()
        self.severity: Counter[str] = Counter()
        self.signals = 0
        self._opened: dict[str, float] = {}
        self._resolved: dict[str, float] = {}

    def add(self, event: Event) -> None:
        """Take in one event, in the order of the log."""
        self._book.add((event,))
        case, body = self._book.home(event.subject), event.body
        if event.kind == "case.opened" and event.at in self._scope.period:
            if case == event.subject and self._scope.place(body.get("region")) is Place.HERE:
                self._opened[case] = event.at
                self.label[body["label"]] += 1
                self.severity[body["severity"]] += 1
        elif case not in self._opened:
            return
        elif event.kind == "case.signal":
            self.signals += 1
        elif event.kind == "case.resolved":
            self._resolved.setdefault(case, event.at)

    @property
    def opened(self) -> int:
        """Cases opened in the year."""
        return len(self._opened)

    @property
    def resolution(self) -> Counter[str]:
        """Cases by the hours until they were first resolved; "open" if they never were."""
        found: Counter[str] = Counter()
        for case, at in self._opened.items():
            until = self._resolved.get(case)
            found["open" if until is None else _hours(until - at)] += 1
        return found


def _hours(seconds: float) -> str:
    return next((str(edge) for edge in HOURS if seconds < edge * 3600.0), "more")


@dataclass(slots=True)
class _Ticket:
    due: float
    heard_by: float
    heard: float | None = None
    ended: float | None = None
    how: str = ""


class Tickets:
    """Folds the events of one register ("complaint", "incident"): categories, and whether in time."""

    def __init__(self, matter: str, period: Period, now: float) -> None:
        self.matter, self._period, self._now = matter, period, now
        self.category: Counter[str] = Counter()
        self._tickets: dict[str, _Ticket] = {}

    def add(self, event: Event) -> None:
        """Take in one event, in the order of the log."""
        word, body = event.kind.partition(".")[2], event.body
        if word == "opened":
            if event.at in self._period and event.subject not in self._tickets:
                due = float(body.get("answer_by", body.get("due", float("inf"))))
                heard_by = float(body.get("acknowledge_by", due))
                self._tickets[event.subject] = _Ticket(due, heard_by)
                self.category[body["category"]] += 1
            return
        one = self._tickets.get(event.subject)
        if one is None or one.ended is not None:
            return
        if word in {"acknowledged", "answered", "closed"} and one.heard is None:
            one.heard = event.at
        if word in {"answered", "closed"}:
            one.ended, one.how = event.at, word

    @property
    def opened(self) -> int:
        """Tickets opened in the year."""
        return len(self._tickets)

    @property
    def progress(self) -> Counter[str]:
        """Tickets by what became of them until now."""
        return Counter(self._became(one) for one in self._tickets.values())

    @property
    def unheard(self) -> int:
        """Tickets that were not acknowledged in time."""
        late = (self._now if one.heard is None else one.heard for one in self._tickets.values())
        return sum(at > one.heard_by for at, one in zip(late, self._tickets.values(), strict=True))

    def _became(self, one: _Ticket) -> str:
        if one.ended is None:
            return "overdue" if self._now > one.due else "open"
        if one.how == "closed":
            return "closed"
        return "answered" if one.ended <= one.due else "late"


class Acts:
    """Folds `person.` events: what guardians and operators set, and appeals against an age."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self.kinds: Counter[str] = Counter()
        self.appeals: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        """Take in one event."""
        if event.at not in self._period:
            return
        kind = event.kind.partition(".")[2]
        if kind == "age_appeal":
            self.appeals[event.body["verdict"]] += 1
        else:
            self.kinds[kind] += 1


class Notices:
    """Folds `notice.shown` events, by notice."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.shown: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        """Take in one event."""
        if self._scope.holds(event):
            self.shown[event.body["notice"]] += 1
