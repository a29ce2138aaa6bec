"""A guardian's visits to the portal: links that let them in, and sessions. Pure.

The fold of `visit.` events. Of a link and of a session the log knows a digest, which opens nothing.
A link works once: whoever uses it appends the event `visit.opened.{ticket}`, and of two who do so at
the same time one finds the other's session there.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from guardrail.errors import RequestError
from guardrail.store.base import Event

__all__ = ["Sent", "Tickets", "Visit", "VisitBook"]

WINDOW = 900.0
"""Seconds in which links are counted, and for which they live at most."""

_MAC = 24  # bytes: 192 bits of HMAC-SHA-256


class Tickets:
    """Makes and reads the tokens in links: signed, for one purpose, until a time.

    They are of the portal's realm: its key signs nothing else, and no other key signs for it.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:  # noqa: PLR2004 - as long as the digest, RFC 2104 3
            raise ValueError("the portal's key must have at least 32 bytes")
        self._secret = secret

    def issue(self, purpose: str, ticket: str, until: float) -> str:
        """A token for a link."""
        told = f"{purpose}.{ticket}.{int(until)}".encode()
        return f"{_text(told)}.{_text(self._mac(told))}"

    def read(self, token: str, now: float, *purposes: str) -> tuple[str, str]:
        """What a token is for, one of these purposes, and its ticket.

        Raises:
            RequestError: it is not ours, or not for this (404); it is over (410).
        """
        told, _, mac = token.partition(".")
        raw = _bytes(told)
        if not hmac.compare_digest(self._mac(raw), _bytes(mac)):
            raise RequestError("this link is not right", status=404, code="no_link")
        purpose, ticket, until = raw.decode().rsplit(".", 2)
        if purpose not in purposes:
            raise RequestError("this link is not right", status=404, code="no_link")
        if now >= int(until):
            raise RequestError("this link is over", status=410, code="link_over")
        return purpose, ticket

    def form(self, session: str) -> str:
        """What a form of this session has to carry, so that no other site can send it."""
        return _text(self._mac(f"form.{session}".encode()))

    def _mac(self, told: bytes) -> bytes:
        return hmac.digest(self._secret, told, hashlib.sha256)[:_MAC]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """What was written so, letter for letter; nothing for what nobody wrote so."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _text(raw) == text else b""


@dataclass(frozen=True, slots=True)
class Visit:
    """One session of one guardian. Times are epoch seconds; `until` ends it whatever happens."""

    session: str  # digest
    guardian: str
    opened: float
    seen: float
    until: float
    closed: bool = False

    def open(self, now: float, idle: float) -> bool:
        """Whether it still holds after this many idle seconds."""
        return not self.closed and now < self.until and now - self.seen < idle


@dataclass(frozen=True, slots=True)
class Sent:
    """One link that was sent to sign in with, and the invitation that it is for, if it is for one."""

    ticket: str
    at: float
    guardian: str
    link: str


class VisitBook:
    """All sessions of a log that may still hold, and how many links were lately sent to whom."""

    def __init__(self) -> None:
        self.seq = 0
        self._visits: dict[str, Visit] = {}
        self._used: dict[str, float] = {}  # ticket → when it was used
        self._sent: deque[Sent] = deque()

    def add(self, events: Iterable[Event]) -> None:
        """Add `visit.` events, in the order of the log."""
        for event in events:
            if event.seq > self.seq:
                self.seq = event.seq
                self._add(event)

    def get(self, session: str) -> Visit | None:
        """One session, by its digest."""
        return self._visits.get(session)

    def used(self, ticket: str) -> bool:
        """Whether a link was used."""
        return ticket in self._used

    def ticket(self, ticket: str) -> Sent | None:
        """One link, if it was sent lately."""
        return next((one for one in self._sent if one.ticket == ticket), None)

    def sent(self, whom: str, now: float) -> int:
        """How many links were sent lately to a guardian, or for an invitation."""
        return sum(one.at > now - WINDOW and whom in (one.guardian, one.link) for one in self._sent)

    def _add(self, event: Event) -> None:
        body, session = event.body, event.subject
        if event.kind == "visit.sent":
            self._sent.append(Sent(session, event.at, body["guardian"], body["link"]))
        elif event.kind == "visit.opened":
            self._used[body["ticket"]] = event.at
            self._visits[session] = Visit(
                session, body["guardian"], event.at, event.at, body["until"]
            )
        elif event.kind in ("visit.stayed", "visit.closed") and session in self._visits:
            self._visits[session] = replace(
                self._visits[session], seen=event.at, closed=event.kind == "visit.closed"
            )
        self._tidy(event.at)

    def _tidy(self, now: float) -> None:
        while self._sent and self._sent[0].at < now - 4 * WINDOW:
            self._sent.popleft()
        if len(self._visits) > 1_000:  # noqa: PLR2004 - seldom enough
            self._visits = {k: v for k, v in self._visits.items() if now < v.until}
            self._used = {k: at for k, at in self._used.items() if now < at + 30 * 86_400.0}
