"""The SQLite store beyond its contract: kills, locks, damage, permissions, schema."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from guardrail.errors import StoreError
from guardrail.person import Age, Day, Person, moved
from guardrail.session import Session, advance
from guardrail.store import _worker
from guardrail.store.base import Event, Query
from guardrail.store.migrations import MIGRATIONS, migrate
from guardrail.store.sqlite import SqliteStore
from guardrail.turn import AgeBand, Evidence

NOW = 1_700_000_000.0

ENDLESS = """
import asyncio, itertools, sys
from guardrail.store.base import Event
from guardrail.store.sqlite import SqliteStore

async def caller(store, name):
    for n in itertools.count():
        id_ = f"{name}-{n}"
        await store.append(Event(id_, 1.0, "case.signal", "case", body={"n": n}))
        sys.stdout.write(id_ + chr(10))
        sys.stdout.flush()

async def main():
    store = SqliteStore(sys.argv[1])
    await asyncio.gather(*(caller(store, f"{sys.argv[2]}{i}") for i in range(8)))

asyncio.run(main())
"""

CROWDED = """
import asyncio, resource, sys
from guardrail.errors import StoreError
from guardrail.store.base import Event, Query
from guardrail.store.sqlite import SqliteStore

async def main():
    store = SqliteStore(sys.argv[1])
    await store.append(Event("before", 1.0, "record", "t"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    try:
        await store.append(Event("huge", 1.0, "record", "t", body={"x": "y" * 400_000}))
    except StoreError as error:
        print("refused:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.append(Event("after", 1.0, "record", "t"))
    print([e.id for e in await store.read(Query(ascending=True))])
    await store.close()

asyncio.run(main())
"""


def event(id_: str) -> Event:
    """An event with this id."""
    return Event(id_, NOW, "record", "t")


@pytest.fixture
async def store(tmp_path: Path):
    """A store in a file that does not wait long for locks."""
    opened = SqliteStore(tmp_path / "x.db", busy_seconds=0.05)
    yield opened
    await opened.close()


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path):
    """20 times: writers are killed at a random point; every event they were told of is there."""
    path = tmp_path / "x.db"
    acknowledged: set[str] = set()
    chance = random.Random(7)  # noqa: S311 - where to kill
    for round_ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(path), f"r{round_}."],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 60)):
            acknowledged.add(child.stdout.readline().strip())
        child.kill()
        acknowledged.update(child.stdout.read().split("\n")[:-1])  # the last line may be torn
        child.stdout.close()
        child.wait()
    store = SqliteStore(path)
    kept = {e.id for e in await store.read(Query(kind="case.", limit=1_000_000))}
    await store.close()
    assert len(acknowledged) > 100
    assert acknowledged <= kept


async def test_reopening_finds_everything(tmp_path: Path):
    """Sessions, people and events are there after a restart."""
    for turns in (1, 2):
        store = SqliteStore(tmp_path / "x.db")
        session, person = await store.update(
            "c", "u", lambda s, p: (advance(s, "c", NOW), moved(p, "u", NOW, "2023-11-14"))
        )
        await store.append(event(f"e{turns}"))
        assert session is not None
        assert person is not None
        assert (session.turns, person.today("2023-11-14").turns) == (turns, turns)
        assert len(await store.read(Query())) == turns
        await store.close()


async def test_nothing_is_opened_before_the_first_call(tmp_path: Path):
    """Construction makes no file and no thread."""
    before = threading.active_count()
    store = SqliteStore(tmp_path / "deep" / "x.db")
    assert threading.active_count() == before
    assert not (tmp_path / "deep").exists()
    await store.close()
    assert not (tmp_path / "deep").exists()


async def test_files_are_private(tmp_path: Path):
    """The database, its log and its folder are readable by nobody else, whatever the umask."""
    old = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "new" / "x.db")
        await store.append(event("e"))
    finally:
        os.umask(old)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "new").iterdir()}
    assert modes["x.db"] == modes["x.db-wal"] == modes["x.db-shm"] == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    await store.close()


async def test_commits_wait_for_the_disk(store: SqliteStore):
    """The settings that durability rests on are in force."""
    asked = ("journal_mode", "synchronous")
    found = await store._writer.do(
        lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    )
    assert found == ["wal", 2]


async def test_a_newer_schema_is_refused(tmp_path: Path):
    """A file from a later release is left alone, with a message that says what to do."""
    path = tmp_path / "x.db"
    store = SqliteStore(path)
    await store.ping()
    await store.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO migration VALUES (?, 'later', '')", (len(MIGRATIONS) + 1,))
    store = SqliteStore(path)
    known = len(MIGRATIONS)
    with pytest.raises(StoreError, match=f"schema {known + 1}, this release knows {known}"):
        await store.ping()
    with pytest.raises(StoreError, match="newer"):
        await store.read(Query())
    await store.close()


async def test_processes_may_open_a_new_file_at_once(tmp_path: Path):
    """The schema is made once, whoever comes first."""
    stores = [SqliteStore(tmp_path / "x.db") for _ in range(8)]
    await asyncio.gather(*(s.append(event(f"e{n}")) for n, s in enumerate(stores)))
    assert len(await stores[0].read(Query())) == 8
    for store in stores:
        await store.close()


async def test_a_foreign_lock_is_waited_for(store: SqliteStore, tmp_path: Path):
    """A lock that is held for too long is a StoreError, not before its time; then all is well."""
    await store.append(event("e1"))
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="lock"):
            await store.append(event("e2"))
        assert time.monotonic() - began >= 0.05
        assert len(await store.read(Query())) == 1  # reading needs no lock
        other.execute("ROLLBACK")
    await store.append(event("e2"))
    assert len(await store.read(Query())) == 2


async def test_a_lock_that_is_let_go_in_time_is_not_felt(tmp_path: Path):
    """A call waits for another process and then succeeds."""
    store = SqliteStore(tmp_path / "x.db")
    await store.ping()
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.append(event("e")))
    await asyncio.sleep(0.03)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()
    assert (await waiting)[0].id == "e"
    await store.close()


@pytest.mark.parametrize(
    "content", [b"not a database, " * 300, b"SQLite format 3\0" + b"\xff" * 4096]
)
async def test_a_damaged_file_is_a_store_error(tmp_path: Path, content: bytes):
    """It is named as such, left as it is, and once it is replaced the store works."""
    path = tmp_path / "x.db"
    path.write_bytes(content)
    store = SqliteStore(path)
    for call in (store.ping, lambda: store.read(Query())):
        with pytest.raises(StoreError, match="damaged"):
            await call()
    assert path.read_bytes() == content
    path.unlink()
    await store.ping()
    await store.close()


async def test_a_path_that_cannot_be_opened(tmp_path: Path):
    """A folder in place of the file, or a file in place of the folder, is a StoreError."""
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "x.db"):
        store = SqliteStore(path)
        with pytest.raises(StoreError):
            await store.ping()
        await store.close()


async def test_a_file_that_is_gone_is_noticed(store: SqliteStore, tmp_path: Path):
    """Nothing is acknowledged into a deleted file; only a restart begins a new one."""
    await store.append(event("e1"))
    for path in tmp_path.glob("x.db*"):
        path.unlink()
    for call in (store.ping(), store.append(event("e2")), store.ping()):
        with pytest.raises(StoreError, match="restart"):
            await call
    assert list(tmp_path.iterdir()) == []
    restarted = SqliteStore(tmp_path / "x.db")
    await restarted.ping()
    await restarted.close()


async def test_a_file_that_is_replaced_is_noticed(store: SqliteStore, tmp_path: Path):
    """A backup put in place of the open file is not touched, lest the two be mixed."""
    other = SqliteStore(tmp_path / "backup.db")
    await other.append(event("restored"))
    await other.close()
    await store.append(event("e1"))
    (tmp_path / "backup.db").replace(tmp_path / "x.db")
    content = (tmp_path / "x.db").read_bytes()
    for call in (store.append(event("e2")), store.append(event("e3"))):
        with pytest.raises(StoreError, match="restart"):
            await call
    assert (tmp_path / "x.db").read_bytes() == content


def test_a_full_disk_is_survived(tmp_path: Path):
    """The event that has no room is refused; what was there stays, and what comes later fits."""
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, str(tmp_path / "x.db")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("refused: the disk"), done.stdout
    assert done.stdout.endswith("['before', 'after']\n"), done.stdout


async def test_a_full_queue_says_so(store: SqliteStore, monkeypatch: pytest.MonkeyPatch):
    """More waiting calls than allowed are refused at once; those accepted are answered."""
    monkeypatch.setattr(_worker, "WAITING", 5)
    held = threading.Event()
    first = asyncio.ensure_future(store._writer.do(lambda _db: held.wait(5)))
    await asyncio.sleep(0.01)
    waiting = [asyncio.ensure_future(store.append(event(f"e{n}"))) for n in range(8)]
    await asyncio.sleep(0)
    held.set()
    results = await asyncio.gather(first, *waiting, return_exceptions=True)
    refused = [r for r in results if isinstance(r, StoreError)]
    assert len(refused) == 3
    assert "keep up" in str(refused[0])
    assert len(await store.read(Query())) == 5


async def test_callers_of_a_closed_loop_are_forgotten(store: SqliteStore):
    """A loop that ended while its call was waiting does not stop the store for others."""
    held = threading.Event()

    def elsewhere() -> None:
        async def give_up() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(store._writer.do(lambda _db: held.wait(5)), 0.01)

        asyncio.run(give_up())

    await asyncio.to_thread(elsewhere)
    held.set()
    await store.ping()


async def test_each_waiting_caller_gets_its_own_error(tmp_path: Path):
    """One lost transaction fails every job in it, each with an exception of its own."""
    store = SqliteStore(tmp_path)
    results = await asyncio.gather(*(store.ping() for _ in range(5)), return_exceptions=True)
    assert len({id(r) for r in results}) == 5
    assert all(isinstance(r, StoreError) for r in results)
    await store.close()


async def test_a_broken_transaction_is_undone(store: SqliteStore):
    """Whoever breaks the transaction is told so; its neighbours' work is done all the same, once."""
    await store.ping()

    def undo(db: sqlite3.Connection) -> None:  # as SQLite itself does on some full disks
        db.execute("ROLLBACK")
        raise sqlite3.OperationalError("made up")

    for n, breaks in enumerate((undo, lambda db: db.execute("RELEASE job"))):
        results = await asyncio.gather(
            store._writer.do(lambda _db: time.sleep(0.01)),
            store.append(event(f"before{n}")),
            store._writer.do(breaks),
            store.append(event(f"after{n}")),
            return_exceptions=True,
        )
        assert [isinstance(r, StoreError) for r in results] == [False, False, True, False]
    found = await store.read(Query(ascending=True))
    assert [e.id for e in found] == ["before0", "after0", "before1", "after1"]
    assert [e.seq for e in found] == [1, 2, 3, 4]


async def test_a_commit_that_fails_is_everybodys(store: SqliteStore):
    """Nobody is told that work stands which did not reach the disk."""
    await store.ping()
    results = await asyncio.gather(
        store._writer.do(lambda _db: time.sleep(0.01)),
        store.append(event("before")),
        store._writer.do(lambda db: db.execute("ROLLBACK")),  # nothing is left to commit
        return_exceptions=True,
    )
    assert all(isinstance(r, StoreError) for r in results[1:])
    assert not await store.read(Query())
    await store.append(event("later"))


async def test_what_is_in_memory_survives_a_failure():
    """There the connection is the database, and is never dropped."""
    store = SqliteStore(":memory:")
    await store.append(event("e1"))
    with pytest.raises(StoreError):
        await store._writer.do(lambda db: db.execute("RELEASE job"))
    await store.append(event("e2"))
    assert [e.id for e in await store.read(Query(ascending=True))] == ["e1", "e2"]
    await store.close()


async def test_a_full_database_is_survived(store: SqliteStore):
    """The event that finds no room is refused; a smaller one after it fits."""
    pages = await store._writer.do(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await store._writer.do(
        lambda db: db.execute(f"PRAGMA max_page_count = {pages + 10}").fetchone()
    )
    with pytest.raises(StoreError, match="full"):
        await store.append(replace(event("huge"), body={"x": "y" * 100_000}))
    await store.append(event("small"))
    assert [e.id for e in await store.read(Query())] == ["small"]


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path):
    """A schema is moved on whole or not at all."""

    def half(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (x)")
        raise StoreError("no further")

    with contextlib.closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as db:
        with pytest.raises(StoreError, match="no further"):
            migrate(db, (*MIGRATIONS, half))
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == []
        migrate(db)
        migrate(db, (*MIGRATIONS, lambda later: later.execute("CREATE TABLE later (x)")))
        applied = db.execute("SELECT number, name FROM migration").fetchall()
    assert [number for number, _ in applied] == list(range(1, len(MIGRATIONS) + 2))
    assert [name for _, name in applied][:2] == ["sessions_usage_events", "people"]


async def test_a_session_of_many_messages_is_small(store: SqliteStore):
    """The largest session that is kept takes 8 KB."""
    session = Session("c", NOW, NOW, known=tuple(f"{n:016x}" for n in range(400)))
    await store.update("c", "", lambda _s, _p: (session, None))
    size = await store._sessions.do(
        lambda db: db.execute("SELECT length(body) FROM session").fetchone()
    )
    assert size[0] < 8192


OLD = {
    "conversation": "c",
    "started": 1.5,
    "last_seen": NOW,
    "sitting_started": 2.5,
    "turns": 4,
    "sitting_turns": 3,
    "age_band": "unknown",
    "known": ["a", "b"],
    "recent": [NOW],
}
"""A session as schema 1 wrote it."""


def old_store(path: Path, *sessions: dict[str, object]) -> None:
    """The files of a store of schema 1, with these sessions and a ledger."""
    beside = path.with_name(f"{path.stem}-sessions{path.suffix}")
    for file, held in ((path, ()), (beside, sessions)):
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            migrate(db, MIGRATIONS[:1])
            for session in held:
                row = (session["conversation"], session["last_seen"], orjson.dumps(session))
                db.execute(
                    "INSERT INTO session (conversation, last_seen, body) VALUES (?, ?, ?)", row
                )
            db.execute("INSERT INTO usage VALUES (?, ?, ?, ?, ?)", ("u", "2023-11-14", 60, 2, NOW))


async def test_a_store_of_schema_1_is_opened(tmp_path: Path):
    """Its sessions are readable; whoever was a minor there is a person, and still one."""
    path = tmp_path / "x.db"
    minor = {**OLD, "conversation": "child", "age_band": "minor"}
    old_store(path, OLD, minor, {**OLD, "conversation": "grown", "age_band": "adult"})
    store = SqliteStore(path)
    found = {key: await store.update(key, key, lambda s, p: (s, p)) for key in ("c", "grown")}
    session, child = await store.update("child", "child", lambda s, p: (s, p))
    people = await store.people()
    known = Session("c", 1.5, NOW, 4, ("a", "b"), (NOW,))
    assert found == {"c": (known, None), "grown": (replace(known, conversation="grown"), None)}
    assert session == replace(known, conversation="child")
    age = Age(AgeBand.MINOR, Evidence.STATED, None, NOW)
    assert child == Person("child", NOW, NOW, NOW, age=age)
    assert people == (child,)
    assert await store.purge(NOW + 400 * 86_400) == 3  # the sessions; a child stays a child
    assert await store.people() == (child,)
    await store.close()


async def test_a_person_of_schema_1_goes_on(tmp_path: Path):
    """A turn moves the migrated session and person on like any other."""
    path = tmp_path / "x.db"
    old_store(path, {**OLD, "age_band": "minor"})
    store = SqliteStore(path)
    session, person = await store.update(
        "c", "c", lambda s, p: (advance(s, "c", NOW + 60), moved(p, "c", NOW + 60, "2023-11-14"))
    )
    assert session is not None
    assert person is not None
    assert (session.turns, person.age.band) == (5, AgeBand.MINOR)
    assert person.days == (Day("2023-11-14", seconds=60.0, turns=1),)
    assert await store.update("c", "c", lambda s, p: (s, p)) == (session, person)
    await store.close()


async def test_the_old_ledgers_are_gone(tmp_path: Path):
    """The second migration leaves no table that nobody reads."""
    old_store(tmp_path / "x.db", OLD)
    store = SqliteStore(tmp_path / "x.db")
    names = await store._sessions.do(
        lambda db: [row[0] for row in db.execute("SELECT name FROM sqlite_master")], writes=False
    )
    assert "usage" not in names
    assert "person" in names
    await store.close()


async def test_many_may_open_a_new_file_at_once(tmp_path: Path):
    """SQLite refuses a second switch to the write-ahead log at once; the store asks again."""
    for number in range(10):
        stores = [SqliteStore(tmp_path / f"{number}.db") for _ in range(4)]
        await asyncio.gather(*(store.ping() for store in stores))
        for store in stores:
            await store.close()
