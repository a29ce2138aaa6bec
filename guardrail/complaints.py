"""Complaints and incidents: tickets with a due date. A ticket is the fold of its events. Pure.

CN Measures Art 21 asks for a channel with a published process and a deadline, CA B&P 21812(d)(7) for
a way to report incidents; neither gives a number, so these are ours. What is kept of a complaint is a
category, a turn and a keyed hash of where the answer goes: never what somebody wrote.

The due dates stand in the event that opened a ticket: other settings later change no promise made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from guardrail.store.base import Event

__all__ = [
    "CATEGORIES",
    "Complaint",
    "ComplaintBook",
    "Matter",
    "Progress",
    "Terms",
    "Ticket",
    "opening",
    "step",
]


class Matter(StrEnum):
    """Which register a ticket stands in."""

    COMPLAINT = "complaint"  # of a person, about how they were treated
    INCIDENT = "incident"  # a report of harm, by anybody


CATEGORIES: Mapping[Matter, frozenset[str]] = {
    Matter.COMPLAINT: frozenset(
        {"age", "blocked", "content", "crisis", "limits", "manipulation", "payment", "privacy",
         "other"}
    ),
    Matter.INCIDENT: frozenset(
        {"self_harm", "harm_to_others", "sexual", "minor", "manipulation", "data", "other"}
    ),
}  # fmt: skip
"""What a ticket may be about. A list, and no words of one's own: those would be message text."""


class Progress(StrEnum):
    """How far a ticket has come."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"  # without an answer: a duplicate, withdrawn


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds until somebody has to have said that it arrived, and until it has to be answered."""

    acknowledge: float = 24 * 3600.0
    resolve: float = 15 * 86_400.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket is about. `contact` and `user` are keyed hashes."""

    category: str
    turn: str | None = None
    contact: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """One ticket as it stands. Times are epoch seconds."""

    ticket: str
    matter: Matter
    about: Ticket
    opened_at: float
    acknowledge_by: float
    answer_by: float
    progress: Progress = Progress.OPENED
    acknowledged_at: float | None = None
    ended_at: float | None = None  # answered or closed
    outcome: str = ""  # a code

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.ended_at is None

    def overdue(self, now: float) -> tuple[str, ...]:
        """What should have been done by now: "acknowledge", "answer"."""
        if not self.open:
            return ()
        late = ["acknowledge"] if self.acknowledged_at is None and now > self.acknowledge_by else []
        return (*late, "answer") if now > self.answer_by else tuple(late)


class ComplaintBook:
    """All tickets of one register. It is read once: whoever reads on adds only what came since."""

    def __init__(self, matter: Matter) -> None:
        self.matter, self.seq = matter, 0
        self._tickets: dict[str, Complaint] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Add events of this register, in the order of the log."""
        for event in events:
            if event.seq <= self.seq:
                continue
            self.seq = event.seq
            found = _moved(self._tickets.get(event.subject), event, self.matter)
            if found is not None:
                self._tickets[event.subject] = found

    def get(self, ticket: str) -> Complaint | None:
        """One ticket."""
        return self._tickets.get(ticket)

    def all(self, *, everything: bool = False) -> tuple[Complaint, ...]:
        """Tickets that are open, or all of them, those that are due first."""
        found = (one for one in self._tickets.values() if everything or one.open)
        return tuple(sorted(found, key=lambda one: (not one.open, one.answer_by, one.ticket)))


def opening(
    matter: Matter, ticket: str, about: Ticket, at: float, *, terms: Terms, by: str
) -> Event:
    """The event that opens a ticket under a new number."""
    body = {
        "by": by,
        "category": about.category,
        "turn": about.turn,
        "contact": about.contact,
        "acknowledge_by": at + terms.acknowledge,
        "answer_by": at + terms.resolve,
    }
    kind = f"{matter}.{Progress.OPENED}"
    return Event(f"{kind}.{ticket}", at, kind, ticket, user=about.user, body=body)


def step(one: Complaint, progress: Progress, at: float, *, by: str, outcome: str = "") -> Event:
    """The event that moves a ticket on. Each step is taken once: the second time adds nothing."""
    kind = f"{one.matter}.{progress}"
    body = {"by": by, "outcome": outcome}
    return Event(f"{kind}.{one.ticket}", at, kind, one.ticket, user=one.about.user, body=body)


def _moved(one: Complaint | None, event: Event, matter: Matter) -> Complaint | None:
    """The ticket after one more event; what a later release writes leaves it as it is."""
    word, body = event.kind.partition(".")[2], event.body
    if word == Progress.OPENED and one is None:
        about = Ticket(body["category"], body["turn"], body["contact"], event.user)
        return Complaint(
            event.subject, matter, about, event.at, body["acknowledge_by"], body["answer_by"]
        )
    if one is None or not one.open or word not in set(Progress) - {Progress.OPENED}:
        return one
    heard = one.acknowledged_at if one.acknowledged_at is not None else event.at
    if word == Progress.ACKNOWLEDGED:
        return replace(one, progress=Progress.ACKNOWLEDGED, acknowledged_at=heard)
    return replace(
        one,
        progress=Progress(word),
        acknowledged_at=heard,
        ended_at=event.at,
        outcome=body["outcome"],
    )
