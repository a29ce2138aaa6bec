r"""Guardians and their wards: who looks after whom. The fold of `guardian.` events and nothing else. Pure.

A *ward* is a person (a keyed hash) whom somebody looks after; a *guardian* is known by the keyed
hash of their mail address, which itself lies in the vault alone. Between the two stands a *link*::

    invited -> taken -> accepted -> active -> ended
                 \-> refused (by either)          (an invitation that nobody took is over by itself)

Promises of this file:

1. An invitation is taken once: whoever takes it chooses the same event id as everybody else.
2. Nobody is linked by one side alone. The guardian accepts first, in the portal; then the ward, who
   can see who accepted, through the app.
3. No address, no name, no words: ids, codes, numbers, times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from guardrail.store.base import Event

__all__ = ["Ask", "Channel", "Link", "LinkStatus", "WardBook", "Wish"]

KEPT = 90 * 86_400.0
"""Seconds that a request stays in the book; the log keeps it for good."""


class LinkStatus(StrEnum):
    """How far a link has come."""

    INVITED = "invited"
    TAKEN = "taken"  # a guardian has opened the invitation
    ACCEPTED = "accepted"  # and agreed; the ward has not yet
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


_OPEN = frozenset({LinkStatus.INVITED, LinkStatus.TAKEN, LinkStatus.ACCEPTED})


class Channel(StrEnum):
    """How a guardian wants to hear of a danger."""

    MAIL = "mail"
    NONE = "none"


class Wish(StrEnum):
    """What a ward asks for."""

    MORE = "more"  # minutes on top of today's
    LATE = "late"  # to go on for some minutes in quiet hours


@dataclass(frozen=True, slots=True)
class Link:
    """One guardian of one ward. Times are epoch seconds.

    `proof` is how the app knows that the guardian is one; `scope` and `version` what they agreed to,
    `years` how old they say the child is. `to` is the guardian whose mailbox the invitation went to,
    if it went to one.
    """

    id: str
    ward: str
    by: str  # who invited: a name of the caller's, or a guardian's id
    at: float
    until: float  # of the invitation
    proof: str
    region: str = ""
    language: str = "en"
    zone: str = ""
    to: str = ""
    guardian: str = ""
    status: LinkStatus = LinkStatus.INVITED
    scope: str = ""
    version: str = ""
    years: tuple[int, int] | None = None
    since: float = 0.0  # of the status
    channel: Channel = Channel.MAIL
    alerted: tuple[float, ...] = ()  # when this guardian was told of a danger, without a human
    ended_by: str = ""

    def waiting(self, now: float) -> bool:
        """Whether something may still come of it."""
        return self.status in _OPEN and (now < self.until or self.status is LinkStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a ward asks for. `granted` are minutes; `None` while nobody has answered."""

    id: str
    ward: str
    wish: Wish
    minutes: int
    at: float
    until: float
    granted: int | None = None
    answered_at: float = 0.0

    def waiting(self, now: float) -> bool:
        """Whether an answer still helps."""
        return self.granted is None and now < self.until


class WardBook:
    """All links and requests of a log. It is read once: whoever reads on adds only what came since."""

    def __init__(self) -> None:
        self.seq = 0
        self._links: dict[str, Link] = {}
        self._wards: dict[str, dict[str, None]] = {}  # ward → links, in the order of the log
        self._guardians: dict[str, dict[str, None]] = {}
        self._asks: dict[str, dict[str, Ask]] = {}  # ward → requests
        self._unsafe: dict[str, str] = {}  # ward → who said that home is the danger

    def add(self, events: Iterable[Event]) -> None:
        """Add `guardian.` events, in the order of the log. Kinds of a later release are passed over."""
        for event in events:
            if event.seq > self.seq:
                self.seq = event.seq
                self._add(event)

    def link(self, link: str) -> Link | None:
        """One link."""
        return self._links.get(link)

    def of_ward(self, ward: str) -> tuple[Link, ...]:
        """Every link of a ward, the oldest first."""
        return tuple(self._links[link] for link in self._wards.get(ward, ()))

    def of_guardian(self, guardian: str) -> tuple[Link, ...]:
        """Every link of a guardian, the oldest first."""
        return tuple(self._links[link] for link in self._guardians.get(guardian, ()))

    def active(self, ward: str) -> tuple[Link, ...]:
        """The links that hold."""
        return tuple(one for one in self.of_ward(ward) if one.status is LinkStatus.ACTIVE)

    def all_active(self) -> tuple[Link, ...]:
        """Every link that holds, the oldest first."""
        return tuple(one for one in self._links.values() if one.status is LinkStatus.ACTIVE)

    def asks(self, ward: str) -> tuple[Ask, ...]:
        """What a ward asked for lately, the newest first."""
        return tuple(sorted(self._asks.get(ward, {}).values(), key=lambda one: -one.at))

    def unsafe(self, ward: str) -> bool:
        """Whether somebody said that this ward's home is where the danger comes from."""
        return ward in self._unsafe

    def _add(self, event: Event) -> None:
        ward = event.user or ""
        if event.kind == "guardian.invited":
            self._put(_invited(event))
        elif event.kind in ("guardian.asked", "guardian.answered"):
            self._ask(ward, event)
        elif event.kind == "guardian.unsafe":
            self._unsafe[ward] = event.body["by"]
        elif event.kind == "guardian.safe":
            self._unsafe.pop(ward, None)
        elif event.kind in _MOVES and event.subject in self._links:
            self._put(_MOVES[event.kind](self._links[event.subject], event))

    def _put(self, link: Link) -> None:
        self._links[link.id] = link
        self._wards.setdefault(link.ward, {})[link.id] = None
        if link.guardian:
            self._guardians.setdefault(link.guardian, {})[link.id] = None

    def _ask(self, ward: str, event: Event) -> None:
        found, body = self._asks.setdefault(ward, {}), event.body
        if event.kind == "guardian.asked":
            wish = Wish(body["wish"])
            found[event.subject] = Ask(
                event.subject, ward, wish, body["minutes"], event.at, body["until"]
            )
        elif event.subject in found:
            found[event.subject] = replace(
                found[event.subject], granted=body["minutes"], answered_at=event.at
            )
        for old in [one.id for one in found.values() if one.at < event.at - KEPT]:
            del found[old]


def _invited(event: Event) -> Link:
    body = event.body
    return Link(
        id=event.subject,
        ward=event.user or "",
        by=body["by"],
        at=event.at,
        until=body["until"],
        proof=body["proof"],
        region=body["region"],
        language=body["language"],
        zone=body["zone"],
        to=body["to"],
        since=event.at,
    )


def _to(status: LinkStatus) -> Callable[[Link, Event], Link]:
    def move(link: Link, event: Event) -> Link:
        if link.status in (LinkStatus.REFUSED, LinkStatus.ENDED):
            return link
        ended_by = event.body["by"] if status not in _OPEN | {LinkStatus.ACTIVE} else ""
        return replace(link, status=status, since=event.at, ended_by=ended_by)

    return move


def _taken(link: Link, event: Event) -> Link:
    moved = _to(LinkStatus.TAKEN)(link, event)
    return replace(moved, guardian=event.body["guardian"])


def _accepted(link: Link, event: Event) -> Link:
    body = event.body
    years = body["years"]
    agreed = replace(
        link,
        scope=body["scope"],
        version=body["version"],
        years=(years[0], years[1]) if years is not None else None,
    )
    return agreed if link.status is LinkStatus.ACTIVE else _to(LinkStatus.ACCEPTED)(agreed, event)


def _channel(link: Link, event: Event) -> Link:
    return replace(link, channel=Channel(event.body["channel"]))


def _alerted(link: Link, event: Event) -> Link:
    return replace(link, alerted=(*link.alerted, event.at)[-10:])


_MOVES: Mapping[str, Callable[[Link, Event], Link]] = {
    "guardian.taken": _taken,
    "guardian.accepted": _accepted,
    "guardian.ward_accepted": _to(LinkStatus.ACTIVE),
    "guardian.refused": _to(LinkStatus.REFUSED),
    "guardian.ended": _to(LinkStatus.ENDED),
    "guardian.channel": _channel,
    "guardian.alerted": _alerted,
}
