"""Letters on their way: the fold of `letter.` events and nothing else. Pure.

A *letter* is one thing to be told to one audience. Where it goes (its *endpoints*) is written down
once, when it is routed; from then on each endpoint has a *delivery* of its own:

    queued -> taken -> sent
                    -> failed -> taken …   until the tries are used up, then
                    -> dead                until a human sends it again: queued
           -> cancelled                    the contact was told already

Promises of this file:

1. Who may deliver is decided by the log: the number of a take follows from the takes before it, so
   two processes that want the same one choose the same event id, and one of them wins.
2. A take that brought no news within its lease is a try that failed. Nothing waits for ever.
3. A letter that tells less than one before it of the same case is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from guardrail.store.base import Event
from guardrail.turn import Severity

__all__ = ["KEPT", "Delivery", "Letter", "LetterBook", "Notice", "Post", "pending", "rank"]

KEPT = 30 * 86_400.0
"""Seconds that a letter stays in the book; far longer than tries last. The log keeps it for good."""

CASES = frozenset({"case_opened", "case_raised"})


class Post(StrEnum):
    """Where a letter, or one delivery of it, stands."""

    QUEUED = "queued"
    TAKEN = "taken"
    SENT = "sent"
    FAILED = "failed"  # to be tried again
    DEAD = "dead"  # given up; a human may send it again
    CANCELLED = "cancelled"


_OPEN = frozenset({Post.QUEUED, Post.TAKEN, Post.FAILED})
_ORDER = (Post.TAKEN, Post.FAILED, Post.QUEUED, Post.DEAD, Post.SENT, Post.CANCELLED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One letter to one endpoint. `due` is when it may be taken next, in epoch seconds.

    `takes` counts for good, `tries` since it was last queued, in the letter's `round`. `contact` is
    the keyed hash of whom it reaches, if there is a limit on how often they are told.
    """

    endpoint: str
    contact: str
    due: float
    round: int = 0
    state: Post = Post.QUEUED
    takes: int = 0
    tries: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to be told. `subject` is a case id, or what else it is about; `fields` are codes.

    `round` counts how often it was sent again; `routed` says whether endpoints are known.
    """

    id: str
    at: float
    template: str
    audience: str
    subject: str
    user: str | None = None
    severity: Severity | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    round: int = 0
    routed: bool = False
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    ended: str = ""  # why it was cancelled

    @property
    def state(self) -> Post:
        """The state of the delivery that still needs something, or was given up; else sent."""
        if self.ended:
            return Post.CANCELLED
        if not self.routed:
            return Post.QUEUED
        found = {one.state for one in self.live}
        return next((state for state in _ORDER if state in found), Post.DEAD)

    @property
    def live(self) -> tuple[Delivery, ...]:
        """Deliveries of this round, and those that arrived in one before."""
        found = self.deliveries.values()
        return tuple(d for d in found if d.state is Post.SENT or d.round == self.round)

    @property
    def open(self) -> bool:
        """Whether it still has to go somewhere."""
        return self.state in _OPEN

    @property
    def tries(self) -> int:
        """How often it was tried, at the endpoint where most often."""
        return max((one.tries for one in self.live), default=0)

    @property
    def due(self) -> float:
        """When it is tried next; when it was queued, if it was not tried yet."""
        due = (one.due for one in self.live if one.state in _OPEN)
        return min(due, default=self.at)

    @property
    def why(self) -> str:
        """Why it was cancelled, given up, or why the last try failed; a code."""
        if self.ended:
            return self.ended
        if self.routed and not self.live:
            return "no_channel"
        return next((one.why for one in self.live if one.why), "")


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody outside is told of somebody: which letter tells them, and how grave it is."""

    contact: str
    letter: str
    rank: int
    at: float
    number: int


def rank(severity: Severity | None) -> int:
    """How grave: none is the least."""
    return -1 if severity is None else list(Severity).index(severity)


def pending(events: Iterable[Event]) -> tuple[Letter, ...]:
    """The letters of a log that still have to go somewhere, the gravest first."""
    book = LetterBook()
    book.add(events)
    return book.open()


class LetterBook:
    """All letters of a log. It is read once: whoever reads on adds only what came since.

    `seq` is the last event that is in the book.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._letters: dict[str, Letter] = {}
        self._open: dict[str, None] = {}  # ids, in the order in which they were queued
        self._gravest: dict[str, tuple[int, float]] = {}  # case → rank told, and when
        self._notices: dict[str, list[Notice]] = {}
        self._off: dict[str, int] = {}  # endpoint → how often it was switched; odd is off
        self._tidied = 0.0

    def add(self, events: Iterable[Event]) -> None:
        """Add `letter.` events, in the order of the log. Kinds of a later release are passed over."""
        for event in events:
            if event.seq <= self.seq:
                continue
            self.seq = event.seq
            self._add(event)

    def recall(self, events: Iterable[Event]) -> None:
        """Add which endpoints are disabled, from before what is read; `seq` stays as it is."""
        for event in events:
            self._off[event.subject] = max(
                self.switched(event.subject), int(event.body["switched"])
            )

    def get(self, letter: str) -> Letter | None:
        """One letter, if it is not older than `KEPT`."""
        return self._letters.get(letter)

    def all(self) -> tuple[Letter, ...]:
        """Every letter in the book, the newest first."""
        return tuple(sorted(self._letters.values(), key=lambda one: -one.at))

    def open(self) -> tuple[Letter, ...]:
        """Letters that still have to go somewhere: the gravest first, then the oldest."""
        found = [self._letters[letter] for letter in self._open]
        return tuple(sorted(found, key=lambda one: (-rank(one.severity), one.at)))

    def notices(self, contact: str, since: float) -> tuple[Notice, ...]:
        """What a contact was told since then, or is being told."""
        return tuple(one for one in self._notices.get(contact, ()) if one.at >= since)

    def notice_number(self, contact: str) -> int:
        """The number that the next notice of a contact has."""
        return max((one.number for one in self._notices.get(contact, ())), default=0) + 1

    def off(self, endpoint: str) -> bool:
        """Whether an endpoint is disabled."""
        return self._off.get(endpoint, 0) % 2 == 1

    def switched(self, endpoint: str) -> int:
        """How often an endpoint was disabled or enabled."""
        return self._off.get(endpoint, 0)

    def disabled(self) -> tuple[str, ...]:
        """Endpoints that said they want nothing any more."""
        return tuple(endpoint for endpoint in self._off if self.off(endpoint))

    def _add(self, event: Event) -> None:
        if event.kind == "letter.queued":
            self._queue(event)
        elif event.kind == "letter.notice":
            body = event.body
            notice = Notice(
                event.subject, body["letter"], body["rank"], event.at, int(body["number"])
            )
            self._notices.setdefault(event.subject, []).append(notice)
        elif event.kind in ("letter.disabled", "letter.enabled"):
            self.recall([event])
        elif event.kind in _MOVES and event.subject in self._letters:
            moved = _MOVES[event.kind](self._letters[event.subject], event)
            self._put(moved)
        self._tidy(event.at)

    def _queue(self, event: Event) -> None:
        letter = _letter(event)
        if letter.template in CASES:
            told = self._gravest.get(letter.subject)
            if told is not None:
                graver = rank(letter.severity) > told[0]
                letter = replace(
                    letter, template="case_raised", ended="" if graver else "not_graver"
                )
            if not letter.ended:
                self._gravest[letter.subject] = (rank(letter.severity), event.at)
        self._put(letter)

    def _put(self, letter: Letter) -> None:
        self._letters[letter.id] = letter
        if letter.open:
            self._open[letter.id] = None
        else:
            self._open.pop(letter.id, None)

    def _tidy(self, now: float) -> None:
        """Forget what is long over, once a day by the log's own clock."""
        if now < self._tidied + 86_400.0:
            return
        self._tidied, before = now, now - KEPT
        for letter in [one for one in self._letters.values() if one.at < before and not one.open]:
            del self._letters[letter.id]
        self._gravest = {k: v for k, v in self._gravest.items() if v[1] >= before}
        kept = {k: [n for n in found if n.at >= before] for k, found in self._notices.items()}
        self._notices = {k: found for k, found in kept.items() if found}


def _letter(event: Event) -> Letter:
    body = event.body
    severity = body.get("severity")
    return Letter(
        id=event.id.removeprefix("letter."),
        at=event.at,
        template=body["template"],
        audience=body["audience"],
        subject=event.subject,
        user=event.user,
        severity=Severity(severity) if severity else None,
        fields=body.get("fields", {}),
    )


def _routed(letter: Letter, event: Event) -> Letter:
    """Endpoints of this round: those that have it already keep it, all others start anew.

    Those of rounds before stay in mind: the numbers of their takes must not come twice.
    """
    if letter.routed or int(event.body["round"]) != letter.round:
        return letter
    deliveries = dict(letter.deliveries)
    for endpoint, contact in event.body["endpoints"].items():
        before = deliveries.get(endpoint) or Delivery(endpoint, contact, event.at)
        if before.state is not Post.SENT:
            deliveries[endpoint] = replace(
                before, due=event.at, round=letter.round, state=Post.QUEUED, tries=0, why=""
            )
    return replace(letter, routed=True, deliveries=deliveries)


def _moved(delivery: Delivery, event: Event) -> Delivery:
    """One delivery after one more event. What is sent stays so; news of an older take is no news."""
    body = event.body
    if event.kind == "letter.sent":
        return replace(delivery, state=Post.SENT, why="")
    if event.kind == "letter.taken":
        lost = "lost" if delivery.state is Post.TAKEN else delivery.why  # nobody came back
        tries, due = delivery.tries + 1, float(body["until"])
        return replace(
            delivery, state=Post.TAKEN, due=due, tries=tries, takes=int(body["n"]), why=lost
        )
    if delivery.state is Post.SENT or int(body["n"]) != delivery.takes:
        return delivery
    state = _ENDS[event.kind]
    due = float(body["next"]) if state is Post.FAILED else delivery.due
    return replace(delivery, state=state, due=due, why=str(body["why"]))


_ENDS: Mapping[str, Post] = {
    "letter.failed": Post.FAILED,
    "letter.dead": Post.DEAD,
    "letter.skipped": Post.CANCELLED,
}


def _delivered(letter: Letter, event: Event) -> Letter:
    """A letter after an event of one of its deliveries."""
    found = letter.deliveries.get(event.body["endpoint"])
    if found is None:
        return letter
    moved = _moved(found, event)
    return replace(letter, deliveries={**letter.deliveries, moved.endpoint: moved})


def _again(letter: Letter, event: Event) -> Letter:
    if int(event.body["round"]) != letter.round + 1:
        return letter
    return replace(letter, round=letter.round + 1, routed=False, ended="")


def _cancelled(letter: Letter, event: Event) -> Letter:
    return replace(letter, ended=str(event.body["why"]))


_MOVES: Mapping[str, Callable[[Letter, Event], Letter]] = {
    "letter.routed": _routed,
    "letter.taken": _delivered,
    "letter.sent": _delivered,
    "letter.again": _again,
    "letter.cancelled": _cancelled,
    **dict.fromkeys(_ENDS, _delivered),
}
