"""What a policy is, once loaded: frozen, checked, and ready for `decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from guardrail.policy.parts import (
    Clock,
    Consent,
    CrisisTerms,
    Curfew,
    Dependence,
    Exit,
    Hold,
    Limits,
    Marking,
    Mode,
    Posture,
    Privacy,
    Repair,
    Stage,
    Start,
    Stop,
    Threshold,
    strictest,
)
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
    "Marking",
    "Mode",
    "Name",
    "Notice",
    "Policy",
    "Posture",
    "Privacy",
    "Repair",
    "Resource",
    "Rule",
    "Stage",
    "Start",
    "Stop",
    "Threshold",
    "strictest",
]

Name = Label | Detector
"""What a threshold or a condition may be about."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule matches. Empty fields do not restrict.

    `labels` (one of them) and `all_of` (each of them) at `grade` or above; `level` at or above; `limit` a cap that was reached
    ("turns_per_minute", "session_minutes", "daily_minutes"); `states` all of them,
    `unless` none of them; `under` an age in years that the person may be younger than.
    """

    side: Side | None = None
    labels: frozenset[Name] = frozenset()
    grade: Grade = Grade.HARD
    level: Level | None = None
    ages: frozenset[AgeBand] = frozenset()
    limit: str | None = None
    states: frozenset[State] = frozenset()
    under: int | None = None
    all_of: frozenset[Name] = frozenset()
    unless: frozenset[State] = frozenset()

    @property
    def names(self) -> frozenset[Name]:
        """Every label and detector that it asks about."""
        return self.labels | self.all_of


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
    reason: str = ""  # in English, or in whatever language it was written without saying which
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)  # by language
    article: str = ""
    danger: Danger = Danger.NONE
    again: tuple[str, ...] = ()
    stage: Stage = Stage.CRISIS
    pack: str = ""  # the pack that it stands in, and its number there
    number: int = 0
    line: int = 0

    def why(self, language: str) -> str:
        """The reason in this language, or as it is written."""
        return self.reasons.get(language, self.reason)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person has to be told at a certain time.

    Due when one of these holds: a beginning (`start`), `every_minutes` of use without a break,
    `absence_days` away, a state that has just begun (`on`); not within `cooldown_minutes` of the
    last time. It follows the reply if `in_band`, and always stands in the answer's headers. Beside
    words for somebody in crisis it stands only `with_help`; while a crisis is open it says
    `crisis_text`, if there is one.
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
    with_help: bool = False
    crisis_text: str = ""
    reason: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    article: str = ""
    pack: str = ""
    number: int = 0
    line: int = 0

    def why(self, language: str) -> str:
        """The reason in this language, or as it is written."""
        return self.reasons.get(language, self.reason)


class Kind(StrEnum):
    """What a help resource is for."""

    CRISIS = "crisis"
    BEREAVEMENT = "bereavement"
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
    tel: str = ""  # for one tap: the number to call, as dialled; empty where it is text only
    sms: str = ""  # the number that takes text messages
    url: str = ""  # a page to write to them
    number: int = field(default=0, repr=False, compare=False)  # of the entry in the file


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
    titles: Mapping[str, str] = field(default_factory=dict)  # by language
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
    doubted_age: AgeBand = AgeBand.ADULT  # how an adult is treated who has said to be under 18
    suppress: Mapping[AgeBand, frozenset[str]] = field(default_factory=dict)
    privacy: Privacy = field(default_factory=Privacy)
    label: Marking = field(default_factory=Marking)
    stop: Stop | None = None
    zone: str = "UTC"  # of the calendar, where the person's own is not known
    extends: tuple[str, ...] = ()
    effective: str = ""  # the first day on which it counts, as an ISO date
    pins: frozenset[str] = frozenset()
    articles: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    clashes: tuple[tuple[Rule, Rule], ...] = ()  # of one id, and about different things
    unpinned: Policy | None = None  # what it would be without pins, where there are some
    unmarked: Mapping[Side, tuple[Rule, ...]] = field(init=False)  # rules that need no label found
    calm: Mapping[Side, tuple[Rule, ...]] = field(init=False)  # those that need no state either
    burst: int = field(init=False)  # turns of a minute to know: one over the highest cap on them

    def __post_init__(self) -> None:
        """What every turn would work out again."""
        bare = [rule for rule in self.rules if not rule.when.names]
        by_side = {s: tuple(r for r in bare if r.when.side in (None, s)) for s in Side}
        caps = (cap.turns_per_minute or 0 for cap in (*self.limits.values(), *self.young.values()))
        calm = {
            side: tuple(r for r in rules if not r.when.states and r.when.limit is None)
            for side, rules in by_side.items()
        }
        object.__setattr__(self, "unmarked", by_side)
        object.__setattr__(self, "calm", calm)
        object.__setattr__(self, "burst", 1 + max(caps, default=0))

    @property
    def tag(self) -> str:
        """`name@revision`, as it stands in every decision."""
        return f"{self.name}@{self.revision}"

    def called(self, language: str) -> str:
        """The title in this language, or as it is written."""
        return self.titles.get(language, self.title)

    def cites(self, path: str, article: str = "") -> str:
        """Every article that a value, rule or notice keeps: its own, and what other packs say of it."""
        said = (*article.split("; "), *self.articles.get(path, "").split("; "))
        return "; ".join(dict.fromkeys(part for part in said if part))

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
