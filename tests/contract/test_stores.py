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
from guardrail.person import Age, Consent, Crisis, Day, Doubt, Person, moved
from guardrail.session import Session, advance
from guardrail.store.base import Change, Checkpoint, Event, Query, Store
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import AgeBand, Danger, Evidence, Severity

NOW = 1_700_000_000.0
DAY = "2023-11-14"

Open = Callable[[], Store]
Both = tuple[Session | None, Person | None]


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


def turn(at: float = NOW, conversation: str = "c", key: str = "u") -> Change:
    """The change that one turn makes."""

    def change(session: Session | None, person: Person | None) -> Both:
        return advance(session, conversation, at), moved(person, key, at, DAY)

    return change


def look(session: Session | None, person: Person | None) -> Both:
    """A change that changes nothing."""
    return session, person


async def turns(store: Store, conversation: str = "c", key: str = "u") -> tuple[int, int]:
    """How many turns the session and the person's day have; 0 for what is not there."""
    session, person = await store.update(conversation, key, look)
    return session.turns if session else 0, person.today(DAY).turns if person else 0


def event(id_: str, **fields) -> Event:
    """An event with this id."""
    return replace(Event(id_, NOW, "record", "t1", "u", "c", {"n": 1}), **fields)


async def ids(store: Store, **query) -> list[str]:
    """Ids of the events that match."""
    return [e.id for e in await store.read(Query(**query))]


SESSION = Session("c", 1.5, 2.5, 3, ("a", "b"), (1.0, 2.0))
PERSON = Person(
    "u",
    1.5,
    2.5,
    2.0,
    age=Age(AgeBand.MINOR, Evidence.GUARDIAN, (13, 15), 1.25),
    crisis=Crisis(Danger.ACTIVE, 1.0, 9.5, 2, 1.75),
    days=(Day("2023-11-13", 60.5, 30.25, 7, 2), Day(DAY, 1.0, 0.0, 1, 0)),
    shown={"ai-start": 1.5, "break": 2.5},
    consent=Consent("companion", "2", 1.0),
    paused=True,
    curfew_lifted=8.5,
    away=0.5,
    doubt=Doubt((14, 14), 2.5, noted=True),
)


async def test_a_new_conversation_starts_from_nothing(store: Store):
    """The first update gets no session and no person."""
    seen: list[Both] = []

    def change(session: Session | None, person: Person | None) -> Both:
        seen.append((session, person))
        return turn()(session, person)

    await store.update("c", "u", change)
    assert seen[-1] == (None, None)


async def test_a_session_and_a_person_come_back_as_they_were(store: Store):
    """Every field of both survives, types included."""
    given = await store.update("c", "u", lambda _s, _p: (SESSION, PERSON))
    kept = await store.update("c", "u", look)
    assert given == kept == (SESSION, PERSON)
    assert kept[1] is not None
    assert kept[1].age.band is AgeBand.MINOR
    assert kept[1].age.evidence is Evidence.GUARDIAN
    assert kept[1].crisis.danger is Danger.ACTIVE


@pytest.mark.parametrize("person", [PERSON, Person("u", 1.0, 1.0, 1.0)])
async def test_another_process_finds_them_as_they_were(twins: tuple[Store, Store], person: Person):
    """What one has at hand still, the other reads from its bytes; then each reads the other's."""
    one, other = twins
    await one.update("c", "u", lambda _s, _p: (SESSION, person))
    assert await other.update("c", "u", look) == (SESSION, person)
    after = await other.update("c", "u", turn())
    assert await one.update("c", "u", look) == after != (SESSION, person)


async def test_a_person_of_whom_nothing_is_known_comes_back(store: Store):
    """The defaults survive, too: no age, no crisis, no consent."""
    person = Person("u", 1.0, 1.0, 1.0)
    await store.update("", "u", lambda _s, _p: (None, person))
    assert await store.update("", "u", look) == (None, person)


async def test_read_only_mappings_of_a_person_are_kept(store: Store):
    """`shown` may be any mapping."""
    person = Person("u", 1.0, 1.0, 1.0, shown=MappingProxyType({"a": 1.0}))
    await store.update("", "u", lambda _s, _p: (None, person))
    _, kept = await store.update("", "u", look)
    assert kept is not None
    assert dict(kept.shown) == {"a": 1.0}


async def test_people_are_kept_apart_from_conversations(store: Store):
    """Two conversations of one person share what is known of them; another person does not."""
    await store.update("c1", "u", turn(conversation="c1"))
    await store.update("c2", "u", turn(conversation="c2"))
    assert await turns(store, "c1") == (1, 2)
    assert await turns(store, "c1", "v") == (1, 0)


async def test_an_empty_key_stands_for_nobody(store: Store):
    """A change may be about one of the two; the other is neither given nor written."""
    await store.update("c", "", turn())
    assert await store.update("c", "", look) != (None, None)
    assert await store.people() == ()
    await store.update("", "u", turn())
    session, person = await store.update("", "u", look)
    assert session is None
    assert person is not None
    assert await turns(store) == (1, 1)


async def test_what_a_change_leaves_out_is_left_alone(store: Store):
    """`None` in a result does not delete."""
    await store.update("c", "u", turn())
    assert await store.update("c", "u", lambda _s, _p: (None, None)) == (None, None)
    assert await turns(store) == (1, 1)


async def test_everybody_is_met_once(store: Store):
    """Pages of people follow each other by key."""
    names = [f"u{n:02}" for n in range(25)]
    for name in names:
        await store.update("", name, turn(key=name))
    met: list[str] = []
    after = ""
    while page := await store.people(after, 10):
        met += [person.key for person in page]
        after = page[-1].key
    assert met == names
    assert await store.people("u24") == ()
    assert await store.people(limit=0) == await store.people(limit=-1) == ()


async def test_people_are_counted(store: Store):
    """All that are remembered, and those who came since."""
    assert await store.headcount(0.0) == (0, 0)
    for number in range(3):
        await store.update("", f"u{number}", turn(at=100.0 * number, key=f"u{number}"))
    assert await store.headcount(100.0) == (3, 2)
    assert await store.headcount(201.0) == (3, 0)


async def test_no_concurrent_update_is_lost(store: Store):
    """200 concurrent turns of one conversation count as 200."""
    await asyncio.gather(*(store.update("c", "u", turn()) for _ in range(200)))
    assert await turns(store) == (200, 200)


async def test_no_update_is_lost_between_two_stores(twins):
    """Nor from two stores on the same file."""
    await asyncio.gather(*(twins[n % 2].update("c", "u", turn()) for n in range(200)))
    assert await turns(twins[0]) == (200, 200)


async def test_two_conversations_of_one_person_lose_nothing(twins):
    """Two devices at once: the person's turns add up over both."""
    calls = (twins[n % 2].update(f"c{n % 2}", "u", turn()) for n in range(100))
    await asyncio.gather(*calls)
    assert (await turns(twins[0], "c0"), await turns(twins[1], "c1")) == ((50, 100), (50, 100))


async def test_an_update_is_not_overtaken(twins):
    """While one store is between reading and writing, the other waits."""

    def slow(session: Session | None, person: Person | None) -> Both:
        time.sleep(0.03)
        return turn()(session, person)

    await asyncio.gather(*(store.ping() for store in twins))
    await asyncio.gather(*(store.update("c", "u", slow) for store in twins))
    assert await turns(twins[0]) == (2, 2)


async def test_what_one_store_wrote_the_other_reads_at_once(twins):
    """An acknowledged event is visible everywhere."""
    for n in range(20):
        await twins[n % 2].append(event(f"e{n}"))
        assert f"e{n}" in await ids(twins[1 - n % 2])


async def test_a_change_that_fails_changes_nothing(store: Store):
    """A bug in one caller's change reaches that caller alone, as a StoreError."""

    def broken(session: Session | None, person: Person | None) -> Both:
        raise KeyError("words of a person")

    results = await asyncio.gather(
        store.update("c", "u", turn()),
        store.update("c", "u", broken),
        store.update("c", "u", turn()),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert "words" not in str(results[1])
    assert await turns(store) == (2, 2)


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
    await store.update("old", "", turn(NOW - 10, "old"))
    await store.update("new", "", turn(NOW + 10, "new"))
    await store.append(
        event("old", at=NOW - 10),
        event("new", at=NOW + 10),
        event("case", at=NOW - 10, kind="case.opened"),
        event("said", at=NOW - 10, kind="intervention"),
    )
    assert await store.purge(NOW) == 2
    assert await store.purge(NOW) == 0
    assert sorted(await ids(store)) == ["audit.purged.1", "case", "new", "said"]
    assert await turns(store, "old", "") == (0, 0)
    assert await turns(store, "new", "") == (1, 0)


async def test_purge_is_complete(store: Store):
    """More than one slice is deleted in one call, and the log says how many and which."""
    await store.append(*(event(f"e{n}") for n in range(2500)))
    assert await store.purge(NOW + 1) == 2500
    said = await store.read(Query(kind="audit.purged", ascending=True))
    assert [e.body["before"] for e in said] == [NOW + 1] * len(said)
    assert sum(e.body["count"] for e in said) == 2500
    assert (said[0].body["first"], said[-1].body["last"]) == (1, 2500)


async def test_a_purge_that_takes_no_record_says_nothing(store: Store):
    """Sessions and people are in no log."""
    await store.update("c", "u", turn())
    assert await store.purge(NOW + 7 * 86_400) == 2
    assert await ids(store) == []


async def test_purge_gives_nobody_new_minutes(store: Store):
    """A short retention must not reset today's ledger; one of last week may go."""
    await store.update("", "u", turn(NOW))
    await store.purge(NOW + 3600)
    assert await turns(store) == (0, 1)
    assert await store.purge(NOW + 7 * 86_400) == 1
    assert await turns(store) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "stays"),
    [
        ({}, False),
        ({"age": Age(AgeBand.ADULT, Evidence.VERIFIED)}, False),
        ({"age": Age(AgeBand.MINOR, Evidence.STATED)}, True),
        ({"consent": Consent("companion", "1", NOW)}, True),
        ({"paused": True}, True),
    ],
    ids=["unknown", "adult", "minor", "consent", "paused"],
)
async def test_purge_keeps_whom_a_duty_is_owed(store: Store, fields, stays: bool):
    """A child is still one after a long absence, and what a guardian set holds."""
    person = replace(Person("u", NOW, NOW, NOW), **fields)
    await store.update("", "u", lambda _s, _p: (None, person))
    assert await store.purge(NOW + 400 * 86_400) == (0 if stays else 1)
    assert await store.people() == ((person,) if stays else ())


async def test_a_person_who_is_no_longer_kept_may_go(store: Store):
    """After an appeal or the end of a pause, the retention applies again."""
    paused = Person("u", NOW, NOW, NOW, paused=True)
    await store.update("", "u", lambda _s, _p: (None, paused))
    await store.update("", "u", lambda _s, _p: (None, replace(paused, paused=False)))
    assert await store.purge(NOW + 400 * 86_400) == 1


def nothing(_: Person) -> None:
    """Nothing of a person stays."""


async def test_forgetting_takes_a_person_and_their_sessions(store: Store):
    """Those named go, and are counted; other people, other sessions and all events stay."""
    await store.update("c", "u", turn())
    await store.update("d", "", turn(conversation="d"))
    await store.update("x", "v", turn(conversation="x", key="v"))
    await store.append(event("e"))
    assert await store.forget("u", ["c", "d", "none"], NOW, nothing) == 3
    assert await store.forget("u", ["c"], NOW, nothing) == 0
    assert await turns(store) == (0, 0)
    assert await turns(store, "x", "v") == (1, 1)
    assert await ids(store) == ["e"]


async def test_whoever_came_back_is_not_forgotten(store: Store):
    """What began after the time named is of another life."""
    await store.update("c", "u", turn(NOW + 1))
    assert await store.forget("u", ["c"], NOW, nothing) == 0
    assert await turns(store) == (1, 1)
    assert await store.forget("u", ["c"], NOW + 1, nothing) == 2


async def test_something_of_a_person_may_stay(store: Store):
    """What `stays` gives stands in the place of what was known, and is kept as it says."""
    child = Person("u", NOW, NOW, NOW, age=Age(AgeBand.MINOR, Evidence.STATED), away=5.0)
    await store.update("", "u", lambda _s, _p: (None, child))
    rest = Person("u", NOW + 1, NOW, NOW, age=child.age)
    assert await store.forget("u", [], NOW, lambda known: replace(rest, age=known.age)) == 1
    assert await store.people() == (rest,)
    assert await store.purge(NOW + 400 * 86_400) == 0


async def test_seq_is_never_given_twice(store: Store):
    """Not even when the newest event was purged: a reader would miss the next one."""
    (last,) = await store.append(event("a"))
    await store.purge(NOW + 1)
    (after,) = await store.append(event("b"))
    assert after.seq > last.seq


async def test_no_number_is_left_out(store: Store):
    """A retry takes no number, and neither does what was refused: a gap would be a deletion."""
    (first,) = await store.append(event("a"))
    await store.append(event("a"))
    with pytest.raises(StoreError):
        await store.append(event("b"), event("c", at=float("nan")))
    (second,) = await store.append(event("d"))
    assert (first.seq, second.seq) == (1, 2)


async def test_every_event_leaves_a_leaf(store: Store):
    """Each has its own, in the order of the log; what is purged leaves its leaf behind."""
    assert await store.leaves() == ()
    await store.append(*(event(f"e{n}") for n in range(25)))
    before = await store.leaves()
    assert len(set(before)) == 25
    assert await store.leaves(20) == before[20:]
    assert await store.leaves(5, 10) == before[5:15]
    assert (
        await store.leaves(25) == await store.leaves(limit=0) == await store.leaves(limit=-1) == ()
    )
    await store.purge(NOW + 1)
    after = await store.leaves()
    assert (after[:25], len(after)) == (before, 26)


@pytest.mark.parametrize(
    "fields",
    [
        {"id_": "f"},
        {"at": NOW + 1e-6},
        {"kind": "case.note"},
        {"subject": "t2"},
        {"user": None},
        {"user": ""},
        {"conversation": "d"},
        {"body": {"n": 2}},
    ],
)
async def test_a_leaf_is_of_the_whole_event(fields):
    """Whatever differs, the leaf does."""
    one, other = SqliteStore(":memory:"), SqliteStore(":memory:")
    await one.append(event("e"))
    await other.append(event(**({"id_": "e"} | fields)))
    assert len(await one.leaves()) == len(await other.leaves()) == 1
    assert await one.leaves() != await other.leaves()
    await one.close()
    await other.close()


async def test_leaves_know_their_place(store: Store):
    """Two events that are alike in all but their number have different leaves."""
    await store.append(event("a"), event("b"))
    assert len(set(await store.leaves())) == 2


async def test_a_time_must_be_a_number(store: Store):
    """What has no place on the clock cannot be proven, and is refused."""
    with pytest.raises(StoreError, match="time"):
        await store.append(event("e", at=float("inf")))
    assert await ids(store) == []


async def test_checkpoints_follow_each_other(store: Store):
    """One is kept if it follows the newest; else its maker is told which one does."""
    one, other = Checkpoint(1, "one", (b"1" * 32,)), Checkpoint(2, "two", (b"2" * 32,))
    assert await store.checkpoints() == ()
    assert await store.pin(one, 0) == one
    assert await store.pin(other, 0) == one
    assert await store.checkpoints() == (one,)
    assert await store.pin(other, 1) == other
    assert await store.checkpoints() == (one, other)


async def test_only_the_newest_checkpoints_are_kept(store: Store):
    """The proof lies in the folder; the store needs those that may not be there yet."""
    for size in range(1, 40):
        await store.pin(Checkpoint(size, str(size), (b"e" * 32,)), size - 1)
    kept = [checkpoint.size for checkpoint in await store.checkpoints()]
    assert kept == list(range(40 - len(kept), 40))
    assert 2 <= len(kept) < 39


async def test_two_processes_make_one_checkpoint(twins):
    """Of two at once, one wins, and both know which."""
    await asyncio.gather(*(store.ping() for store in twins))
    made = [Checkpoint(7, f"by {n}", (b"e" * 32,)) for n in range(2)]
    won = await asyncio.gather(*(s.pin(c, 0) for s, c in zip(twins, made, strict=True)))
    assert won[0] == won[1]
    assert await twins[0].checkpoints() == await twins[1].checkpoints() == (won[0],)


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
    for call in (
        store.ping(),
        store.append(event("e")),
        store.read(Query()),
        store.purge(NOW),
        store.people(),
        store.forget("u", ["c"], NOW, nothing),
        store.leaves(),
        store.checkpoints(),
        store.pin(Checkpoint(1, "", ()), 0),
    ):
        with pytest.raises(StoreError, match="closed"):
            await call
    with pytest.raises(StoreError, match="closed"):
        await store.update("c", "u", turn())
