"""The statutory count: how often somebody was pointed to crisis help, and by what rule. Pure.

The counting rule, in one place:

1. A *referral* is an answer of ours that names help lines (`resources`) because of a crisis: its
   decision is about self-harm, or raises the crisis state, or its rule or text is one for crises.
2. It counts once for each answer (turn), however many of its decisions say so.
3. It counts if the answer reached the client. The record of the turn says that. Where the record is
   not there any more it counts, and the report says how many such there are.
4. Where: the region that the app gave for this person. A region that is not known, or known only as
   the country, is told apart and never guessed.
5. When: the time of the turn, in the calendar of the zone that the report names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from guardrail.store.base import Event
from guardrail.turn import Danger, Label, Outcome

__all__ = ["COUNTED", "Delivery", "Period", "Place", "Referrals", "Scope", "delivery"]


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar year in a time zone; `begin` and `end` are epoch seconds, the end is outside."""

    year: int
    zone: ZoneInfo
    begin: float
    end: float

    @classmethod
    def of(cls, year: int, zone: str) -> Period:
        """The year in this IANA zone.

        Raises:
            ValueError, LookupError: there is no such zone.
        """
        where = ZoneInfo(zone)
        begin, end = (datetime(y, 1, 1, tzinfo=where).timestamp() for y in (year, year + 1))
        return cls(year, where, begin, end)

    def __contains__(self, at: float) -> bool:
        return self.begin <= at < self.end

    def day(self, at: float) -> str:
        """The day there, as YYYY-MM-DD."""
        return datetime.fromtimestamp(at, self.zone).date().isoformat()

    def month(self, at: float) -> str:
        """The month there, as YYYY-MM."""
        return self.day(at)[:7]

    @property
    def months(self) -> tuple[str, ...]:
        """All twelve."""
        return tuple(f"{self.year}-{month:02}" for month in range(1, 13))


class Place(StrEnum):
    """Where somebody is, as a jurisdiction sees it."""

    HERE = "here"
    UNKNOWN = "unknown"  # no region was given, or only the country of which this is a part
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: a year and a jurisdiction ("US-CA", "CN"; "" is everywhere)."""

    period: Period
    region: str = ""

    def place(self, region: str | None) -> Place:
        """Where a person of this region is."""
        if not self.region:
            return Place.HERE
        if region is None:
            return Place.UNKNOWN
        given, wanted = f"{region.upper()}-", f"{self.region}-"
        if given.startswith(wanted):
            return Place.HERE
        return Place.UNKNOWN if wanted.startswith(given) else Place.ELSEWHERE

    def holds(self, event: Event) -> bool:
        """Whether an event with a profile in its body belongs here and into this year."""
        return event.at in self.period and self.place(region_of(event)) is Place.HERE


def region_of(event: Event) -> str | None:
    """The region that an event's profile names."""
    region: str | None = event.body.get("profile", {}).get("region")
    return region


class Delivery(StrEnum):
    """Whether the words of an intervention reached the client."""

    CONFIRMED = "confirmed"
    PURGED = "purged"  # the record is past its retention; it cannot be checked any more
    MISSING = "missing"  # the record should be there and is not: a crash, or the turn is under way
    GONE = "gone"  # the client hung up
    FAULT = "fault"  # we failed, and the static help words went out instead
    BROKEN = "broken"  # the backend's stream could not be read and was cut off


COUNTED = (Delivery.CONFIRMED, Delivery.PURGED, Delivery.MISSING)

_FATES: Mapping[str, Delivery] = {
    Outcome.CLIENT_GONE: Delivery.GONE,
    Outcome.FAULT: Delivery.FAULT,
}
_UNREAD = "stream"  # what `Review.unreadable` notes of a stream that could not be read


def delivery(record: Mapping[str, Any] | None, at: float, oldest: float) -> Delivery:
    """What became of the words of a turn at `at`, as its record tells.

    `record` is the body of its record, if there is one; `oldest` the time of the oldest record in
    the store. An error of the backend does not take our words away: they go out beside it, or in
    its place (`Exchange`, `Responder`). Only a stream loses them that has begun to arrive and then
    cannot be read.
    """
    if record is None:
        return Delivery.PURGED if at < oldest else Delivery.MISSING
    outcome = record["outcome"]
    begun = record["counts"].get("released_chars", 0) > 0
    if outcome == Outcome.UPSTREAM_BROKEN and begun and _UNREAD in record["unjudged"]:
        return Delivery.BROKEN
    return _FATES.get(outcome, Delivery.CONFIRMED)


class Referrals:
    """Folds interventions to the count, its side series and its breakdowns.

    For each event: if `wants` it, look up the record of its turn and `add` both.
    """

    def __init__(self, scope: Scope, crisis: frozenset[str]) -> None:
        """Take the scope, and the ids of rules that are for crises."""
        self.scope, self._crisis = scope, crisis
        self.fate: Counter[str] = Counter()  # of those here, counted or not
        self.place: Counter[str] = Counter()  # of those that count
        self.month: Counter[str] = Counter()
        self.age: Counter[str] = Counter()
        self.language: Counter[str] = Counter()
        self.cause: Counter[str] = Counter()
        self.rule: Counter[str] = Counter()
        self.other = 0  # interventions that name help lines for another reason
        self._turns: set[int] = set()  # hashes: ids themselves would be five times as large
        self._talks: set[int] = set()
        self._users: set[int] = set()
        self.unnamed = 0  # referrals to somebody without a user id

    @property
    def count(self) -> int:
        """The figure: referrals here, in this year, that count."""
        return self.place[Place.HERE]

    @property
    def by_talk(self) -> int:
        """The same, but each conversation once a day."""
        return len(self._talks)

    @property
    def by_user(self) -> int:
        """The same, but each user once; somebody without an id by conversation."""
        return len(self._users)

    def wants(self, event: Event) -> bool:
        """Whether an intervention may count, as far as it says itself. Ask once for each."""
        if event.at not in self.scope.period:
            return False
        decision = event.body["decision"]
        if not self._refers(decision):
            here = self.scope.place(region_of(event)) is Place.HERE
            self.other += bool(decision["resources"]) and here
            return False
        turn = hash(event.subject)
        if turn in self._turns:
            return False
        self._turns.add(turn)
        return True

    def add(self, event: Event, fate: Delivery) -> None:
        """Count an intervention that is wanted."""
        place = self.scope.place(region_of(event))
        if place is Place.HERE:
            self.fate[fate] += 1
        if fate not in COUNTED:
            return
        self.place[place] += 1
        if place is Place.HERE:
            self._break_down(event)

    def _break_down(self, event: Event) -> None:
        decision, profile = event.body["decision"], event.body["profile"]
        talk = event.conversation or event.subject
        self.month[self.scope.period.month(event.at)] += 1
        self.age[profile["age_band"]] += 1
        self.language[profile["language"]] += 1
        self.cause[_cause(decision)] += 1
        self.rule[decision["rule"]] += 1
        self.unnamed += event.user is None
        self._talks.add(hash((talk, self.scope.period.day(event.at))))
        self._users.add(hash(("user", event.user) if event.user else ("talk", talk)))

    def _refers(self, decision: Mapping[str, Any]) -> bool:
        return bool(decision["resources"]) and (
            decision["label"] == Label.SELF_HARM
            or decision.get("danger", Danger.NONE) != Danger.NONE
            or decision["rule"] in self._crisis
            or "crisis" in (decision["text"] or "")
        )


def _cause(decision: Mapping[str, Any]) -> str:
    """What a referral answered to: words of the person, of the bot, or a crisis still open."""
    if decision["label"] is None:
        return "open_crisis"
    return f"{decision['side']}.{decision['label']}"
