"""Which cases somebody wants to see, in which order, and how many there are of each kind. Pure.

Import these names from `guardrail.cases`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guardrail._case import Case, Status, rank
from guardrail.turn import AgeBand, Severity

__all__ = ["Queue", "Tally", "Wanted", "by_gravity", "listed", "tallied"]

FLAGS = ("mine", "unclaimed", "overdue", "breached", "opinion", "contact")
"""The filters that are on or off."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of the queue: every field that is set must match.

    Resolved cases are shown only if `status` asks for them. `mine`: claimed by whoever asks.
    """

    status: Status | None = None
    severity: Severity | None = None
    label: str | None = None
    language: str | None = None
    age_band: AgeBand | None = None
    tenant: str | None = None
    mine: bool = False
    unclaimed: bool = False
    overdue: bool = False  # waits, and somebody should have it
    breached: bool = False  # nobody came in time, also where somebody has it by now
    opinion: bool = False  # somebody wants a second opinion
    contact: bool = False  # a contact waits for the second member

    def holds(self, case: Case, member: str) -> bool:
        """Whether a case is asked for."""
        if self.status is None and case.status is Status.RESOLVED:
            return False
        same = (
            (self.status, case.status),
            (self.severity, case.severity),
            (self.language, case.language),
            (self.age_band, case.age_band),
            (self.tenant, case.tenant),
        )
        if any(asked is not None and asked != found for asked, found in same):
            return False
        if self.label is not None and self.label not in case.labels:
            return False
        marks = _marked(case, member)
        return all(marks[name] for name in FLAGS if getattr(self, name))


@dataclass(frozen=True, slots=True)
class Queue:
    """What somebody sees: a page of it, how many match, and how many wait in all, by filter.

    `counts` names each filter ("severity", "mine", …) and how many cases that are not resolved it
    would show: by value, or under "" for a filter that is on or off.
    """

    cases: tuple[Case, ...]
    total: int
    counts: Mapping[str, Mapping[str, int]]


def _marked(case: Case, member: str) -> dict[str, bool]:
    """The filters that are on or off, for one case."""
    return {
        "mine": case.claimed_by is not None and case.claimed_by == member,
        "unclaimed": case.waits,
        "overdue": case.overdue,
        "breached": case.breached,
        "opinion": case.wants_opinion,
        "contact": bool(case.proposed),
    }


def by_gravity(case: Case) -> tuple[float, float, str]:
    """The order of the queue: the gravest first, then by deadline."""
    return (-rank(case.severity), case.deadline, case.id)


def listed(
    cases: Iterable[Case], wanted: Wanted, member: str, *, limit: int = 50, offset: int = 0
) -> Queue:
    """A page of the cases that are wanted. Resolved ones stand with the latest first."""
    found = tuple(cases)
    if wanted.status is Status.RESOLVED:
        order = sorted(found, key=lambda case: (-case.resolved_at, case.id))
    else:
        order = sorted(found, key=by_gravity)
    matching = [case for case in order if wanted.holds(case, member)]
    page = tuple(matching[offset : offset + limit])
    return Queue(page, len(matching), _counted(found, member))


def _counted(cases: Iterable[Case], member: str) -> dict[str, dict[str, int]]:
    """How many cases that are not resolved each filter would show."""
    names = ("status", "severity", "label", "language", "age_band", "tenant")
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    flags: Counter[str] = Counter()
    for case in cases:
        if case.status is Status.RESOLVED:
            continue
        for name in names:
            values = case.labels if name == "label" else (str(getattr(case, name)),)
            found[name].update(values)
        flags.update(name for name, on in _marked(case, member).items() if on)
    on_or_off = {name: {"": flags[name]} for name in FLAGS}
    return {name: dict(counter) for name, counter in found.items()} | on_or_off


@dataclass(frozen=True, slots=True)
class Tally:
    """What the gauges show of one severity. `oldest`: seconds that the one nobody has waits."""

    open: int = 0
    claimed: int = 0
    overdue: int = 0
    oldest: float = 0.0


def tallied(cases: Iterable[Case], now: float) -> dict[Severity, Tally]:
    """Cases that are not resolved, by severity; each severity is there."""
    sorted_out: dict[Severity, list[Case]] = {severity: [] for severity in Severity}
    for case in cases:
        if case.status is not Status.RESOLVED:
            sorted_out[case.severity].append(case)
    return {severity: _tally(found, now) for severity, found in sorted_out.items()}


def _tally(cases: list[Case], now: float) -> Tally:
    waiting = [case for case in cases if case.waits]
    return Tally(
        open=len(cases),
        claimed=len(cases) - len(waiting),
        overdue=sum(case.overdue for case in waiting),
        oldest=max((now - case.waits_since for case in waiting), default=0.0),
    )
