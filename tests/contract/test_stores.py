"""What every Store promises (`guardrail.store.base.Store`), asked of each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from guardrail.errors import StoreError
from guardrail.session import Session, Usage, advance, use
from guardrail.store.base import Event, Query, Store
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import AgeBand, Severity

NOW = 1_700_000_000.0
DAY = "2023-11-14"

Open = Callable[[], Store]
Change = Callable[[Session | None, Usage], tuple[Session, Usage]]


@pytest.fixture(params=["memory", "file"])
async def open_store(request, tmp_path):
    """Opens stores; two of them share what they hold if the kind can."""
    async with AsyncExitStack() as stack:

        def opened() -> Store:
            store = SqliteStore(
                ":memory:" if request.param == "memory" else tmp_path / "a" / "x.db"
            )
            stack.push_async_callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(open_store: Open) -> Store:
    """One store."""
    return open_store()


@pytest.fixture
async def twins(tmp_path: Path):
    """Two stores on the same data, as two worker processes have them."""
    pair = SqliteStore(tmp_path / "x.db"), SqliteStore(tmp_path / "x.db")
    yield pair
    for each in pair:
        await each.close()


def turn(at: float = NOW, conversation: str = "c") -> Change:
    """The change that one turn makes."""

    def change(session: Session | None, usage: Usage) -> tuple[Session, Usage]:
        return advance(session, conversation, at), use(usage, at)

    return change


def look(session: Session | None, usage: Usage) -> tuple[Session, Usage]:
    """A change that changes nothing."""
    return session or Session("new", NOW, NOW, NOW), usage


def event(id_: str, **fields) -> Event:
    """An event with this id."""
    return replace(Event(id_, NOW, "record", "t1", "u", "c", {"n": 1}), **fields)


async def ids(store: Store, **query) -> list[str]:
    """Ids of the events that match."""
    return [e.id for e in await store.read(Query(**query))]


async def test_a_new_conversation_starts_from_nothing(store: Store):
    """The first update gets no session and an empty ledger."""
    seen = []

    def change(session: Session | None, usage: Usage) -> tuple[Session, Usage]:
        seen.append((session, usage))
        return turn()(session, usage)

    await store.update("c", "u", DAY, change)
    assert seen[-1] == (None, Usage())


async def test_a_session_comes_back_as_it_was(store: Store):
    """Every field of session and ledger survives, types included."""
    session = Session("c", 1.5, 2.5, 3.25, 4, 5, AgeBand.MINOR, ("a", "b"), (1.0, 2.0))
    usage = Usage(60.5, 7, 3.25)
    given = await store.update("c", "u", DAY, lambda _s, _u: (session, usage))
    kept = await store.update("c", "u", DAY, look)
    assert given == kept == (session, usage)
    assert kept[0].age_band is AgeBand.MINOR


async def test_ledgers_are_kept_by_user_and_day(store: Store):
    """Two conversations of one user share a ledger; another day or another user does not."""
    await store.update("c1", "u", DAY, turn())
    await store.update("c2", "u", DAY, turn())
    _, same = await store.update("c1", "u", DAY, look)
    _, tomorrow = await store.update("c1", "u", "2023-11-15", look)
    _, other = await store.update("c1", "v", DAY, look)
    assert (same.turns, tomorrow.turns, other.turns) == (2, 0, 0)


async def test_nobody_in_particular_has_no_ledger(store: Store):
    """Without a user the session moves on and the use is counted for nobody."""
    await store.update("c", None, DAY, turn())
    session, usage = await store.update("c", None, DAY, turn())
    assert (session.turns, usage.turns) == (2, 1)


async def test_no_concurrent_update_is_lost(store: Store):
    """200 concurrent turns of one conversation count as 200."""
    await asyncio.gather(*(store.update("c", "u", DAY, turn()) for _ in range(200)))
    session, usage = await store.update("c", "u", DAY, look)
    assert (session.turns, usage.turns) == (200, 200)


async def test_no_update_is_lost_between_two_stores(twins):
    """Nor from two stores on the same file."""
    await asyncio.gather(*(twins[n % 2].update("c", "u", DAY, turn()) for n in range(200)))
    session, usage = await twins[0].update("c", "u", DAY, look)
    assert (session.turns, usage.turns) == (200, 200)


async def test_an_update_is_not_overtaken(twins):
    """While one store is between reading and writing, the other waits."""

    def slow(session: Session | None, usage: Usage) -> tuple[Session, Usage]:
        time.sleep(0.03)
        return turn()(session, usage)

    await asyncio.gather(*(store.ping() for store in twins))
    await asyncio.gather(*(store.update("c", "u", DAY, slow) for store in twins))
    session, _ = await twins[0].update("c", "u", DAY, look)
    assert session.turns == 2


async def test_what_one_store_wrote_the_other_reads_at_once(twins):
    """An acknowledged event is visible everywhere."""
    for n in range(20):
        await twins[n % 2].append(event(f"e{n}"))
        assert f"e{n}" in await ids(twins[1 - n % 2])


async def test_a_change_that_fails_changes_nothing(store: Store):
    """A bug in one caller's change reaches that caller alone, as a StoreError."""

    def broken(session: Session | None, usage: Usage) -> tuple[Session, Usage]:
        raise KeyError("words of a person")

    results = await asyncio.gather(
        store.update("c", "u", DAY, turn()),
        store.update("c", "u", DAY, broken),
        store.update("c", "u", DAY, turn()),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert "words" not in str(results[1])
    session, _ = await store.update("c", "u", DAY, look)
    assert session.turns == 2


async def test_events_come_back_as_they_were(store: Store):
    """All fields survive, and `seq` rises."""
    given = (event("e1"), event("e2", user=None, conversation=None, body={"a": [1, None, "ü"]}))
    kept = await store.append(*given)
    assert [replace(e, seq=0) for e in kept] == list(given)
    assert 0 < kept[0].seq < kept[1].seq
    assert await store.read(Query(ascending=True)) == kept


async def test_bodies_may_be_any_mapping(store: Store):
    """Enums and read-only mappings become the plain data they stand for."""
    await store.append(event("e", body=MappingProxyType({"how": Severity.URGENT, "of": ("a",)})))
    assert (await store.read(Query()))[0].body == {"how": "urgent", "of": ["a"]}


async def test_an_event_is_added_once(store: Store):
    """A retry adds nothing and gets the event that is there."""
    (first,) = await store.append(event("e"))
    again = await store.append(event("e", at=NOW + 9, body={"n": 2}), event("f"))
    assert again[0] == first
    assert await ids(store, ascending=True) == ["e", "f"]


async def test_events_stand_or_fall_together(store: Store):
    """One event that cannot be stored takes its companions with it."""
    with pytest.raises(StoreError):
        await store.append(event("a"), event("b", at=float("nan")))
    assert await ids(store) == []


@pytest.mark.parametrize("body", [{"x": object()}, {1: "key"}, {"x": "\ud800"}, {"x": {1, 2}}])
async def test_a_body_must_be_json(store: Store, body):
    """What is not plain data is refused as a StoreError and harms nobody else."""
    with pytest.raises(StoreError):
        await store.append(event("bad", body=body))
    await store.append(event("good"))
    assert await ids(store) == ["good"]


async def test_lone_surrogates_in_an_id_are_refused(store: Store):
    """Text that has no UTF-8 form is a StoreError, not a crash of the store."""
    with pytest.raises(StoreError):
        await store.append(event("\ud800"))
    await store.ping()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["e5", "e4", "e3", "e2", "e1"]),
        ({"ascending": True}, ["e1", "e2", "e3", "e4", "e5"]),
        ({"kind": "record"}, ["e2", "e1"]),
        ({"kind": "case."}, ["e4", "e3"]),
        ({"kind": "case.note"}, ["e4"]),
        ({"kind": "case"}, []),
        ({"kind": "ca."}, []),
        ({"subject": "t2"}, ["e2"]),
        ({"user": "v"}, ["e5", "e2"]),
        ({"conversation": "d"}, ["e5"]),
        ({"since": NOW + 3}, ["e5", "e4", "e3"]),
        ({"limit": 2}, ["e5", "e4"]),
        ({"limit": 0}, []),
        ({"limit": -1}, []),
        ({"user": "v", "kind": "record"}, ["e2"]),
        ({"kind": "case.", "since": NOW + 4}, ["e4"]),
        ({"kind": "' OR 1=1 --"}, []),
    ],
)
async def test_every_field_of_a_query_filters(store: Store, query, found):
    """All fields that are set must match; newest first unless asked otherwise."""
    await store.append(
        event("e1", at=NOW + 1),
        event("e2", at=NOW + 2, subject="t2", user="v"),
        event("e3", at=NOW + 3, kind="case.opened"),
        event("e4", at=NOW + 4, kind="case.note"),
        event("e5", at=NOW + 5, kind="cases", user="v", conversation="d"),
    )
    assert await ids(store, **query) == found


async def test_kinds_are_found_below_any_dot(store: Store):
    """A kind that merely begins with the same letters is not below it."""
    kinds = ("a.b", "a.b.c", "a.bc", "a.b.d", "ab.c")
    await store.append(*(event(kind, kind=kind) for kind in kinds))
    assert await ids(store, kind="a.b.", ascending=True) == ["a.b.c", "a.b.d"]
    assert await ids(store, kind="a.", ascending=True) == ["a.b", "a.b.c", "a.bc", "a.b.d"]


async def test_pages_follow_each_other(store: Store):
    """Paging with `after_seq` meets every event once."""
    await store.append(*(event(f"e{n:02}") for n in range(25)))
    met: list[str] = []
    after = 0
    while page := await store.read(Query(after_seq=after, limit=10, ascending=True)):
        met += [e.id for e in page]
        after = page[-1].seq
    assert met == [f"e{n:02}" for n in range(25)]


async def test_purge_deletes_what_is_old_and_keeps_cases(store: Store):
    """Old sessions and records go and are counted; cases, interventions and new things stay."""
    await store.update("old", None, DAY, turn(NOW - 10))
    await store.update("new", None, DAY, turn(NOW + 10))
    await store.append(
        event("old", at=NOW - 10),
        event("new", at=NOW + 10),
        event("case", at=NOW - 10, kind="case.opened"),
        event("said", at=NOW - 10, kind="intervention"),
    )
    assert await store.purge(NOW) == 2
    assert await store.purge(NOW) == 0
    assert sorted(await ids(store)) == ["case", "new", "said"]
    old, _ = await store.update("old", None, DAY, look)
    new, _ = await store.update("new", None, DAY, look)
    assert (old.turns, new.turns) == (0, 1)


async def test_purge_is_complete(store: Store):
    """More than one slice is deleted in one call."""
    await store.append(*(event(f"e{n}") for n in range(2500)))
    assert await store.purge(NOW + 1) == 2500


async def test_purge_gives_nobody_new_minutes(store: Store):
    """A short retention must not reset today's ledger; one of last week may go."""
    await store.update("c", "u", DAY, turn(NOW))
    await store.purge(NOW + 3600)
    _, today = await store.update("c", "u", DAY, look)
    await store.purge(NOW + 7 * 86_400)
    _, gone = await store.update("c", "u", DAY, look)
    assert (today.turns, gone.turns) == (1, 0)


async def test_seq_is_never_given_twice(store: Store):
    """Not even when the newest event was purged: a reader would miss the next one."""
    (last,) = await store.append(event("a"))
    await store.purge(NOW + 1)
    (after,) = await store.append(event("b"))
    assert after.seq > last.seq


async def test_ping_answers(store: Store):
    """A store that works says so, again and again."""
    await store.ping()
    await store.ping()


async def test_a_cancelled_caller_harms_nobody(store: Store):
    """Callers that stop waiting leave the store whole; what was accepted is carried out."""
    await store.ping()
    waiting = [asyncio.ensure_future(store.append(event(f"e{n}"))) for n in range(50)]
    await asyncio.sleep(0)  # let each of them hand its job over
    for task in waiting[::2]:
        task.cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(r, asyncio.CancelledError | tuple) for r in results)
    assert len(await ids(store)) == 50


async def test_close_finishes_what_was_accepted(open_store: Open):
    """Calls under way when the store is closed still get their answer."""
    store = open_store()
    waiting = [asyncio.ensure_future(store.append(event(f"e{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert all([await task for task in waiting])


async def test_close_twice(open_store: Open):
    """Closing again, or closing what was never used, is no mistake; using it is one."""
    store = open_store()
    await store.ping()
    await asyncio.gather(store.close(), store.close())
    await store.close()
    await open_store().close()
    for call in (store.ping(), store.append(event("e")), store.read(Query()), store.purge(NOW)):
        with pytest.raises(StoreError, match="closed"):
            await call
    with pytest.raises(StoreError, match="closed"):
        await store.update("c", "u", DAY, turn())
