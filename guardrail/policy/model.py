"""What a policy is, once loaded: frozen, checked, and ready for `decide`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Danger,
    Detector,
    Grade,
    Label,
    Level,
    Profile,
    Severity,
    Side,
    State,
)

__all__ = [
    "EVERYWHERE",
    "Clock",
    "Condition",
    "Consent",
    "CrisisTerms",
    "Curfew",
    "Dependence",
    "Exit",
    "Facts",
    "Hold",
    "Kind",
    "Limits",
    "Mode",
    "Name",
    "Notice",
    "Policy",
    "Posture",
    "Repair",
    "Resource",
    "Rule",
    "Stage",
    "Start",
    "Threshold",
    "strictest",
]

Name = Label | Detector
"""What a threshold or a condition may be about."""


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
class Condition:
    """When a rule matches. Empty fields do not restrict.

    `labels` (one of them) at `grade` or above; `level` at or above; `limit` a cap that was reached
    ("turns_per_minute", "session_minutes", "daily_minutes"); `states` all of them; `under` an age
    in years that the person may be younger than.
    """

    side: Side | None = None
    labels: frozenset[Name] = frozenset()
    grade: Grade = Grade.HARD
    level: Level | None = None
    ages: frozenset[AgeBand] = frozenset()
    limit: str | None = None
    states: frozenset[State] = frozenset()
    under: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """When → then. The first rule that matches decides.

    `danger` raises the person's crisis state; `again` are the texts for the second, third … sign
    in one crisis, the last of them for all that follow.
    """

    id: str
    when: Condition
    then: tuple[Action, ...]
    text: str | None = None
    resources: bool = False
    keep_reply: bool = False
    severity: Severity | None = None
    reason: str = ""
    article: str = ""
    danger: Danger = Danger.NONE
    again: tuple[str, ...] = ()
    stage: Stage = Stage.CRISIS
    pack: str = ""  # the pack that it stands in, and its number there
    number: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person has to be told at a certain time.

    Due when one of these holds: a beginning (`start`), `every_minutes` of use without a break,
    `absence_days` away, a state that has just begun (`on`); not within `cooldown_minutes` of the
    last time. It follows the reply if `in_band`, and always stands in the answer's headers.
    """

    id: str
    text: str
    start: Start | None = None
    every_minutes: float | None = None
    absence_days: float | None = None
    on: frozenset[State] = frozenset()
    cooldown_minutes: float = 0.0
    ages: frozenset[AgeBand] = frozenset()
    under: int | None = None
    in_band: bool = True
    reason: str = ""
    article: str = ""
    pack: str = ""
    number: int = 0
    line: int = 0


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
    """

    hold_hours: float = 24.0
    point_minutes: float = 10.0
    omission: float = 0.5
    repair: Repair = Repair.APPEND


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


class Kind(StrEnum):
    """What a help resource is for."""

    CRISIS = "crisis"
    YOUTH = "youth"
    GAMBLING = "gambling"
    EMERGENCY = "emergency"
    DIRECTORY = "directory"


EVERYWHERE = "*"
"""The region of a resource that serves all of them."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One place where a person finds help. `verified_on` is an ISO date; `source` says by what."""

    region: str  # ISO 3166-1 alpha-2, or EVERYWHERE
    kind: Kind
    languages: tuple[str, ...]
    ages: tuple[AgeBand, ...]
    name: Mapping[str, str]  # by language
    contact: Mapping[str, str]  # by language: "call or text 988"
    numbers: tuple[str, ...]  # as dialled
    hours: str
    source: str
    verified_on: str
    certainty: str  # high | med


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, whole: a pack, or a stack of them. `revision` is a hash of all that can matter.

    `origins` says for each value by its path ("limits.minor.daily_minutes") which pack it comes
    from; `articles` which article it keeps. `young` are caps for those who may be under an age.
    """

    name: str
    revision: str
    title: str
    mode: Mode
    rules: tuple[Rule, ...]
    thresholds: Mapping[tuple[Name, Side, AgeBand], Threshold]
    postures: Mapping[tuple[Name, Side, AgeBand], Posture]
    texts: Mapping[str, Mapping[str, str]]  # key → language → words
    resources: tuple[Resource, ...]
    limits: Mapping[AgeBand, Limits] = field(default_factory=dict)
    hold: Hold = field(default_factory=Hold)
    default_regions: Mapping[str, str] = field(default_factory=dict)  # by language
    languages: tuple[str, ...] = ("en", "zh")
    young: Mapping[int, Limits] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    curfews: tuple[Curfew, ...] = ()
    consents: tuple[Consent, ...] = ()
    crisis: CrisisTerms = field(default_factory=CrisisTerms)
    exit: Exit = field(default_factory=Exit)
    dependence: Dependence | None = None
    unknown_age: AgeBand = AgeBand.UNKNOWN  # how somebody is treated whose age nobody knows
    suppress: Mapping[AgeBand, frozenset[str]] = field(default_factory=dict)
    zone: str = "UTC"  # of the calendar, where the person's own is not known
    extends: tuple[str, ...] = ()
    effective: str = ""  # the first day on which it counts, as an ISO date
    pins: frozenset[str] = frozenset()
    articles: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    unpinned: Policy | None = None  # what it would be without pins, where there are some

    @property
    def tag(self) -> str:
        """`name@revision`, as it stands in every decision."""
        return f"{self.name}@{self.revision}"

    def caps(self, profile: Profile) -> Limits:
        """The caps of this person: of all lines that are about them, the strictest of each."""
        own = self.limits.get(profile.age_band, Limits())
        if not self.young:
            return own
        found = [own]
        found += [caps for age, caps in self.young.items() if profile.under(age)]
        return strictest(found)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision may depend on."""

    id: str  # becomes Decision.id
    side: Side
    profile: Profile
    assessment: Assessment
    limits: tuple[str, ...] = ()  # caps that this turn goes over
    states: frozenset[State] = frozenset()


def strictest(found: Iterable[Limits]) -> Limits:
    """For each cap the lowest that anybody names."""
    given = tuple(found)

    def lowest(name: str) -> int | None:
        caps = [cap for limits in given if (cap := getattr(limits, name)) is not None]
        return min(caps, default=None)

    return Limits(*(lowest(field.name) for field in fields(Limits)))
