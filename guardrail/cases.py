"""Cases: what a moderator works on. A case is the fold of its events and nothing else. Pure.

Three promises of this file:

1. One crisis is one case. A case's id follows from conversation, label and day, so every worker
   that sees the same crisis names the same case, and opening it twice opens it once.
2. A case that was closed too early comes back: a signal after `case.resolved` opens it again. (Its
   `case.opened` has been there since the first signal and is not added a second time.)
3. No message text. Events carry facts and ids; a case only counts its notes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from guardrail.person import stricter
from guardrail.store.base import Event
from guardrail.turn import AgeBand, Decision, Level, Severity, Turn

__all__ = ["Case", "CaseBook", "Status", "opening", "signal"]

WINDOW = 86_400.0
"""Seconds that one crisis lasts at most. Windows are days in UTC; one that goes on past midnight
becomes a second case, which is the price of an id that needs no look-up."""


class Status(StrEnum):
    """Whether a human still has to look."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Case:
    """One crisis of one conversation.

    Severity, level and age band are the gravest any signal gave, region and language the latest.
    """

    id: str
    conversation: str
    user: str | None
    opened_at: float
    updated_at: float
    status: Status
    severity: Severity
    label: str
    level: Level | None
    signals: int
    notes: int
    region: str | None
    language: str
    age_band: AgeBand
    policy: str  # "name@revision" of the latest decision
    decisions: tuple[str, ...]  # ids, oldest first


def opening(decision: Decision, turn: Turn, level: Level | None = None) -> Event:
    """The event that opens a case, or does nothing if the case is there. `signal` goes with it."""
    return _event("case.opened", decision, turn, level)


def signal(decision: Decision, turn: Turn, level: Level | None = None) -> Event:
    """The event that adds one decision to its case; always appended right behind `opening`."""
    event = _event("case.signal", decision, turn, level)
    return replace(event, id=f"{event.id}.{decision.id}")


class CaseBook:
    """All cases of a log. It is read once: whoever reads on adds only what came since.

    `seq` is the last event that is in the book; what is in it already does not count again.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._cases: dict[str, Case] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Add `case.` events, in the order of the log."""
        for event in events:
            if event.seq <= self.seq:
                continue
            self.seq = event.seq
            case = _moved(self._cases.get(event.subject), event)
            if case is not None:
                self._cases[event.subject] = case

    def waiting(self) -> tuple[Case, ...]:
        """Cases for a human: the gravest first, and among equals the one that waits longest."""
        waiting = [case for case in self._cases.values() if case.status is Status.OPEN]
        return tuple(sorted(waiting, key=lambda c: (-_rank(c.severity), c.opened_at, c.id)))


def _event(kind: str, decision: Decision, turn: Turn, level: Level | None) -> Event:
    case = _case_id(decision, turn)
    return Event(
        id=f"{kind}.{case}",
        at=turn.at,
        kind=kind,
        subject=case,
        user=turn.profile.user,
        conversation=turn.conversation,
        body=_facts(decision, turn, level),
    )


def _case_id(decision: Decision, turn: Turn) -> str:
    window = str(int(turn.at // WINDOW))
    key = "\n".join((turn.conversation, _about(decision), window))
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def _about(decision: Decision) -> str:
    """What the case is about; a cap on time has no label, so its rule stands for it."""
    return decision.label or decision.rule


def _facts(decision: Decision, turn: Turn, level: Level | None) -> dict[str, Any]:
    return {
        "severity": decision.severity or Severity.NOTICE,
        "label": _about(decision),
        "level": level,
        "region": turn.profile.region,
        "language": turn.profile.language,
        "age_band": turn.profile.age_band,
        "policy": decision.policy,
        "decision": decision.id,
        "turn": turn.id,
        "rule": decision.rule,
        "side": decision.side,
        "score": round(decision.score, 3),
        "degraded": decision.degraded,
    }


def _moved(case: Case | None, event: Event) -> Case | None:
    """The case after one more event. What came before it was opened tells of nothing."""
    if event.kind in ("case.opened", "case.signal"):
        return _joined(case, event)
    return None if case is None else _touched(case, event)


def _joined(case: Case | None, event: Event) -> Case:
    """The case after `case.opened` or `case.signal`: both carry the facts."""
    facts = event.body
    level = Level(facts["level"]) if facts["level"] is not None else None
    if case is None:
        case = _begun(event, level)
    known = facts["decision"] in case.decisions
    return replace(
        case,
        status=Status.OPEN,
        updated_at=max(case.updated_at, event.at),
        severity=max(case.severity, Severity(facts["severity"]), key=_rank),
        level=_graver(case.level, level),
        signals=case.signals + (event.kind == "case.signal"),
        region=facts["region"] or case.region,
        language=facts["language"],
        age_band=stricter(case.age_band, AgeBand(facts["age_band"])),
        policy=facts["policy"],
        decisions=case.decisions if known else (*case.decisions, facts["decision"]),
    )


def _begun(event: Event, level: Level | None) -> Case:
    facts = event.body
    return Case(
        id=event.subject,
        conversation=event.conversation or "",
        user=event.user,
        opened_at=event.at,
        updated_at=event.at,
        status=Status.OPEN,
        severity=Severity(facts["severity"]),
        label=facts["label"],
        level=level,
        signals=0,
        notes=0,
        region=facts["region"],
        language=facts["language"],
        age_band=AgeBand(facts["age_band"]),
        policy=facts["policy"],
        decisions=(),
    )


def _touched(case: Case, event: Event) -> Case:
    """The case after a moderator's event. A kind from a later release only moves the clock."""
    status = {"case.resolved": Status.RESOLVED, "case.reopened": Status.OPEN}
    return replace(
        case,
        status=status.get(event.kind, case.status),
        notes=case.notes + (event.kind == "case.note"),
        updated_at=max(case.updated_at, event.at),
    )


def _rank(severity: Severity) -> int:
    return list(Severity).index(severity)


def _graver(a: Level | None, b: Level | None) -> Level | None:
    found = [level for level in (a, b) if level is not None]
    return max(found, key=list(Level).index, default=None)
