"""What a policy is, once loaded: frozen, checked, and ready for `decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from guardrail.turn import Action, AgeBand, Assessment, Grade, Label, Level, Profile, Severity, Side

__all__ = [
    "EVERYWHERE",
    "Condition",
    "Facts",
    "Hold",
    "Kind",
    "Limits",
    "Mode",
    "Policy",
    "Posture",
    "Resource",
    "Rule",
    "Threshold",
]


class Mode(StrEnum):
    """Whether decisions take effect, or are only recorded."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


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

    `labels` at `grade` or above; `level` at or above; `limit` a cap that was reached
    ("turns_per_minute", "session_minutes", "daily_minutes").
    """

    side: Side | None = None
    labels: frozenset[Label] = frozenset()
    grade: Grade = Grade.HARD
    level: Level | None = None
    ages: frozenset[AgeBand] = frozenset()
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """When → then. The first rule that matches decides."""

    id: str
    when: Condition
    then: tuple[Action, ...]
    text: str | None = None
    resources: bool = False
    keep_reply: bool = False
    severity: Severity | None = None
    reason: str = ""
    article: str = ""
    line: int = 0


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
    """One policy pack, whole. `revision` is a hash of everything that can change a decision."""

    name: str
    revision: str
    title: str
    mode: Mode
    rules: tuple[Rule, ...]
    thresholds: Mapping[tuple[Label, Side, AgeBand], Threshold]
    postures: Mapping[tuple[Label, Side, AgeBand], Posture]
    texts: Mapping[str, Mapping[str, str]]  # key → language → words
    resources: tuple[Resource, ...]
    limits: Mapping[AgeBand, Limits] = field(default_factory=dict)
    hold: Hold = field(default_factory=Hold)
    default_regions: Mapping[str, str] = field(default_factory=dict)  # by language
    languages: tuple[str, ...] = ("en", "zh")

    @property
    def tag(self) -> str:
        """`name@revision`, as it stands in every decision."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision may depend on."""

    id: str  # becomes Decision.id
    side: Side
    profile: Profile
    assessment: Assessment
    limits: tuple[str, ...] = ()  # caps that this turn goes over
