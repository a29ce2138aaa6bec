"""The default Store: two SQLite files. This is its SQL; the threads behind it are `_worker`.

Events and sessions live apart because they promise different things. An event waits for the disk
(0.2 to 4 ms): a case must survive a power cut. A session moves on before the bot is even asked, so
everybody would wait with it; it survives kill -9, and a power cut costs it a few seconds at most.
In one file the sessions would stand behind the events' waits for the disk.

A session or a person is one row of JSON: nobody asks for it by anything but its key, and a row that
is read and written whole is quickest (25 µs with 40 messages known). Events are columns, since
people ask about those.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from guardrail.errors import StoreError
from guardrail.household import Spending, changed
from guardrail.person import Age, Consent, Crisis, Day, Doubt, Person
from guardrail.session import Session
from guardrail.store import leaves as trail
from guardrail.store._held import Held
from guardrail.store._worker import MEMORY, Worker
from guardrail.store.base import Change, Checkpoint, Event, Query, Stays
from guardrail.store.looking import look_through
from guardrail.store.migrations import FAMILY, migrate
from guardrail.turn import AgeBand, Danger, Evidence

__all__ = ["SqliteStore", "quick_check"]

SLICE = 1_000
"""Rows that one purge job deletes, so that a large purge holds up nobody for long."""
LEDGER_LIFE = 2 * 86_400.0
"""A ledger outlives its day anywhere on Earth: purging must not give anybody new minutes."""


class SqliteStore:
    """A Store in two files, safe for several processes. Opens nothing until it is first used.

    Args:
        path: the file of the events, made with mode 0600 (its folder, too); the sessions stand
            beside it, in `<name>-sessions.db`. ":memory:" for one that passes.
        busy_seconds: how long to wait for another process that holds the file's lock.
        clock: says when a purge took place.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        busy_seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._held = (Held(_session), Held(_person))
        self._writer = Worker(str(path), busy_seconds, migrate)
        # Reading has its own connection, so that a moderator's long list holds up no turn; a
        # write that was acknowledged is committed, and so seen. In memory there is only one.
        self._reader = self._sessions = self._writer
        if str(path) != MEMORY:
            beside = str(_sessions(Path(path)))
            self._reader = Worker(str(path), busy_seconds, migrate)
            self._sessions = Worker(beside, busy_seconds, _prepare, power_safe=False)

    async def update(
        self, conversation: str, person: str, change: Change
    ) -> tuple[Session | None, Person | None]:
        """Move a session and a person on; see `Store.update`."""
        return await self._sessions.do(
            lambda db: _update(db, self._held, conversation=conversation, key=person, change=change)
        )

    async def people(self, after: str = "", limit: int = SLICE) -> tuple[Person, ...]:
        """A page of everybody; see `Store.people`."""
        return await self._sessions.do(lambda db: _people(db, after, limit), writes=False)

    async def headcount(self, since: float) -> tuple[int, int]:
        """See `Store.headcount`."""
        return await self._sessions.do(lambda db: _headcount(db, since), writes=False)

    async def forget(
        self, person: str, conversations: Sequence[str], before: float, stays: Stays
    ) -> int:
        """Erase a person and their sessions; see `Store.forget`."""

        def work(db: sqlite3.Connection) -> int:
            _let_go(self._held)
            return _forget(db, person, conversations, before=before, stays=stays)

        done = await self._sessions.do(work)
        await self._sessions.do(_empty_log, writes=False)
        return done

    async def append(self, *events: Event) -> tuple[Event, ...]:
        """Add events, durable on return; see `Store.append`."""
        try:
            bodies = [orjson.dumps(event.body, default=dict) for event in events]
        except TypeError as error:
            raise StoreError("the body of an event is not plain JSON data") from error
        return await self._writer.do(lambda db: _append(db, events, bodies))

    async def read(self, query: Query) -> tuple[Event, ...]:
        """Events that match; see `Store.read`."""
        return await self._reader.do(lambda db: _read(db, query), writes=False)

    async def leaves(self, after: int = 0, limit: int = trail.PAGE) -> tuple[bytes, ...]:
        """Leaf hashes of the audit tree; see `Store.leaves`."""
        return await self._reader.do(lambda db: trail.leaves(db, after, limit), writes=False)

    async def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The newest checkpoints; see `Store.checkpoints`."""
        return await self._reader.do(trail.checkpoints, writes=False)

    async def pin(self, checkpoint: Checkpoint, after: int) -> Checkpoint:
        """Keep a checkpoint; see `Store.pin`."""
        return await self._writer.do(lambda db: trail.pin(db, checkpoint, after))

    async def purge(self, before: float) -> int:
        """Delete what is older; see `Store.purge`."""
        total, now = 0, self._clock()
        await self._sessions.do(lambda _: _let_go(self._held), writes=False)
        for worker in dict.fromkeys((self._writer, self._sessions)):
            while found := await worker.do(lambda db: _purge(db, before, now)):
                total += found
        return total

    async def ping(self) -> None:
        """Write a row and read it back, on each connection."""
        for worker in dict.fromkeys((self._writer, self._sessions)):
            await worker.do(_ping)
        await self.read(Query(limit=1))

    async def close(self) -> None:
        """Finish what was accepted, then let go. May be called twice."""
        for worker in (self._reader, self._sessions, self._writer):
            await worker.close()


def _prepare(db: sqlite3.Connection) -> None:
    """Sessions and people may be erased: what goes is overwritten (within the noise of an update)."""
    db.execute("PRAGMA secure_delete = ON")
    migrate(db)


def quick_check(path: Path) -> None:
    """Look through both files of a store and change nothing; a file that is not there is well.

    Raises:
        StoreError: one of them is damaged, no database, or of a newer release.
    """
    for file in (path, _sessions(path)):
        if file.exists():
            look_through(file)


def _sessions(path: Path) -> Path:
    """The file of the sessions, beside that of the events."""
    return path.with_name(f"{path.stem}-sessions{path.suffix}")


# The work, in plain SQL. It runs in a worker's thread; all that one call writes stands or falls
# together, since a transaction in which one call fails is undone.


Rows = tuple[Held[Session], Held[Person]]


def _update(
    db: sqlite3.Connection, rows: Rows, *, conversation: str, key: str, change: Change
) -> tuple[Session | None, Person | None]:
    sessions, people = rows
    known, met = db.execute(
        "SELECT (SELECT body FROM session WHERE conversation = ?),"
        " (SELECT body FROM person WHERE key = ?)",
        (conversation, key),
    ).fetchone()
    session, person = change(
        None if known is None else sessions.read(known), None if met is None else people.read(met)
    )
    if session is not None and conversation:
        db.execute(
            "INSERT INTO session (conversation, last_seen, body) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, body = excluded.body",
            (conversation, session.last_seen, sessions.keep(orjson.dumps(session), session)),
        )
    if person is not None and key:
        people.keep(_put(db, key, person), person)
    return session, person


def _let_go(rows: Rows) -> None:
    """Nothing of those who are erased or purged stays in memory."""
    for held in rows:
        held.clear()


def _forget(
    db: sqlite3.Connection, key: str, conversations: Sequence[str], *, before: float, stays: Stays
) -> int:
    gone = 0
    for conversation in conversations:
        wanted = (conversation,)
        row = db.execute("SELECT body FROM session WHERE conversation = ?", wanted).fetchone()
        if row is not None and _session(*row).started <= before:
            gone += db.execute("DELETE FROM session WHERE conversation = ?", wanted).rowcount
    row = db.execute("SELECT body FROM person WHERE key = ?", (key,)).fetchone()
    if row is not None and (person := _person(*row)).since <= before:
        gone += db.execute("DELETE FROM person WHERE key = ?", (key,)).rowcount
        if (rest := stays(person)) is not None:
            _put(db, key, rest)
    return gone


def _empty_log(db: sqlite3.Connection) -> None:
    """Take what was erased out of the write-ahead log, too, unless somebody is reading just now."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _put(db: sqlite3.Connection, key: str, person: Person) -> bytes:
    body = orjson.dumps(person, default=dict)
    db.execute(
        "INSERT INTO person (key, last_seen, kept, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen, kept = excluded.kept,"
        " body = excluded.body",
        (key, person.last_seen, person.kept, body),
    )
    return body


def _session(body: bytes) -> Session:
    fields = orjson.loads(body)
    fields["known"] = tuple(fields["known"])
    fields["recent"] = tuple(fields["recent"])
    fields["hidden"] = tuple(fields.get("hidden", ()))
    return Session(**fields)


def _person(body: bytes) -> Person:
    fields = orjson.loads(body)
    fields["age"] = _age(fields["age"])
    if "crisis" in fields:
        fields["crisis"] = Crisis(
            **{**fields["crisis"], "danger": Danger(fields["crisis"]["danger"])}
        )
    fields["days"] = tuple(Day(**day) for day in fields.get("days", ()))
    if fields.get("consent") is not None:
        fields["consent"] = Consent(**fields["consent"])
    if (doubt := fields.get("doubt")) is not None:
        years = (doubt["years"][0], doubt["years"][1])
        fields["doubt"] = Doubt(years, doubt["at"], doubt["noted"])
    if fields.get("house") is not None:
        fields["house"] = changed(None, fields["house"])
    if (spending := fields.get("spending")) is not None:
        fields["spending"] = Spending(
            spending["month"], spending["amount"], tuple(spending["references"])
        )
    return Person(**fields)


def _age(fields: dict[str, Any]) -> Age:
    years = fields["years"]
    return Age(
        AgeBand(fields["band"]),
        Evidence(fields["evidence"]),
        (years[0], years[1]) if years is not None else None,
        fields["at"],
    )


def _headcount(db: sqlite3.Connection, since: float) -> tuple[int, int]:
    row = db.execute("SELECT count(*), total(last_seen >= ?) FROM person", (since,)).fetchone()
    return int(row[0]), int(row[1])


def _people(db: sqlite3.Connection, after: str, limit: int) -> tuple[Person, ...]:
    rows = db.execute(
        "SELECT body FROM person WHERE key > ? ORDER BY key LIMIT ?", (after, max(limit, 0))
    )
    return tuple(_person(*row) for row in rows)


_SELECT = "SELECT id, at, kind, subject, user, conversation, body, seq FROM event WHERE "


def _append(
    db: sqlite3.Connection, events: Sequence[Event], bodies: Sequence[bytes]
) -> tuple[Event, ...]:
    return tuple(_add(db, event, body) for event, body in zip(events, bodies, strict=True))


def _add(db: sqlite3.Connection, event: Event, body: bytes) -> Event:
    """The event with its place in the log; or the one that has its id already.

    It is looked for first: an INSERT that does nothing takes a number all the same, and the log
    has none to miss.
    """
    known = db.execute(_SELECT + "id = ?", (event.id,)).fetchone()
    if known is not None:
        return _event(known)
    done = db.execute(
        "INSERT INTO event (id, at, kind, subject, user, conversation, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.id, event.at, event.kind, event.subject, event.user, event.conversation, body),
    )
    added = replace(event, seq=done.lastrowid or 0)
    trail.write_leaf(db, added, body)
    return added


def _event(row: Sequence[Any]) -> Event:
    id_, at, kind, subject, user, conversation, body, seq = row
    return Event(id_, at, kind, subject, user, conversation, orjson.loads(body), seq)


def _read(db: sqlite3.Connection, query: Query) -> tuple[Event, ...]:
    where = _where(query)
    order = " ORDER BY seq" if query.ascending else " ORDER BY seq DESC"
    rows = db.execute(
        _SELECT + " AND ".join(where) + order + " LIMIT ?",
        (*where.values(), max(query.limit, 0)),  # to SQLite, a negative limit is none
    )
    return tuple(_event(row) for row in rows)


def _where(query: Query) -> dict[str, object]:
    """SQL conditions and the value that each is about."""
    wanted: dict[str, object] = {"seq > ?": query.after_seq, "at >= ?": query.since}
    if query.kind is not None and query.kind.endswith("."):
        wanted[f"{FAMILY} = ?"] = query.kind[: query.kind.index(".") + 1]  # has an index
        wanted["kind >= ?"] = query.kind
        wanted["kind < ?"] = query.kind[:-1] + "/"  # the character right after "."
    elif query.kind is not None:
        wanted["kind = ?"] = query.kind
    for column in ("subject", "user", "conversation"):
        if (value := getattr(query, column)) is not None:
            wanted[f"{column} = ?"] = value
    return wanted


def _purge(db: sqlite3.Connection, before: float, now: float) -> int:
    """One slice of a purge: how many sessions, people and records it deleted."""
    people = db.execute(
        "DELETE FROM person WHERE key IN"
        " (SELECT key FROM person WHERE NOT kept AND last_seen < ? LIMIT ?)",
        (before - LEDGER_LIFE, SLICE),
    )
    sessions = db.execute(
        "DELETE FROM session WHERE conversation IN"
        " (SELECT conversation FROM session WHERE last_seen < ? LIMIT ?)",
        (before, SLICE),
    )
    return people.rowcount + sessions.rowcount + _purge_records(db, before, now)


def _purge_records(db: sqlite3.Connection, before: float, now: float) -> int:
    """Their leaves stay, and an event says that they were purged."""
    rows = db.execute(
        "SELECT seq FROM event WHERE kind = 'record' AND at < ? LIMIT ?", (before, SLICE)
    ).fetchall()
    if rows:
        db.executemany("DELETE FROM event WHERE seq = ?", rows)
        event = trail.purged(now, before, [seq for (seq,) in rows])
        _add(db, event, orjson.dumps(event.body))
    return len(rows)


def _ping(db: sqlite3.Connection) -> int:
    db.execute("INSERT INTO pulse VALUES (1, 1) ON CONFLICT DO UPDATE SET beats = beats + 1")
    return int(db.execute("SELECT beats FROM pulse").fetchone()[0])
