"""The audit trail: every turn's record, and every intervention before its words go out.

Nothing here touches text: a Record holds none, and what an intervention says is the key of a text
in the policy. Records are redacted before any sink gets them (`redact`).
"""

from __future__ import annotations

from typing import Any

import orjson

from guardrail.store.base import Event, Store
from guardrail.turn import Decision, Record, Turn

__all__ = ["AuditSink", "intervention", "to_json"]


class AuditSink:
    """A sink that appends each record to the log, once: closing a turn twice adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, record: Record) -> None:
        """Append `record`.

        Raises:
            StoreError: it is not in the log.
        """
        event = Event(
            id=f"record.{record.id}",
            at=record.at,
            kind="record",
            subject=record.id,
            user=record.profile.user,
            conversation=record.conversation,
            body=to_json(record),
        )
        await self._store.append(event)


def intervention(turn: Turn, decision: Decision) -> Event:
    """What is written down *before* a person sees our words: that they were sent, and why."""
    return Event(
        id=f"intervention.{turn.id}.{decision.id}",
        at=turn.at,
        kind="intervention",
        subject=turn.id,
        user=turn.profile.user,
        conversation=turn.conversation,
        body={
            "decision": _plain(decision),
            "profile": _plain(turn.profile),
            "wire": turn.wire,
            "route": turn.route,
        },
    )


def to_json(record: Record) -> dict[str, Any]:
    """A record as plain JSON data, every field under its own name."""
    plain: dict[str, Any] = _plain(record)
    return plain


def _plain(value: object) -> Any:
    # orjson knows dataclasses and enums: there and back is ten times quicker than `asdict`.
    return orjson.loads(orjson.dumps(value, default=dict))
