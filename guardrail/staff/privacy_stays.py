"""What stays when somebody's data is deleted, and why. Nothing is read or written here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from guardrail.person import IDLE_GAP, Person
from guardrail.turn import AgeBand

__all__ = ["STAYS", "minded", "protected", "protects"]

STAYS: Mapping[str, str] = {
    "audit": "the proof that the log was not changed",
    "case": "that a human worked on a case, when and how it ended: evidence that a duty was kept; "
    "its words are gone",
    "complaint": "complaints, their deadlines and outcomes",
    "guardian": "what guardians agreed to and did: they may have to prove it, too",
    "incident": "reports of harm, their deadlines and outcomes",
    "intervention": "that we spoke, and under which rule",
    "letter": "that somebody was notified, without what was said",
    "notice": "that a notice was shown which the law asks for",
    "person": "consents, age evidence, acts of guardians and staff, and this deletion",
    "referral": "that words which name help arrived: the yearly count (CA B&P 22603)",
    "record": "scores and rules of single turns; they are deleted by age (retention_days)",
}
"""What stays in the log, by the first word of its kind, and why (GDPR Art. 17(3)(b) and (e))."""


def protected(person: Person, at: float) -> Person | None:
    """What stays of somebody whose data was deleted at `at` while their account goes on.

    Age, guardian's consent and limits, a pause, and today's minutes: without them a child would be
    nobody's child again, with a new day of minutes (CN Measures Art 14; CA B&P 21812(d)(3)).
    """
    if not person.kept:
        return None
    before = at - IDLE_GAP - 1.0
    return Person(
        person.key,
        since=math.nextafter(at, math.inf),  # of a life after the deletion, which is not done twice
        last_seen=before,
        sitting=before,
        age=person.age,
        days=tuple(replace(day, signs=0, night=0.0) for day in person.days[-1:]),
        consent=person.consent,
        paused=person.paused,
        curfew_lifted=person.curfew_lifted,
        house=person.house,
        spending=person.spending,
    )


def minded(person: Person | None) -> bool:
    """Whether somebody looks after them, and has to be reached as long as they do."""
    if person is None:
        return False
    settled = person.consent is not None or person.house is not None
    return settled or person.age.band is AgeBand.MINOR


def protects(person: Person | None) -> tuple[str, ...]:
    """The names of what stays, as `Outcome.protects` has them."""
    if person is None:
        return ()
    kept = {
        "age": person.age.at or person.age.years,
        "consent": person.consent,
        "house": person.house,
        "paused": person.paused,
    }
    return tuple(name for name, value in kept.items() if value)
