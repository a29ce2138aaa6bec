"""What a policy is made of besides its rules: caps, thresholds, clocks, consent, crisis, privacy.

Small frozen values; `model` puts them together and exports them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from guardrail.turn import AgeBand, Grade

__all__ = [
    "Clock",
    "Consent",
    "CrisisTerms",
    "Curfew",
    "Dependence",
    "Exit",
    "Hold",
    "Limits",
    "Marking",
    "Mode",
    "Posture",
    "Privacy",
    "Repair",
    "Stage",
    "Start",
    "Stop",
    "Threshold",
    "strictest",
]


class Mode(StrEnum):
    """Whether decisions take effect, or are only recorded."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class Stage(StrEnum):
    """What a rule is for. Rules of all packs of a stack are asked in this order."""

    CRISIS = "crisis"
    HARM = "harm"
    LIMIT = "limit"
    CARE = "care"
    NOTE = "note"


class Repair(StrEnum):
    """What happens to a reply that leaves somebody in crisis without help."""

    APPEND = "append"  # help words follow it
    REPLACE = "replace"  # help words stand in its place
    REGENERATE = "regenerate"  # the backend is asked once more, with a note; then as `APPEND`


class Start(StrEnum):
    """How often a notice at the beginning is due."""

    SITTING = "sitting"
    DAY = "day"


class Posture(StrEnum):
    """What happens to text that the model could not judge, per category, side and age band.

    `OPEN`: it passes, recorded and counted. `FLOOR`: it passes if the lexicon looked at it and
    found nothing; if that failed too, as `CLOSED`. `CLOSED`: it does not pass.
    """

    OPEN = "open"
    FLOOR = "floor"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Scores from which a label counts. 0 < soft <= hard <= 1."""

    soft: float
    hard: float

    def grade(self, score: float) -> Grade:
        """How far over these thresholds `score` lies."""
        if score >= self.hard:
            return Grade.HARD
        return Grade.SOFT if score >= self.soft else Grade.NONE


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps for one age band; `None` is no cap. Minutes are of use, turns per running minute."""

    turns_per_minute: int | None = None
    session_minutes: int | None = None
    daily_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """How a stream is held back before release.

    `chars` and `seconds` cap how much and how long text waits for the end of its sentence;
    reaching a cap judges what is there, it never releases unjudged. `tail` characters of judged
    text stay back so that a phrase that spans two windows is still whole when it is found.
    """

    chars: int = 240
    seconds: float = 1.5
    tail: int = 64


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, in minutes after midnight."""

    minutes: int

    def __str__(self) -> str:
        return f"{self.minutes // 60:02}:{self.minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class Curfew:
    """Nights that are kept free for those who may be younger than `under`; may cross midnight."""

    under: int
    begins: Clock
    ends: Clock


@dataclass(frozen=True, slots=True)
class Consent:
    """Whom a guardian has to have agreed for, to what, in which version of the words."""

    under: int
    scope: str = "companion"
    version: str = "1"


@dataclass(frozen=True, slots=True)
class CrisisTerms:
    """How long a crisis is held, and what a reply in it must do.

    `point_minutes`: how long words that point to help cover the replies that follow them, as long
    as nothing new is said. `omission`: the score of `protective` from which a reply points to help.
    `keep_out`: a turn that raised a crisis, and our words to it, are left out of what the backend
    is sent later.
    """

    hold_hours: float = 24.0
    point_minutes: float = 10.0
    omission: float = 0.5
    repair: Repair = Repair.APPEND
    keep_out: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """Words that end the talk at once, by language, and how a goodbye is answered.

    A goodbye that the model finds (`leaving`) goes to the bot, whose answer may not hold the person
    back; one of these words is answered by ours.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Dependence:
    """From which index (0 to 1) a person counts as elevated or high; ages for whom it is kept."""

    elevated: float = 0.5
    high: float = 0.75
    ages: frozenset[AgeBand] = frozenset(AgeBand)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is kept of the words of cases, for how long, and whether anybody may learn from them.

    `case_text_days`: how long the words of a case are kept after it was opened; 0 keeps none.
    `turns`: messages kept around the one that opened it. `hold`: days by age band for which what
    belongs to a case about self-harm may not be deleted, whoever asks (CA B&P 21812.5: three
    years). `train`: whether words may be used to train a model.
    """

    case_text_days: int = 30
    turns: int = 12
    hold: Mapping[AgeBand, int] = field(default_factory=dict)
    train: bool = False

    def hold_days(self, age: AgeBand) -> int:
        """Days for which nothing of somebody's case about self-harm may be deleted; 0 is no hold."""
        return self.hold.get(age, 0)

    def text_days(self, age: AgeBand, *, self_harm: bool) -> int:
        """Days for which the words of a case are kept: a hold goes over the wish to keep less."""
        return max(self.case_text_days, self.hold_days(age) if self_harm else 0)


@dataclass(frozen=True, slots=True)
class Stop:
    """What is out of service for everybody: all of it, or some apps, routes or characters.

    For a major risk (CN Measures Art 24). Characters as `household.character_name` writes them.
    """

    everything: bool = False
    apps: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()
    characters: frozenset[str] = frozenset()

    def holds(self, app: str, route: str, character: str) -> bool:
        """Whether somebody who talks with this character, through this app and route, gets no bot."""
        some = app in self.apps or route in self.routes or character in self.characters
        return self.everything or some

    def __bool__(self) -> bool:
        return self.everything or bool(self.apps or self.routes or self.characters)


@dataclass(frozen=True, slots=True)
class Marking:
    """The label that what the bot says is generated (CN Labelling Measures Arts 4 and 5).

    `explicit`: a text's key, for people. `implicit`: metadata for machines, by its key; `{id}` in
    a value stands for the turn's id.
    """

    explicit: str | None = None
    implicit: Mapping[str, str] = field(default_factory=dict)


def strictest(found: Iterable[Limits]) -> Limits:
    """For each cap the lowest that anybody names."""
    given = tuple(found)

    def lowest(name: str) -> int | None:
        caps = [cap for limits in given if (cap := getattr(limits, name)) is not None]
        return min(caps, default=None)

    return Limits(*(lowest(field.name) for field in fields(Limits)))
