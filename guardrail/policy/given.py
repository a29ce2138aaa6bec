"""What a case beside a pack gives: scores, a person, and what clock and ledger say of them.

A case is played at noon of a made-up day unless it says when; nobody's real clock is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from guardrail.duties import Moment, due, states
from guardrail.limits import over
from guardrail.person import Day, Person
from guardrail.policy.model import Facts, Limits, Notice, Policy
from guardrail.policy.reader import Reader, suggestion
from guardrail.policy.source import Node
from guardrail.policy.terms import read_clock
from guardrail.policy.vocabulary import GIVEN, LIMIT_NAMES, REGION, Language
from guardrail.session import Session
from guardrail.turn import (
    AgeBand,
    Assessment,
    Detector,
    Label,
    Level,
    Profile,
    Side,
    Signal,
    State,
)

__all__ = ["Given", "Met", "read_given"]

_DAY, _NOW = "2026-11-22", 1_795_348_800.0  # its noon, UTC
_NOON = 12 * 60
_HOUR, _SECONDS = 60.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Met:
    """A given under one policy: what is decided on, which caps count, which notices are owed."""

    facts: Facts
    caps: Limits
    owed: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The facts of a case as written. Times are minutes, `away_days` days."""

    name: str
    side: Side
    profile: Profile
    assessment: Assessment
    limits: tuple[str, ...] = ()
    held: frozenset[State] = frozenset()
    day: date | None = None  # whose rules count; all that will ever be in force, if not given
    signs: int = 1  # which sign of one crisis this is
    sitting_minutes: float = 0.0
    day_minutes: float = 0.0
    away_days: float = 0.0
    clock: int | None = None  # on the wall, in minutes after midnight
    shown: Mapping[str, float] = field(default_factory=dict)  # notice → minutes ago

    def meets(self, policy: Policy) -> Met:
        """This case under a policy. Somebody of unknown age is treated as the policy says."""
        profile, person, at = self.profile, self._person(), self._moment()
        if profile.age_band is AgeBand.UNKNOWN:
            profile = replace(profile, age_band=policy.unknown_age)
        if State.AGE_DOUBT in self.held and profile.age_band is AgeBand.ADULT:
            profile = replace(profile, age_band=policy.doubted_age)
        held = set(self.held)
        if self.clock is not None:
            held |= states(policy, profile, person, at) & {State.CURFEW}
        caps = policy.caps(profile)
        spent = over(caps, Session("case", _NOW, _NOW), person, _DAY)
        limits = tuple(dict.fromkeys((*self.limits, *spent)))
        facts = Facts(
            self.name, self.side, profile, self.assessment, limits=limits, states=frozenset(held)
        )
        return Met(facts, caps, due(policy, profile, person, held=held, at=at))

    def _moment(self) -> Moment:
        minutes = _NOON if self.clock is None else self.clock
        return Moment(_NOW, _DAY, minutes, _NOW - minutes * _HOUR)

    def _person(self) -> Person:
        used = max(self.day_minutes, self.sitting_minutes) * _HOUR
        return Person(
            "case",
            since=_NOW - 90 * _SECONDS,
            last_seen=_NOW,
            sitting=_NOW - self.sitting_minutes * _HOUR,
            days=(Day(_DAY, used, turns=1),),
            shown={notice: _NOW - ago * _HOUR for notice, ago in self.shown.items()},
            away=self.away_days * _SECONDS,
        )


def read_given(reader: Reader, node: Node, name: str) -> Given:
    """The facts of a case; mistakes go to `reader`."""
    keys = reader.fields(node, GIVEN, "given")
    side = reader.word(keys["side"], Side, "a side") if "side" in keys else Side.USER
    return Given(
        name=name,
        side=side,
        profile=_profile(reader, keys),
        assessment=_assessment(reader, side, keys),
        limits=_limits(reader, keys.get("limits")),
        held=frozenset(reader.words(keys["states"], State, "a state") if "states" in keys else ()),
        day=date.fromisoformat(reader.date(keys["on"], "on")) if "on" in keys else None,
        signs=reader.whole(keys["signs"], "signs", 1, 99) if "signs" in keys else 1,
        sitting_minutes=_number(reader, keys, "sitting_minutes", 24 * 60),
        day_minutes=_number(reader, keys, "day_minutes", 24 * 60),
        away_days=_number(reader, keys, "away_days", 3650),
        clock=read_clock(reader, keys["clock"], "clock").minutes if "clock" in keys else None,
        shown=_shown(reader, keys.get("shown")),
    )


def _number(reader: Reader, keys: Mapping[str, Node], name: str, most: float) -> float:
    return reader.number(keys[name], name, 0, most) if name in keys else 0.0


def _shown(reader: Reader, node: Node | None) -> Mapping[str, float]:
    if node is None:
        return {}
    return {
        notice: reader.number(child, f"minutes since {notice}", 0, 1_000_000)
        for notice, child in reader.mapping(node, "shown").items()
    }


def _profile(reader: Reader, keys: Mapping[str, Node]) -> Profile:
    age = reader.word(keys["age"], AgeBand, "an age band") if "age" in keys else AgeBand.UNKNOWN
    region = None
    if "region" in keys:
        region = reader.pattern(keys["region"], REGION, "a region", "two capital letters")
    language = Language.EN
    if "language" in keys:
        language = reader.word(keys["language"], Language, "a language")
    years = None
    if "years" in keys:
        age_in_years = reader.whole(keys["years"], "years", 0, 120)
        years = (age_in_years, age_in_years)
    return Profile(user=None, age_band=age, region=region, language=language.value, years=years)


def _assessment(reader: Reader, side: Side, keys: Mapping[str, Node]) -> Assessment:
    level = reader.word(keys["level"], Level, "a level") if "level" in keys else None
    floor_ran = reader.flag(keys["floor_ran"], "floor_ran") if "floor_ran" in keys else True
    return Assessment(
        side=side,
        signals=_signals(reader, keys.get("scores"), level),
        failed=reader.text(keys.get("failed"), "failed") or None,
        floor_ran=floor_ran,
    )


def _signals(reader: Reader, node: Node | None, level: Level | None) -> tuple[Signal, ...]:
    if node is None:
        return ()
    known = [name.value for name in (*Label, *Detector)]
    signals: list[Signal] = []
    for label, score in reader.mapping(node, "scores").items():
        if label not in known:
            reader.complain(score, f"{label!r} is not a label", suggestion(label, known))
            continue
        value = reader.number(score, f"the score of {label}", 0, 1)
        graded = level if label == Label.SELF_HARM else None
        signals.append(Signal(label, value, source="trial", level=graded))
    return tuple(signals)


def _limits(reader: Reader, node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    names: list[str] = []
    for item in reader.one_or_more(node, "limits"):
        name = reader.text(item, "a limit")
        if name and name not in LIMIT_NAMES:
            reader.complain(item, f"{name!r} is not a limit", suggestion(name, LIMIT_NAMES))
        names.append(name)
    return tuple(names)
