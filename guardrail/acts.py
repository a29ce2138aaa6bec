"""What an act makes of a person: the nouns of `people`, and the fold of its events. Pure.

An event may be applied again (see `people`): an act that is older than what it would change changes
nothing, and all others say how things are, not by how much they move.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from guardrail.household import changed, spent
from guardrail.person import IDLE_GAP, Age, Consent, Person, aged, appealed, released
from guardrail.store.base import Event
from guardrail.turn import AgeBand, Evidence

__all__ = [
    "APPEAL",
    "ERASED",
    "MAKES",
    "Act",
    "Appeal",
    "Verdict",
    "Who",
    "appeals",
    "applied",
    "newcomer",
]


@dataclass(frozen=True, slots=True)
class Who:
    """A person by the key that the store knows; `new`: may be made known by an act."""

    key: str
    new: bool


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, by a name of the caller's ("operator"), and why, as a code ("guardian-request")."""

    by: str
    reason: str = ""


class Verdict(StrEnum):
    """What became of an appeal."""

    OPENED = "opened"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Appeal:
    """Somebody says that they were taken for the wrong age. Times are epoch seconds."""

    ticket: str
    key: str
    opened_at: float
    due: float
    verdict: Verdict = Verdict.OPENED
    decided_at: float | None = None


APPEAL = "person.age_appeal"
ERASED = "person.erased"
"""Their data was deleted: what was done before it is not done again."""
MAKES = frozenset(
    {
        "person.consent",
        "person.age_set",
        "person.curfew_lifted",
        "person.paused",
        "person.house_set",
    }
)
"""Acts that make somebody known."""


def applied(person: Person, event: Event) -> Person:
    """The person after an act. An act that is older than what it would change changes nothing."""
    body = event.body
    given = person.consent.at if person.consent is not None else event.at
    match event.kind:
        case "person.consent" if given <= event.at:
            person = replace(person, consent=Consent(body["scope"], body["version"], event.at))
        case "person.consent_revoked" if given <= event.at:
            person = replace(person, consent=None)
        case "person.age_set" if person.age.at <= event.at:
            person = aged(person, _age(event))
        case "person.age_appeal" if person.age.at <= event.at:
            granted = body["verdict"] == Verdict.GRANTED
            person = appealed(person, _age(event)) if granted else person
        case "person.crisis_released" if person.crisis.since <= event.at:
            person = released(person)
        case "person.curfew_lifted":
            person = replace(person, curfew_lifted=float(body["until"]))
        case "person.paused" | "person.resumed":
            person = replace(person, paused=event.kind == "person.paused")
        case _:
            person = _overseen(person, event)
    return person


def _overseen(person: Person, event: Event) -> Person:
    """The person after what a guardian, or the app for one, has told of them."""
    body = event.body
    match event.kind:
        case "person.house_set" if person.house is not None or body["begins"]:
            return replace(person, house=changed(person.house, body["set"]))
        case "person.house_ended":
            return replace(person, house=None, character="", characters={})
        case "person.spent":
            told = (body["month"], body["amount"], body["reference"])
            return replace(person, spending=spent(person.spending, *told))
        case "person.guardian_told":
            return replace(person, guardian_told=max(person.guardian_told, event.at))
    return person


def newcomer(key: str, at: float) -> Person:
    """Somebody of whom an act tells before any turn. Until their first turn nothing is use."""
    before = at - IDLE_GAP - 1.0
    return Person(key, since=at, last_seen=before, sitting=before)


def _age(event: Event) -> Age:
    years = event.body["years"]
    return Age(
        AgeBand(event.body["band"]),
        Evidence(event.body["proof"]),
        (years[0], years[1]) if years is not None else None,
        event.at,
    )


def appeals(events: Iterable[Event]) -> tuple[Appeal, ...]:
    """The appeals of a log, oldest first."""
    found: dict[str, Appeal] = {}
    for event in events:
        ticket, verdict = event.subject, Verdict(event.body["verdict"])
        if verdict is Verdict.OPENED:
            found[ticket] = Appeal(ticket, event.user or "", event.at, event.body["due"])
        elif ticket in found:
            found[ticket] = replace(found[ticket], verdict=verdict, decided_at=event.at)
    return tuple(found.values())
