"""Cases: what a moderator works on. A case is the fold of its events and nothing else. Pure.

Promises of this file:

1. One crisis is one case. An id follows from the person and from when their crisis began (or from
   what it is about and the day), so every worker that sees the same crisis names the same case
   without looking anything up, and opening it twice opens it once.
2. Where two ids come out all the same (past midnight, two first signs in the same moment), the book
   joins them: as long as a case of a person waits, what is about the same goes into it.
3. A case that was closed too early comes back: a signal after `case.resolved` opens it again. (Its
   `case.opened` has been there since the first signal and is not added a second time.)
4. No message text. Events carry facts and ids; a case only counts its notes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from guardrail._case import (
    Appeal,
    Asked,
    Case,
    Clocks,
    Contact,
    Let,
    Reopened,
    Resolution,
    Status,
    Verdict,
    Whom,
)
from guardrail._case_fold import File
from guardrail._case_queue import Queue, Tally, Wanted, by_gravity, listed, tallied
from guardrail.store.base import Event
from guardrail.turn import Danger, Decision, Label, Level, Severity, Turn

__all__ = [
    "Appeal",
    "Asked",
    "Case",
    "CaseBook",
    "Clocks",
    "Contact",
    "Let",
    "Queue",
    "Reopened",
    "Resolution",
    "Status",
    "Tally",
    "Verdict",
    "Wanted",
    "Whom",
    "listed",
    "opening",
    "signal",
    "tallied",
]

WINDOW = 86_400.0
"""Seconds of a window where no crisis state says when it began. Windows are days in UTC."""

CRISIS = "crisis"
"""What a case of somebody in crisis is about, whatever label a turn of it had."""

_OTHER_HARM = frozenset(Label) - {Label.SELF_HARM}
"""Harm that is a matter of its own also while somebody is in crisis, unless it raised the crisis."""


def opening(
    decision: Decision,
    turn: Turn,
    level: Level | None = None,
    *,
    since: float = 0.0,
    tenant: str = "",
) -> Event:
    """The event that opens a case, or does nothing if the case is there. `signal` goes with it.

    `since`: when the crisis began that the person is in by now (epoch seconds), this decision
    counted in; 0 if they are in none. `tenant`: the app that they talk through.
    """
    facts = _facts(decision, turn, level) | {"crisis": since, "tenant": tenant}
    return _event("case.opened", turn, facts | {"about": _about(decision, since)})


def signal(
    decision: Decision,
    turn: Turn,
    level: Level | None = None,
    *,
    since: float = 0.0,
    tenant: str = "",
) -> Event:
    """The event that adds one decision to its case; always appended right behind `opening`."""
    opened = opening(decision, turn, level, since=since, tenant=tenant)
    kind = "case.signal"
    return replace(opened, id=f"{kind}.{opened.subject}.{decision.id}", kind=kind)


class CaseBook:
    """All cases of a log. It is read once: whoever reads on adds only what came since.

    `seq` is the last event that is in the book; what is in it already does not count again.
    """

    def __init__(self, clocks: Clocks = Clocks()) -> None:  # noqa: B008 - frozen
        self.seq = 0
        self._clocks = clocks
        self._files: dict[str, File] = {}
        self._open: dict[str, File] = {}  # those that are not resolved
        self._joined: dict[str, str] = {}  # id → the case that it went into
        self._latest: dict[tuple[str, str], str] = {}  # (person, what about) → their latest case
        self._people: dict[str, list[str]] = {}  # user → their cases, oldest first
        self._unsafe: set[str] = set()  # users whose home is where the danger comes from

    def add(self, events: Iterable[Event]) -> None:
        """Add `case.` events, in the order of the log."""
        for event in events:
            if event.seq <= self.seq:
                continue
            self.seq = event.seq
            if event.kind in ("case.opened", "case.signal"):
                self._seen(event)
            elif (file := self._files.get(self._id(event.subject))) is not None:
                self._acted(file, event)

    def get(self, case: str, now: float) -> Case | None:
        """One case, also by an id that was joined into it."""
        file = self._files.get(self._id(case))
        return None if file is None else self._case(file, now)

    def waiting(self, now: float) -> tuple[Case, ...]:
        """Cases that are not resolved: the gravest first, and among equals by deadline."""
        found = [self._case(file, now) for file in self._open.values()]
        return tuple(sorted(found, key=by_gravity))

    def all(self, now: float) -> Iterator[Case]:
        """Every case, resolved or not, in the order in which they were opened."""
        return (self._case(file, now) for file in self._files.values())

    def of(self, user: str, now: float) -> tuple[Case, ...]:
        """Somebody's cases, the latest first."""
        ids = self._people.get(user, ())
        return tuple(self._case(self._files[case], now) for case in reversed(ids))

    def home(self, case: str) -> str:
        """The id under which a case is kept: its own, unless it was joined into another one."""
        return self._id(case)

    def home_danger(self, user: str) -> bool:
        """Whether a member has said that somebody's home is where the danger comes from."""
        return user in self._unsafe

    # -- inside ------------------------------------------------------------------------------

    def _id(self, case: str) -> str:
        return self._joined.get(case, case)

    def _case(self, file: File, now: float) -> Case:
        case = file.case(now)
        unsafe = case.user in self._unsafe and not case.home_danger
        return replace(case, home_danger=True) if unsafe else case

    def _seen(self, event: Event) -> None:
        key = (_person(event), event.body.get("about", event.body["label"]))
        home = self._home(event.subject, key)
        file = self._files.get(home)
        if file is None:
            file = self._files[home] = File(event, self._clocks)
            if event.user is not None:
                self._people.setdefault(event.user, []).append(home)
        self._latest[key] = home
        self._open[home] = file
        file.add(event)

    def _home(self, case: str, key: tuple[str, str]) -> str:
        """The case that a signal goes into: its own, or one about the same that still waits."""
        own = self._id(case)
        waiting = self._latest.get(key)
        if own in self._open or waiting not in self._open:
            return own
        if own not in self._files:
            self._joined[case] = waiting
            self._files[waiting].also(case)
        return waiting

    def _acted(self, file: File, event: Event) -> None:
        file.add(event)
        case = self._id(event.subject)
        if file.over:
            self._open.pop(case, None)
        else:
            self._open[case] = file
        if event.kind == "case.home_danger" and file.user is not None:
            mark = self._unsafe.add if file.home_danger else self._unsafe.discard
            mark(file.user)


def _event(kind: str, turn: Turn, facts: dict[str, Any]) -> Event:
    case = _case_id(turn, facts["about"], facts["crisis"])
    return Event(
        id=f"{kind}.{case}",
        at=turn.at,
        kind=kind,
        subject=case,
        user=turn.profile.user,
        conversation=turn.conversation,
        body=facts,
    )


def _case_id(turn: Turn, about: str, since: float) -> str:
    person = turn.profile.user or turn.conversation
    begun = since if about == CRISIS else 0.0
    window = f"{begun:.3f}" if begun else str(int(turn.at // WINDOW))
    return hashlib.sha256(f"{person}\n{about}\n{window}".encode()).hexdigest()[:20]


def _about(decision: Decision, since: float) -> str:
    """What the case is about; a cap on time has no label, so its rule stands for it."""
    label = decision.label
    if decision.danger is not Danger.NONE or label == Label.SELF_HARM:
        return CRISIS
    if since and label not in _OTHER_HARM:  # such as a bot that asks somebody in crisis for secrecy
        return CRISIS
    return label or decision.rule


def _facts(decision: Decision, turn: Turn, level: Level | None) -> dict[str, Any]:
    return {
        "severity": decision.severity or Severity.NOTICE,
        "label": decision.label or decision.rule,
        "level": level,
        "region": turn.profile.region,
        "language": turn.profile.language,
        "age_band": turn.profile.age_band,
        "policy": decision.policy,
        "decision": decision.id,
        "turn": turn.id,
        "route": turn.route,
        "named": turn.named,
        "rule": decision.rule,
        "article": decision.article,
        "actions": list(decision.actions),
        "states": sorted(decision.states),
        "side": decision.side,
        "score": round(decision.score, 3),
        "degraded": decision.degraded,
    }


def _person(event: Event) -> str:
    return event.user or event.conversation or event.subject
