"""What a case is: the value that the queue, the console and the reports look at. Pure.

Import these names from `guardrail.cases`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from guardrail.turn import AgeBand, Level, Severity

__all__ = [
    "Appeal",
    "Asked",
    "Case",
    "Clocks",
    "Contact",
    "Let",
    "Reopened",
    "Resolution",
    "Status",
    "Verdict",
    "Whom",
    "rank",
]


class Status(StrEnum):
    """Whether a human still has to look, and whether one does."""

    OPEN = "open"  # nobody has it
    CLAIMED = "claimed"  # somebody works on it
    JOINED = "joined"  # and talks with the person
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """Why a case is closed."""

    HELPED = "helped"
    REFERRED = "referred"
    CONTACTED = "contacted"  # a guardian or an emergency contact has been told
    UNREACHABLE = "unreachable"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Reopened(StrEnum):
    """Why a human opens a case again."""

    NEW_FACTS = "new_facts"
    MISTAKE = "mistake"
    OTHER = "other"


class Appeal(StrEnum):
    """Who says that a resolution was wrong."""

    USER = "user"
    GUARDIAN = "guardian"
    STAFF = "staff"


class Let(StrEnum):
    """Why somebody lets go of a case. None of these counts against anybody."""

    DONE_FOR_NOW = "done_for_now"
    NOT_THIS_ONE = "not_this_one"
    BREAK = "break"
    SHIFT_OVER = "shift_over"


class Whom(StrEnum):
    """Who outside may be told, after two members have agreed."""

    GUARDIAN = "guardian"
    EMERGENCY = "emergency"


class Asked(StrEnum):
    """Why somebody outside should be told."""

    DANGER = "danger"  # explicit intent, or somebody is hurt (CN Art 13; CA B&P 21812(d)(1))
    NO_ANSWER = "no_answer"  # the person no longer answers
    CONTINUES = "continues"  # it goes on after help was named (OR SB 1546)
    LOSS = "loss"  # a large loss of money (CN Art 13)
    WISH = "wish"  # the person asks for it
    OTHER = "other"


class Verdict(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # approved, and stopped before it was sent
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Contact:
    """A proposal to tell somebody outside. `by` and `decided_by` are member ids, never the same."""

    id: str
    whom: Whom
    reason: str
    by: str
    at: float
    verdict: Verdict = Verdict.PROPOSED
    decided_by: str = ""
    decided_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds until somebody has to have claimed a case, by severity, and how long a claim lives."""

    imminent: float = 60.0
    urgent: float = 900.0
    notice: float = 86_400.0
    lease: float = 180.0

    def of(self, severity: Severity) -> float:
        """Seconds for one severity."""
        return {
            Severity.IMMINENT: self.imminent,
            Severity.URGENT: self.urgent,
            Severity.NOTICE: self.notice,
        }[severity]


@dataclass(frozen=True, slots=True)
class Case:
    """One crisis of one person, as it stands at a moment. Times are epoch seconds.

    Severity, level and age band are the gravest any signal gave, region, language and states the
    latest. `conversations` are all that it was seen in; the last is where a human joins, the latest
    of those with a sign as grave as any. `also` are ids under which the same crisis was opened
    besides. Ids of people who work here are `Member.id`.
    """

    id: str
    conversation: str  # where it began
    user: str | None
    opened_at: float
    updated_at: float
    status: Status
    severity: Severity
    label: str  # of the first signal
    level: Level | None
    signals: int
    notes: int
    region: str | None
    language: str
    age_band: AgeBand
    policy: str  # "name@revision" of the latest decision
    decisions: tuple[str, ...]  # ids, oldest first
    conversations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()  # in the order in which they came
    also: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    route: str = ""
    tenant: str = ""  # the app that the person talks through, "" if nobody says
    named: bool = True  # the app says who it is or which conversation; else strangers may share it
    crisis_since: float = 0.0  # when the person's crisis state began; 0 if there was none
    # who works on it
    claimed_by: str | None = None
    until: float = 0.0  # when the claim ends without a sign of life
    generation: int = 0  # how often it changed hands; the next change is `generation + 1`
    joined: str | None = None  # who talks with the person
    joined_at: float = 0.0
    said_at: float = 0.0  # when somebody of the staff last said something to the person
    heard_at: float = 0.0  # when the person last answered them
    claimed_at: float = 0.0  # first time since it was opened (again); 0 if it never was
    # the clock
    waits_since: float = 0.0  # since when nobody has it; 0 while somebody does
    deadline: float = 0.0  # by when it has to be claimed; stands still while it is
    round: int = 1  # how often the clock was started
    came_back: int = 0  # the round that began with a sign after it was resolved, if no graver one
    overdue: bool = False  # nobody has it, and somebody should have
    breached: bool = False  # nobody came in time, at least once since it was opened (again)
    alarmed: Severity | None = None  # the severity for which that was written down in this round
    # what was thought and done
    advises_contact: bool = False  # a rule asked for it; humans decide
    opinions: int = 0  # second opinions given
    wants_opinion: bool = False
    contacts: tuple[Contact, ...] = ()
    home_danger: bool = False  # home is where the danger comes from: no guardian is told
    resolved_by: str | None = None  # also after it was opened again
    resolved_at: float = 0.0
    resolution: str = ""  # a `Resolution`, of the last time
    appealed: bool = False  # somebody says that it was wrong

    @property
    def owner(self) -> str:
        """Whose key seals the words of this case."""
        return self.user or self.conversation

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that events and texts of this case may stand under."""
        return (self.id, *self.also)

    @property
    def waits(self) -> bool:
        """Whether it waits and nobody has it."""
        return self.status is Status.OPEN

    @property
    def proposed(self) -> tuple[Contact, ...]:
        """Contacts that wait for the second member."""
        return tuple(one for one in self.contacts if one.verdict is Verdict.PROPOSED)


_RANK = {severity: number for number, severity in enumerate(Severity)}


def rank(severity: Severity) -> int:
    """How grave: a higher number comes first."""
    return _RANK[severity]
