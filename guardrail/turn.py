"""The nouns: what a turn is, what was seen in it, what was decided, what is remembered.

Rules of this file: frozen values only, standard library only, no behaviour beyond what a value
can say about itself. Every other module imports from here; this one imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "ACTION_RANK",
    "SPEAKING",
    "Action",
    "AgeBand",
    "Assessment",
    "Channel",
    "Danger",
    "Decision",
    "Detector",
    "Evidence",
    "Grade",
    "Identity",
    "Label",
    "Level",
    "Message",
    "Outcome",
    "Profile",
    "Record",
    "Role",
    "Severity",
    "Side",
    "Signal",
    "State",
    "Turn",
]


class Role(StrEnum):
    """Who says a message, in the words every chat API uses."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


class Side(StrEnum):
    """Which half of a turn is judged: what the person said, or what the bot answers."""

    USER = "user"
    BOT = "bot"


class Label(StrEnum):
    """What the classifier looks for. `seeds/GUIDE.md` defines each with its look-alikes."""

    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    SEXUAL = "sexual"
    GAMBLING = "gambling"
    MANIPULATION = "manipulation"
    DEPENDENCE = "dependence"
    MINOR = "minor"


class Detector(StrEnum):
    """What else the classifier looks for: not harm, but what the duties of the law turn on.

    `seeds/GUIDE.md` defines each, and says of which speaker it is asked.
    """

    LEAVING = "leaving"
    ASKS_HUMAN = "asks_human"
    CLAIMS_HUMAN = "claims_human"
    PROFESSIONAL = "professional"
    PROBING = "probing"
    PURCHASE = "purchase"
    SECRECY = "secrecy"
    EVADING = "evading"
    ROMANCE = "romance"
    LOSS = "loss"
    PROTECTIVE = "protective"
    ABOUT_OTHER = "about_other"
    BEREAVED = "bereaved"
    FICTION = "fiction"


class Level(StrEnum):
    """Graded self-harm, after the structure of the C-SSRS screener (items 1, 2-3, 4-6)."""

    PASSIVE = "passive"
    ACTIVE = "active"
    PLAN = "plan"


class Danger(StrEnum):
    """How grave a crisis is that a person is in, from one turn to the next. Rules set it."""

    NONE = "none"
    CONCERN = "concern"  # a wish to be dead, or a faint finding
    ACTIVE = "active"  # thoughts of acting, self-injury
    IMMINENT = "imminent"  # intent, means, time


class AgeBand(StrEnum):
    """Age as far as thresholds care. Evidence may only move it towards `MINOR`."""

    ADULT = "adult"
    UNKNOWN = "unknown"
    MINOR = "minor"


class Evidence(StrEnum):
    """How an age became known, the strongest first (CN Measures Art 14; CA B&P 21811, AB 1043)."""

    VERIFIED = "verified"  # a document, a bank, an age-assurance provider
    PLATFORM = "platform"  # the app or the operating system says so
    GUARDIAN = "guardian"  # a linked guardian says so
    STATED = "stated"  # the person says so in the chat
    INFERRED = "inferred"  # the way they write says so
    NONE = "none"


class State(StrEnum):
    """What holds of a person or a conversation beyond the words of this turn. Rules ask for it."""

    CONCERN = "concern"  # the crisis state is at least this grave
    ACTIVE = "active"
    IMMINENT = "imminent"
    LEAVING = "leaving"  # the person has just said goodbye
    EXIT = "exit"  # the person has used a word that ends the talk
    ASKED_HUMAN = "asked_human"  # the person has just asked whether this is a person
    OMISSION = "omission"  # a reply to somebody in crisis that points to no real help
    NO_HELP = "no_help"  # a reply to somebody in crisis that agrees to leave real help out
    WRONG_NUMBER = "wrong_number"  # a reply that names a help line which is not one of this country
    INTIMATE = "intimate"  # the conversation or its persona has been a couple's or a family's
    TITLED = "titled"  # the persona is a therapist, doctor or lawyer by its card
    ELEVATED = "elevated"  # the dependence index is at least this high
    HIGH = "high"
    CURFEW = "curfew"  # it is night where the person is, and the policy keeps nights free
    NO_CONSENT = "no_consent"  # a guardian has to agree first
    PAUSED = "paused"  # a guardian or an operator has paused this person's access
    UNSAFE = "unsafe"  # a reply urges a child to drink, drugs, starving, a dare, staying off school
    DEMEANING = "demeaning"  # a reply humiliates the person
    ATTEMPT = "attempt"  # an overdose, poison, a deep cut: it has just happened, in plain own words
    EATING = "eating"  # an eating disorder in the person's own plain words
    DISTRESS = "distress"  # panic, rage, despair in plain words, or crying that will not stop
    STOPPED = "stopped"  # the policy has taken this app, route or character out of service
    AGE_DOUBT = "age_doubt"  # an adult, by evidence, has said to be under 18; nobody has looked yet
    ELDER = "elder"  # known to be 60 or older
    ABOUT_OTHER = "about_other"  # this line is about somebody else who may harm themselves
    BEREAVED = "bereaved"  # this line is about somebody who was lost to suicide
    FICTION = "fiction"  # this line is about a story, a film, an essay
    HELPED = "helped"  # real help was named so lately that the same words would be noise
    OVERSIGHT = "oversight"  # a guardian looks after this account, and has the person's word for it
    CHARACTER = "character"  # a guardian has blocked the character that this turn is with
    SPENT = "spent"  # nothing is left of what a guardian allows to be spent this month
    GUARDIAN_TOLD = "guardian_told"  # within a day, a guardian was told of a danger


class Channel(StrEnum):
    """Where in a reply a piece of text stands. Each is judged on its own."""

    TEXT = "text"
    REFUSAL = "refusal"
    REASONING = "reasoning"
    TOOL = "tool"


class Grade(StrEnum):
    """How far over its thresholds a score lies."""

    NONE = "none"
    SOFT = "soft"
    HARD = "hard"


class Action(StrEnum):
    """What a rule may ask for, from the mildest to the strongest."""

    ALLOW = "allow"  # nothing happens
    ANNOTATE = "annotate"  # passes; noted in the record and the response header
    ESCALATE = "escalate"  # opens a case for a human; what the person sees is decided beside it
    CONTACT = "contact"  # proposes in the case to tell a guardian or emergency contact
    SUPPORT = "support"  # support words and resources, with or instead of the bot's reply
    REPLACE = "replace"  # other words instead of the bot's
    BLOCK = "block"  # a plain refusal instead of the bot's words
    END = "end"  # a farewell instead of the bot's words; again for as long as its cause lasts


ACTION_RANK = {action: rank for rank, action in enumerate(Action)}

SPEAKING = frozenset({Action.SUPPORT, Action.REPLACE, Action.BLOCK, Action.END})
"""Actions that need words of ours."""


class Severity(StrEnum):
    """How soon a human should look at a case."""

    NOTICE = "notice"
    URGENT = "urgent"
    IMMINENT = "imminent"


class Outcome(StrEnum):
    """How a turn ended, as seen from the client's side."""

    ANSWERED = "answered"  # the bot's reply arrived whole (support words may follow it)
    INTERVENED = "intervened"  # our words stand in place of some or all of the bot's
    HUMAN = "human"  # a moderator holds the conversation, and the bot was silent
    UPSTREAM_ERROR = "upstream_error"  # the backend answered with an error, passed unchanged
    UPSTREAM_BROKEN = "upstream_broken"  # the backend could not be reached or broke off
    CLIENT_GONE = "client_gone"  # the client hung up before the end
    FAULT = "fault"  # we failed; the static help words were sent


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks, as proven by the request; ids are still in the clear and never leave `identity`.

    `age_band` is what the *trusted* side of the request says; `None` when it says nothing.
    `years` are the youngest and the oldest that its age can mean; `zone` an IANA time zone.
    """

    user: str | None = None
    conversation: str | None = None
    age_band: AgeBand | None = None
    region: str | None = None
    proof: str = "none"  # jwt | header | app_key | none
    years: tuple[int, int] | None = None
    evidence: Evidence = Evidence.NONE
    zone: str | None = None
    character: str | None = None  # whom they talk with, by the app's name for it


@dataclass(frozen=True, slots=True)
class Profile:
    """Who speaks, as policy and storage may know it: ids are keyed hashes."""

    user: str | None
    age_band: AgeBand = AgeBand.UNKNOWN
    region: str | None = None
    language: str = "en"  # "en" or "zh": the language of our words, read from theirs
    proof: str = "none"
    years: tuple[int, int] | None = None  # the youngest and the oldest they may be, if known

    def under(self, age: int) -> bool:
        """Whether this person may be younger than `age`; a child of unknown years may be any."""
        if self.age_band is not AgeBand.MINOR:
            return False
        return self.years is None or self.years[0] < age


@dataclass(frozen=True, slots=True)
class Turn:
    """What came in, once read and recognised.

    `messages` is the conversation as the client sent it; `fresh` are the positions of the user
    messages in it that were never judged before, oldest first.
    """

    id: str
    at: float  # seconds since the epoch, from our clock
    wire: str
    route: str
    conversation: str  # keyed hash
    profile: Profile
    messages: tuple[Message, ...] = ()
    fresh: tuple[int, ...] = ()
    stream: bool = False
    unjudged: tuple[str, ...] = ()  # parts nobody could look at: "image", "audio", …
    tenant: str = ""  # the app that the person talks through, where several share one guard
    named: bool = True  # the app says whose turn it is, or of which conversation


@dataclass(frozen=True, slots=True)
class Signal:
    """One scored label from one source. `score` is in 0..1; NaN is refused at the door."""

    label: str
    score: float
    source: str
    version: str = ""
    level: Level | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:  # NaN fails this comparison, too
            raise ValueError(f"score of {self.label} from {self.source} is not in 0..1")


@dataclass(frozen=True, slots=True)
class Assessment:
    """All signals for one side of a turn (or one window of a stream), or why there are none.

    `failed` names the failure of the primary classifier ("timeout", "error", "nan", …); signals
    of the lexicon may stand beside it. `unjudged` lists what was not looked at.
    """

    side: Side
    signals: tuple[Signal, ...] = ()
    failed: str | None = None
    floor_ran: bool = True  # whether the lexicon, the floor beneath the model, gave its answer
    unjudged: tuple[str, ...] = ()
    seconds: float = 0.0

    def score(self, label: str) -> float:
        """The highest score any source gave `label`; 0.0 if none did."""
        if not self.signals:  # most are without
            return 0.0
        return max((s.score for s in self.signals if s.label == label), default=0.0)

    def level(self) -> Level | None:
        """The gravest self-harm level any source gave."""
        found = [s.level for s in self.signals if s.level is not None]
        return max(found, key=list(Level).index, default=None)


@dataclass(frozen=True, slots=True)
class Decision:
    """Which rule, which action, under which policy revision, and why.

    `enforced` is false in shadow mode: the decision is recorded, the person sees the bot's words.
    """

    id: str
    side: Side
    rule: str
    actions: tuple[Action, ...]
    policy: str  # "name@revision"
    enforced: bool = True
    label: str | None = None
    grade: Grade = Grade.NONE
    score: float = 0.0
    text: str | None = None  # key into the policy's texts
    resources: bool = False  # add crisis resources of the region to the words
    keep_reply: bool = False  # words follow the bot's reply instead of standing in its place
    severity: Severity | None = None  # set when a case is opened
    reason: str = ""
    article: str = ""
    degraded: str | None = None  # the failure that this decision had to live with
    danger: Danger = Danger.NONE  # the crisis state that this decision raises to
    again: tuple[str, ...] = ()  # texts for the second, third … time in one crisis
    states: tuple[State, ...] = ()  # what held of the person when it was taken

    @property
    def intervenes(self) -> bool:
        """Whether the bot's words (or the rest of them) must not arrive."""
        return self.enforced and not self.keep_reply and not SPEAKING.isdisjoint(self.actions)

    @property
    def adds_words(self) -> bool:
        """Whether words of ours follow the bot's reply."""
        return self.enforced and self.keep_reply and self.text is not None

    @property
    def action(self) -> Action:
        """The strongest action, for counters and headers."""
        return max(self.actions, key=ACTION_RANK.__getitem__, default=Action.ALLOW)


@dataclass(frozen=True, slots=True)
class Record:
    """All of one turn, afterwards. Never holds message text; ids are keyed hashes.

    `timings` are seconds by stage; `counts` are sizes (windows judged, characters held …).
    """

    id: str
    at: float
    wire: str
    route: str
    conversation: str
    profile: Profile
    outcome: Outcome
    stream: bool = False
    status: int = 0  # HTTP status the client got
    fresh: int = 0  # user messages judged in this turn
    assessments: tuple[Assessment, ...] = ()
    decisions: tuple[Decision, ...] = ()
    unjudged: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    limits: tuple[str, ...] = ()  # caps that the turn went over
    states: tuple[str, ...] = ()  # what held of the person: with scores and caps, all that decided
    notices: tuple[str, ...] = ()  # notices that the answer carried
    shadows: tuple[Decision, ...] = ()  # what policies on trial would have decided otherwise
