"""How events make a case. Pure.

A `File` is folded event by event and gives the `Case` of any moment on request. It is mutable
because a log of 50,000 events has to be read in less than a second when a process starts; what it
gives out is frozen.

Rules of this file:

1. The log decides: of two who acted at once, whoever stands in it first.
2. A claim lives as long as its lease says, by the clock of whoever looks. Nothing has to happen for
   it to end, so nothing that dies can keep a case locked.
3. The clock of a case runs while nobody has it. What was left goes on when they let go; if nothing
   was left, it starts anew, and is rung again.
4. What a later release writes leaves a case as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from guardrail._case import Case, Clocks, Contact, Status, Verdict, Whom, rank
from guardrail.person import stricter
from guardrail.store.base import Event
from guardrail.turn import Action, AgeBand, Level, Severity

__all__ = ["File"]

PERSON = "user"
"""What `by` says of the person, in `case.said`."""

_LEVEL: dict[Level | None, int] = {None: -1} | {level: number for number, level in enumerate(Level)}


class File:
    """One case, as its events left it. `over`: resolved, and not opened again."""

    __slots__ = (
        "_advises", "_age_band", "_alarmed", "_also", "_appealed", "_back", "_breached", "_by", "_claimed_at", "_clocks",
        "_contacts", "_conversations", "_crisis", "_deadline", "_decisions", "_facts", "_first",
        "_generation", "_heard_at", "_joined", "_joined_at", "_labels", "_left", "_level", "_made", "_named", "_notes",
        "_opinions", "_resolution", "_resolved_at", "_resolved_by", "_round", "_said_at",
        "_severity", "_signals", "_since", "_until", "_updated_at", "_wants", "home_danger", "over", "user",
    )  # fmt: skip

    def __init__(self, event: Event, clocks: Clocks) -> None:
        facts = event.body
        self._first, self._facts, self._clocks = event, facts, clocks
        self.user, self.over, self.home_danger = event.user, False, False
        self._severity, self._level = Severity(facts["severity"]), _level(facts)
        self._age_band = AgeBand(facts["age_band"])
        self._updated_at, self._crisis = event.at, facts.get("crisis", 0.0)
        self._conversations = {event.conversation or "": None}
        self._labels: dict[str, None] = {}
        self._decisions: dict[str, None] = {}
        self._also: dict[str, None] = {}
        self._signals = self._notes = self._opinions = self._generation = 0
        self._by: str | None = None
        self._joined: str | None = None
        self._until = self._joined_at = self._said_at = self._heard_at = 0.0
        self._left = 0.0  # seconds that the clock still had when the case was claimed
        self._resolved_by: str | None = None
        self._resolved_at, self._resolution = 0.0, ""
        self._wants = self._advises = False
        self._named = True
        self._round = self._back = 0
        self._contacts: dict[str, Contact] = {}
        self._made: Case | None = None  # as it stands while the claim, if there is one, lives
        self._open(event.at)

    def add(self, event: Event) -> None:
        """Take in one more event of this case."""
        self._made = None
        self._let_go_if_over(event.at)
        body = event.body
        generation = body.get("n")
        if generation is not None and generation > self._generation:
            self._generation = generation
        act = _ACTS.get(event.kind)
        if act is not None:
            act(self, event, body)
        self._updated_at = max(self._updated_at, event.at)

    def case(self, now: float) -> Case:
        """The case at this moment."""
        if self._made is None:
            self._made = Case(**self._what_it_is(), **self._who_works_on_it())
        case = self._made
        if case.claimed_by is not None and now >= case.until:
            case = self._lapsed(case)
        if case.waits and now > case.deadline:
            case = replace(case, overdue=True, breached=True)
        return case

    def _what_it_is(self) -> dict[str, Any]:
        facts, first = self._facts, self._first
        return {
            "id": first.subject,
            "conversation": first.conversation or "",
            "user": self.user,
            "opened_at": first.at,
            "updated_at": self._updated_at,
            "severity": self._severity,
            "label": first.body["label"],
            "level": self._level,
            "signals": self._signals,
            "region": facts["region"],
            "language": facts["language"],
            "age_band": self._age_band,
            "policy": facts["policy"],
            "decisions": tuple(self._decisions),
            "conversations": tuple(self._conversations),
            "labels": tuple(self._labels),
            "also": tuple(self._also),
            "states": tuple(facts.get("states", ())),
            "route": facts.get("route", ""),
            "tenant": facts.get("tenant", ""),
            "named": self._named,
            "crisis_since": self._crisis,
            "advises_contact": self._advises,
        }

    def _who_works_on_it(self) -> dict[str, Any]:
        # A colleague who took the case from somebody who talks with the person has not joined yet.
        there = self._joined is not None and self._joined == self._by
        return {
            "status": self._status(there=there),
            "notes": self._notes,
            "claimed_by": self._by,
            "until": self._until if self._by is not None else 0.0,
            "generation": self._generation,
            "joined": self._joined if there else None,
            "joined_at": self._joined_at if there else 0.0,
            "said_at": self._said_at,
            "heard_at": self._heard_at,
            "claimed_at": self._claimed_at,
            "waits_since": self._since if self._by is None and not self.over else 0.0,
            "deadline": self._deadline,
            "round": self._round,
            "came_back": self._back,
            "breached": self._breached,
            "alarmed": self._alarmed,
            "opinions": self._opinions,
            "wants_opinion": self._wants,
            "contacts": tuple(self._contacts.values()),
            "home_danger": self.home_danger,
            "resolved_by": self._resolved_by,
            "resolved_at": self._resolved_at,
            "resolution": self._resolution,
            "appealed": self._appealed,
        }

    def _lapsed(self, case: Case) -> Case:
        """The case after its lease: nobody has it since then, and its clock goes on from there."""
        again = self._left <= 0.0
        return replace(
            case,
            status=Status.OPEN,
            claimed_by=None,
            until=0.0,
            joined=None,
            joined_at=0.0,
            waits_since=case.until,
            deadline=case.until + (self._sla() if again else self._left),
            round=case.round + again,
            alarmed=None if again else case.alarmed,
        )

    def also(self, case: str) -> None:
        """The same crisis was opened under this id, too."""
        self._made = None
        self._also[case] = None

    # -- who has it --------------------------------------------------------------------------

    def _status(self, *, there: bool) -> Status:
        if self.over:
            return Status.RESOLVED
        if self._by is None:
            return Status.OPEN
        return Status.JOINED if there else Status.CLAIMED

    def _sla(self) -> float:
        return self._clocks.of(self._severity)

    def _open(self, at: float) -> None:
        """Begin, or begin again."""
        self.over = False
        self._breached, self._claimed_at, self._appealed = False, 0.0, False
        self._start(at)
        self._back = 0

    def _start(self, at: float) -> None:
        self._since = at
        self._deadline = at + self._sla()
        self._round += 1
        self._alarmed: Severity | None = None

    def _let_go(self, at: float) -> None:
        if self._by is None:
            return
        if self._left > 0.0:
            self._since, self._deadline = at, at + self._left
        else:
            self._start(at)
        self._by = self._joined = None

    def _let_go_if_over(self, at: float) -> None:
        if self._by is not None and at >= self._until:
            self._let_go(self._until)

    def _hold(self, by: str, event: Event) -> None:
        if self.over:
            return
        if self._by is None:
            self._left = self._deadline - event.at
            self._breached = self._breached or self._left < 0.0
        self._by, self._until = by, float(event.body["until"])
        self._claimed_at = self._claimed_at or event.at

    # -- what the guard saw ------------------------------------------------------------------

    def _seen(self, event: Event, facts: Mapping[str, Any]) -> None:
        """`case.opened` or `case.signal`: both carry the facts."""
        severity, level = Severity(facts["severity"]), _level(facts)
        graver = rank(severity) > rank(self._severity)
        if graver:
            self._severity = severity
        if self.over:
            self._open(event.at)
            self._back = 0 if graver else self._round
        elif graver:
            self._hurry(event.at)
        if _LEVEL[level] > _LEVEL[self._level]:
            self._level = level
        self._age_band = stricter(self._age_band, AgeBand(facts["age_band"]))
        self._signals += event.kind == "case.signal"
        region = facts["region"] or self._facts["region"]
        self._facts = facts if region == facts["region"] else {**facts, "region": region}
        self._crisis = facts.get("crisis") or self._crisis
        self._advises = self._advises or Action.CONTACT in facts.get("actions", ())
        self._named = self._named and facts.get("named", True)
        self._labels[facts["label"]] = None
        self._decisions[facts["decision"]] = None
        self._seen_in(event.conversation or "", severity)

    def _seen_in(self, conversation: str, severity: Severity) -> None:
        """Put a conversation last if this sign is as grave as any: a human joins there.

        After a crisis in one chat, a lesser sign in another must not lead the human away from it.
        """
        last = next(reversed(self._conversations))
        if last == conversation:
            return
        self._conversations.pop(conversation, None)
        self._conversations[conversation] = None
        if rank(severity) < rank(self._severity):
            self._conversations[last] = self._conversations.pop(last)

    def _hurry(self, at: float) -> None:
        """It got graver: the shorter clock counts from now, unless the old one rings before."""
        soon = self._sla()
        if self._by is None:
            self._deadline = min(self._deadline, at + soon)
        elif self._left > 0.0:
            self._left = min(self._left, soon)

    # -- what humans did ---------------------------------------------------------------------

    def _claimed(self, event: Event, body: Mapping[str, Any]) -> None:
        self._hold(body["by"], event)

    def _kept(self, _: Event, body: Mapping[str, Any]) -> None:
        if self._by == body["by"]:
            self._until = max(self._until, float(body["until"]))

    def _released(self, event: Event, _: Mapping[str, Any]) -> None:
        self._let_go(event.at)

    def _transferred(self, event: Event, body: Mapping[str, Any]) -> None:
        self._hold(body["to"], event)

    def _joins(self, event: Event, body: Mapping[str, Any]) -> None:
        self._joined, self._joined_at = body["by"], event.at

    def _leaves(self, _: Event, __: Mapping[str, Any]) -> None:
        self._joined = None

    def _said(self, event: Event, body: Mapping[str, Any]) -> None:
        if body["by"] == PERSON:
            self._heard_at = event.at
        else:
            self._said_at = event.at

    def _note(self, _: Event, __: Mapping[str, Any]) -> None:
        self._notes += 1

    def _opinion(self, _: Event, __: Mapping[str, Any]) -> None:
        self._opinions += 1
        self._wants = False

    def _opinion_wanted(self, _: Event, __: Mapping[str, Any]) -> None:
        self._wants = True

    def _danger(self, _: Event, body: Mapping[str, Any]) -> None:
        self.home_danger = bool(body.get("danger", True))

    def _proposed(self, event: Event, body: Mapping[str, Any]) -> None:
        made = Contact(event.id, Whom(body["whom"]), body["reason"], body["by"], event.at)
        self._contacts.setdefault(event.id, made)

    def _decided(self, event: Event, body: Mapping[str, Any]) -> None:
        one = self._contacts.get(body["of"])
        if one is None or one.verdict is not Verdict.PROPOSED:
            return
        approved = event.kind == "case.contact_approved"
        verdict = Verdict.APPROVED if approved else Verdict.REFUSED
        decided = replace(one, verdict=verdict, decided_by=body["by"], decided_at=event.at)
        self._contacts[one.id] = decided

    def _sent(self, event: Event, body: Mapping[str, Any]) -> None:
        """It arrived, or was stopped; one that had left already arrives all the same."""
        one = self._contacts.get(body["of"])
        sent = event.kind == "case.contact_sent"
        before = (Verdict.APPROVED, Verdict.WITHDRAWN) if sent else (Verdict.APPROVED,)
        if one is not None and one.verdict in before:
            verdict = Verdict.SENT if sent else Verdict.WITHDRAWN
            self._contacts[one.id] = replace(one, verdict=verdict)

    def _resolved(self, event: Event, body: Mapping[str, Any]) -> None:
        self._by = self._joined = None
        self.over = True
        self._resolved_by, self._resolved_at = body["by"], event.at
        self._resolution = body.get("reason", "")
        self._notes += "text" in body
        self._wants = False

    def _reopened(self, event: Event, _: Mapping[str, Any]) -> None:
        if self.over:
            self._open(event.at)

    def _appeal(self, event: Event, _: Mapping[str, Any]) -> None:
        if self.over:
            self._open(event.at)
            self._appealed = True

    def _rung(self, _: Event, body: Mapping[str, Any]) -> None:
        self._breached = True
        if body.get("round", self._round) == self._round:
            self._alarmed = Severity(body.get("severity", self._severity))


_ACTS: Mapping[str, Callable[[File, Event, Mapping[str, Any]], None]] = {
    "case.opened": File._seen,  # noqa: SLF001 - the table belongs to the class
    "case.signal": File._seen,  # noqa: SLF001
    "case.claimed": File._claimed,  # noqa: SLF001
    "case.kept": File._kept,  # noqa: SLF001
    "case.released": File._released,  # noqa: SLF001
    "case.transferred": File._transferred,  # noqa: SLF001
    "case.joined": File._joins,  # noqa: SLF001
    "case.left": File._leaves,  # noqa: SLF001
    "case.said": File._said,  # noqa: SLF001
    "case.note": File._note,  # noqa: SLF001
    "case.second_opinion": File._opinion,  # noqa: SLF001
    "case.opinion_wanted": File._opinion_wanted,  # noqa: SLF001
    "case.home_danger": File._danger,  # noqa: SLF001
    "case.contact_proposed": File._proposed,  # noqa: SLF001
    "case.contact_approved": File._decided,  # noqa: SLF001
    "case.contact_refused": File._decided,  # noqa: SLF001
    "case.contact_withdrawn": File._sent,  # noqa: SLF001
    "case.contact_sent": File._sent,  # noqa: SLF001
    "case.resolved": File._resolved,  # noqa: SLF001
    "case.reopened": File._reopened,  # noqa: SLF001
    "case.appealed": File._appeal,  # noqa: SLF001
    "case.breached": File._rung,  # noqa: SLF001
}


def _level(facts: Mapping[str, Any]) -> Level | None:
    return Level(facts["level"]) if facts["level"] is not None else None
