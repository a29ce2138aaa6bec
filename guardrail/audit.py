"""The audit trail: every turn's record, and every intervention before its words go out.

Nothing here touches text: a Record holds none, and what an intervention says is the key of a text
in the policy. Records are redacted before any sink gets them (`redact`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import fields
from typing import Any

import orjson

from guardrail.cases import opening, signal
from guardrail.errors import StoreError
from guardrail.letters import of_case
from guardrail.policy.model import Notice
from guardrail.store.base import Event, Store
from guardrail.turn import Assessment, Decision, Record, Turn

__all__ = ["AuditSink", "delivered", "held", "intervention", "receipt", "to_json", "trail"]


LINGER = 0.02
"""Seconds for which records wait for one another, so that all of them share one commit and one wait
for the disk. The person has the answer by then; what must outlive a crash (an intervention, a case)
was written before it went out, and waits for nobody."""


_FIELDS = tuple(field.name for field in fields(Record))


class AuditSink:
    """A sink that appends each record to the log, once: closing a turn twice adds nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: _Batch | None = None

    async def __call__(self, record: Record) -> None:
        """Append `record`, in one transaction with those that end about now.

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
            body={name: getattr(record, name) for name in _FIELDS},  # `to_json`, once it is written
        )
        batch = self._open
        if batch is None or batch.loop is not asyncio.get_running_loop():
            batch = self._open = _Batch(self._write)
        batch.events.append(event)
        await batch.over.wait()  # one that gives up takes none of the others along
        if batch.error is not None:  # one for each: a traceback grows when raised
            raise StoreError(str(batch.error)) from batch.error

    async def _write(self, batch: _Batch) -> None:
        with suppress(asyncio.CancelledError):  # the loop ends: then write at once
            await asyncio.sleep(LINGER)
        if self._open is batch:
            self._open = None
        batch.error = StoreError("the records were not written")
        try:
            await self._store.append(*batch.events)
            batch.error = None
        except StoreError as error:
            batch.error = error
        finally:
            batch.over.set()


class _Batch:
    """Records that are written together."""

    def __init__(self, write: Callable[[_Batch], Coroutine[Any, Any, None]]) -> None:
        self.events: list[Event] = []
        self.error: StoreError | None = None
        self.over = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.ensure_future(write(self))  # kept: the loop itself would forget it


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


def receipt(turn: Turn, notice: Notice, policy: str) -> Event:
    """That a notice was in an answer which was sent: what shows that a duty of the clock was kept."""
    return Event(
        id=f"notice.{turn.id}.{notice.id}",
        at=turn.at,
        kind="notice.shown",
        subject=turn.id,
        user=turn.profile.user,
        conversation=turn.conversation,
        body={
            "notice": notice.id,
            "text": notice.text,
            "article": notice.article,
            "policy": policy,
            "profile": _plain(turn.profile),
        },
    )


def delivered(turn: Turn, decisions: Iterable[Decision]) -> list[Event]:
    """That words which name help were sent whole: what a yearly count of referrals rests on.

    (CA B&P 22603(a)(1).) The record of the turn says so, too, but is purged after some months.
    """
    named = [d.id for d in decisions if d.resources and (d.intervenes or d.adds_words)]
    if not named:
        return []
    return [
        Event(
            id=f"referral.{turn.id}",
            at=turn.at,
            kind="referral.delivered",
            subject=turn.id,
            user=turn.profile.user,
            conversation=turn.conversation,
            body={"decisions": named},
        )
    ]


def held(turn: Turn, case: str, until: float) -> Event:
    """That nothing of this person's words may be deleted until then (CA B&P 21812.5)."""
    owner = turn.profile.user or turn.conversation
    name = f"person.held.{case}"
    body = {"by": "policy", "reason": "self-harm", "until": until}
    return Event(name, turn.at, "person.held", owner, owner, turn.conversation, body)


def trail(
    decision: Decision, turn: Turn, seen: Assessment | None, *, since: float = 0.0
) -> list[Event]:
    """What a decision leaves in the log: that we spoke, the case it opens or joins, who is told.

    They are appended in one call, so all of them are there or none. `since`: when the crisis began
    that the person is in by now; 0 if they are in none.
    """
    said = decision.intervenes or decision.adds_words
    events = [intervention(turn, decision)] if said else []
    if decision.severity is None or not decision.enforced:
        return events
    level = seen.level() if seen is not None else None  # none if the reply could not be read at all
    case = [
        opening(decision, turn, level, since=since, tenant=turn.tenant),
        signal(decision, turn, level, since=since, tenant=turn.tenant),
    ]
    letters = [letter for event in case if (letter := of_case(event)) is not None]
    return [*events, *case, *letters]


def to_json(record: Record) -> dict[str, Any]:
    """A record as plain JSON data, every field under its own name."""
    plain: dict[str, Any] = _plain(record)
    return plain


def _plain(value: object) -> Any:
    # orjson knows dataclasses and enums: there and back is ten times quicker than `asdict`.
    return orjson.loads(orjson.dumps(value, default=dict))
