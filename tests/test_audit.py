"""The audit trail: each turn once, each intervention, and no word of anybody."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType

import pytest

from guardrail.audit import AuditSink, intervention, to_json
from guardrail.errors import StoreError
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import (
    Action,
    AgeBand,
    Assessment,
    Decision,
    Level,
    Message,
    Outcome,
    Profile,
    Record,
    Role,
    Side,
    Signal,
    Turn,
)

NOW = 1_700_000_000.0
WHO = Profile("u", AgeBand.MINOR, "US", "en", "jwt")
DECISION = Decision("t1-0", Side.BOT, "r", (Action.REPLACE,), "default@1", text="kind_words")
TURN = Turn("t1", NOW, "openai", "/v1", "c", WHO, (Message(Role.USER, "words of a person"),), (0,))
RECORD = Record(
    id="t1",
    at=NOW,
    wire="openai",
    route="/v1",
    conversation="c",
    profile=WHO,
    outcome=Outcome.INTERVENED,
    assessments=(
        Assessment(Side.USER, (Signal("self_harm", 0.5, "onnx", "v1", Level.ACTIVE),)),
        Assessment(Side.BOT, failed="timeout"),
    ),
    decisions=(DECISION,),
    failures=("classifier:timeout",),
    timings=MappingProxyType({"total": 0.25}),
    counts={"windows": 3},
)


@pytest.fixture
async def store():
    """A store in memory."""
    opened = SqliteStore(":memory:")
    yield opened
    await opened.close()


async def test_a_record_becomes_one_event(store: SqliteStore):
    """It can be found by turn, user and conversation, and is there once however often it comes."""
    sink = AuditSink(store)
    await sink(RECORD)
    await sink(RECORD)
    for query in (
        Query(subject="t1"),
        Query(user="u"),
        Query(conversation="c"),
        Query(kind="record"),
    ):
        (event,) = await store.read(query)
        assert (event.at, event.body) == (NOW, to_json(RECORD))


def test_a_record_is_plain_data_with_every_field():
    """Nothing is lost on the way, and nothing needs our classes to be read."""
    plain = to_json(RECORD)
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {f.name for f in fields(Record)}
    assert plain["profile"]["age_band"] == "minor"
    assert plain["assessments"][0]["signals"][0]["level"] == "active"
    assert plain["decisions"][0]["actions"] == ["replace"]
    assert (plain["timings"], plain["counts"]) == ({"total": 0.25}, {"windows": 3})


async def test_an_intervention_is_an_event_of_its_own(store: SqliteStore):
    """It stands beside the record of its turn and names the decision, not the words."""
    (event,) = await store.append(intervention(TURN, DECISION))
    await AuditSink(store)(RECORD)
    assert (event.kind, event.subject, event.user, event.conversation) == (
        "intervention",
        "t1",
        "u",
        "c",
    )
    assert event.body["decision"]["text"] == "kind_words"
    assert [e.kind for e in await store.read(Query(subject="t1"))] == ["record", "intervention"]


async def test_each_intervention_of_a_turn_is_kept(store: SqliteStore):
    """Two decisions of one turn are two events; a retry of one is none."""
    other = replace(DECISION, id="t1-1")
    for decision in (DECISION, other, DECISION):
        await store.append(intervention(TURN, decision))
    assert len(await store.read(Query(kind="intervention"))) == 2


def test_no_event_holds_what_was_said():
    """A turn knows its messages; its intervention does not."""
    assert "words of a person" not in json.dumps(dict(intervention(TURN, DECISION).body))


async def test_a_store_that_fails_is_not_hidden(store: SqliteStore):
    """The sink fence of the engine counts it; the sink itself says so."""
    await store.close()
    with pytest.raises(StoreError):
        await AuditSink(store)(RECORD)


async def test_records_that_end_together_are_written_together(store: SqliteStore):
    """One commit for all of them; one that gives up waiting takes none of the others with it."""
    calls: list[int] = []
    append = store.append

    async def counting(*events: Event) -> tuple[Event, ...]:
        calls.append(len(events))
        return await append(*events)

    store.append = counting  # type: ignore[method-assign]
    sink = AuditSink(store)
    waiting = [asyncio.create_task(sink(replace(RECORD, id=f"t{i}"))) for i in range(5)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(d, asyncio.CancelledError) for d in done] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert calls == [5]
    assert len(await store.read(Query(kind="record"))) == 5


def test_another_event_loop_is_another_batch(tmp_path: Path):
    """A guard may live in an app whose tests run each request on a loop of its own."""
    opened = SqliteStore(str(tmp_path / "events.db"))
    sink = AuditSink(opened)

    async def gives_up() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(sink(RECORD), 0.001)

    asyncio.run(gives_up())

    async def comes_later() -> list[str]:
        await sink(replace(RECORD, id="t2"))
        found = await opened.read(Query(kind="record"))
        await opened.close()
        return sorted(event.subject for event in found)

    assert asyncio.run(comes_later()) == ["t1", "t2"]  # the first one's loop ended before its time


async def test_each_caller_of_a_batch_gets_an_error_of_its_own(store: SqliteStore):
    """A traceback grows wherever an error is raised."""
    sink = AuditSink(store)
    await store.close()
    several = (sink(replace(RECORD, id=f"t{i}")) for i in range(3))
    found = await asyncio.gather(*several, return_exceptions=True)
    assert all(isinstance(error, StoreError) for error in found)
    assert len(set(map(id, found))) == 3
