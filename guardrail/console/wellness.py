"""How much of what is hard to read somebody has read, and when a break is due.

Every text that a member uncovers is an event `exposure.revealed` (subject: the member); what a person
writes to them in a chat counts, too. What is known of protecting moderators is mixed: collapsed text
and breaks are comfort, not proven protection (Das et al. 2020 for; Lewitzka 2026 against); exposure adds
up, so it is counted. Nobody else sees the count.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from guardrail.store.base import Event, Query, Store

__all__ = ["KIND", "TALK", "Exposure", "exposure", "revealed"]

KIND = "exposure.revealed"

TALK = "talk"
"""Stands for all lines of a take-over: who reads one has to read them all."""

SHIFT = 8 * 3_600.0
HOUR = 3_600.0
DUE = 25
"""Texts read in an hour from which a break is suggested. The number is ours."""

MOST = 1_000
"""Events that are counted."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Texts read in the last hour and in this shift; `open`: those of the last hour, by case.

    A text that is looked at twice counts once.
    """

    hour: int = 0
    shift: int = 0
    open: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def break_due(self) -> bool:
        """Whether to suggest a break."""
        return self.hour >= DUE

    def of(self, case: str) -> frozenset[str]:
        """What a member has uncovered of a case in the last hour: it stays uncovered for them."""
        return self.open.get(case, frozenset())


def revealed(member: str, case: str, text: str, now: float, *, count: int = 1) -> Event:
    """That a member has uncovered a text: for their own count, and for the audit trail."""
    body = {"case": case, "text": text, "count": count}
    return Event(f"{KIND}.{secrets.token_hex(8)}", now, KIND, member, body=body)


async def exposure(store: Store, member: str, now: float) -> Exposure:
    """How much a member has read lately."""
    since = now - SHIFT
    events = await store.read(Query(kind=KIND, subject=member, since=since, limit=MOST))
    latest: dict[tuple[str, str], Event] = {}
    for event in events:  # newest first
        latest.setdefault((event.body["case"], event.body["text"]), event)
    read = [(event.at, int(event.body.get("count", 1))) for event in latest.values()]
    read += [(at, 1) for at in await _heard(store, member, since)]
    opened: dict[str, set[str]] = {}
    for (case, text), event in latest.items():
        if now - event.at < HOUR:
            opened.setdefault(case, set()).add(text)
    return Exposure(
        hour=sum(count for at, count in read if now - at < HOUR),
        shift=sum(count for _, count in read),
        open={case: frozenset(texts) for case, texts in opened.items()},
    )


async def _heard(store: Store, member: str, since: float) -> list[float]:
    """When people wrote to a member who was in their chat."""
    joined = await store.read(Query(kind="case.joined", since=since, limit=MOST))
    began = {
        e.subject: e.at for e in joined if e.body["by"] == member
    }  # newest first: the oldest wins
    found: list[float] = []
    for case, at in began.items():
        here = True
        for event in await store.read(
            Query(kind="case.", subject=case, since=at, limit=MOST, ascending=True)
        ):
            here = _present(event, member, here=here)
            if here and event.kind == "case.said" and event.body["by"] == "user":
                found.append(event.at)
    return found


def _present(event: Event, member: str, *, here: bool) -> bool:
    """Whether the member is in the chat after this event."""
    if event.kind == "case.joined":
        return bool(event.body["by"] == member)
    return here and event.kind not in ("case.left", "case.resolved")
