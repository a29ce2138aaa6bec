"""A person's own copy of what is held of them, as plain JSON data. Nothing is read here.

Times are in UTC (ISO 8601), except inside an event's `facts`, which stand as they were written down.
What the bot said is marked as generated (CN Labelling Measures Art 4: exports keep the label).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from guardrail.person import Person
from guardrail.session import Session
from guardrail.store.base import Event
from guardrail.vault import Speaker, Text

__all__ = ["Found", "copied"]

_OTHERS = frozenset({"by", "to", "of", "decided_by"})
"""Facts that name somebody else: who of the staff acted is not the person's to know."""
_NOBODY = frozenset({"user", "bot", "operator", "system", "staff"})
_OTHERS_FAMILIES = ("guardian.", "letter.", "account.")
"""What others did or were sent: that it happened is told, its facts are theirs."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that is held of one person."""

    key: str
    at: float
    person: Person | None
    sessions: Sequence[Session]
    events: Sequence[Event]
    texts: Sequence[Text]
    held_until: float
    train: bool


def copied(found: Found) -> dict[str, Any]:
    """The copy."""
    internal = {e.body.get("text") for e in found.events if e.body.get("internal") is True}
    return {
        "key": found.key,
        "made_at": _when(found.at),
        "person": _person(found.person),
        "conversations": [_session(session) for session in found.sessions],
        "texts": [_text(text, internal) for text in found.texts],
        "notices": _notices(found.person),
        "consents": [_event(e) for e in found.events if e.kind.startswith("person.consent")],
        "training": {"allowed": found.train},
        "legal_hold_until": _when(found.held_until) if found.held_until else None,
        "events": [_event(event) for event in found.events],
    }


def _person(person: Person | None) -> dict[str, Any] | None:
    if person is None:
        return None
    plain: dict[str, Any] = orjson.loads(orjson.dumps(person, default=dict))
    del plain["shown"]  # stands under `notices`
    if isinstance(plain.get("house"), dict):
        plain["house"] = {"set": True}  # what the guardian set is told in the chat itself
    return plain | {
        "since": _when(person.since),
        "last_seen": _when(person.last_seen),
        "sitting": _when(person.sitting),
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "conversation": session.conversation,
        "started": _when(session.started),
        "last_seen": _when(session.last_seen),
        "turns": session.turns,
        "messages_recognised": len(session.known),  # by keyed hashes: nobody can read them
    }


def _text(text: Text, internal: set[str | None]) -> dict[str, Any]:
    """One text, in the clear. Words that are somebody else's are named, but not given."""
    withheld = "address" if text.speaker is Speaker.ADDRESS else ""
    if text.id in internal:
        withheld = "internal note"
    return {
        "case": text.subject,
        "speaker": text.speaker.value,
        "ai_generated": text.speaker is Speaker.BOT,
        "at": _when(text.at),
        "kept_until": _when(text.until),
        "may_train": text.train,
        "text": None if withheld else text.text,
        "withheld": withheld or None,
    }


def _notices(person: Person | None) -> dict[str, str]:
    return {} if person is None else {name: _when(at) for name, at in person.shown.items()}


def _event(event: Event) -> dict[str, Any]:
    others = event.kind.startswith(_OTHERS_FAMILIES)
    return {
        "at": _when(event.at),
        "kind": event.kind,
        "subject": event.subject,
        "conversation": event.conversation,
        "facts": None if others else _facts(event.body),
    }


def _facts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without the names of others."""
    return {
        name: "staff" if name in _OTHERS and value not in _NOBODY else value
        for name, value in body.items()
    }


def _when(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # a pause without an end, a clock gone wrong
        return str(at)
