"""The schema, as the list of steps that led to it. Steps are only ever added at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

import orjson

from guardrail.errors import StoreError
from guardrail.store.base import Event
from guardrail.store.leaves import BEGUN, GAP, NOTHING, digest, write_leaf

__all__ = ["FAMILY", "MIGRATIONS", "applied", "migrate"]

Migration = Callable[[sqlite3.Connection], object]

FAMILY = "substr(kind, 1, instr(kind, '.'))"
"""The first word of a kind with its dot ("case."): by it, few cases are found among many records."""


def sessions_usage_events(db: sqlite3.Connection) -> None:
    """The first schema.

    AUTOINCREMENT: a `seq` is never given twice, not even when the newest event is purged, so a
    reader that pages with `after_seq` misses nothing. An index ends with `seq` by itself.
    """
    db.execute(
        "CREATE TABLE session (conversation TEXT PRIMARY KEY, last_seen REAL NOT NULL,"
        " body BLOB NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX session_last_seen ON session (last_seen)")
    db.execute(
        "CREATE TABLE usage (user TEXT NOT NULL, day TEXT NOT NULL, seconds REAL NOT NULL,"
        " turns INTEGER NOT NULL, last_seen REAL NOT NULL, PRIMARY KEY (user, day)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX usage_last_seen ON usage (last_seen)")
    db.execute(
        "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
        " at REAL NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, user TEXT,"
        " conversation TEXT, body BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX event_kind ON event (kind)")
    db.execute(f"CREATE INDEX event_family ON event ({FAMILY})")
    db.execute("CREATE INDEX event_kind_at ON event (kind, at)")
    db.execute("CREATE INDEX event_subject ON event (subject)")
    db.execute("CREATE INDEX event_user ON event (user) WHERE user IS NOT NULL")
    db.execute(
        "CREATE INDEX event_conversation ON event (conversation) WHERE conversation IS NOT NULL"
    )
    db.execute("CREATE TABLE pulse (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL)")


def people(db: sqlite3.Connection) -> None:
    """A person has a row of their own, and the ledger of use is in it.

    `kept`: not to be purged by age (see `Person.kept`). The old ledgers end here: their users get
    at most one day's minutes once more.
    """
    db.execute(
        "CREATE TABLE person (key TEXT PRIMARY KEY, last_seen REAL NOT NULL,"
        " kept INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX person_last_seen ON person (last_seen) WHERE NOT kept")
    db.execute("DROP TABLE usage")
    # Sessions of the schema before carry fields that are a person's now; ages in them live on.
    db.execute(
        "INSERT INTO person (key, last_seen, kept, body)"
        " SELECT conversation, last_seen, 1, json_object('key', conversation, 'since', last_seen,"
        " 'last_seen', last_seen, 'sitting', last_seen, 'age',"
        " json_object('band', 'minor', 'evidence', 'stated', 'years', NULL, 'at', last_seen))"
        " FROM session WHERE json_extract(body, '$.age_band') = 'minor'"
    )
    db.execute(
        "UPDATE session SET body = CAST(json_remove(body, '$.sitting_started',"
        " '$.sitting_turns', '$.age_band') AS BLOB)"
    )


def audit_trail(db: sqlite3.Connection) -> None:
    """A leaf of the Merkle tree for each event, and the newest signed checkpoints.

    Events that are there get theirs now. What was changed before cannot be known; an event says
    where the proof begins. A number whose record was purged, or that a retry left out, gets a leaf
    that says so.
    """
    db.execute(
        "CREATE TABLE leaf (seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL,"
        " digest BLOB NOT NULL)"
    )
    db.execute(
        "CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL, edge BLOB NOT NULL)"
    )
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    if given is None:  # no event was ever here
        return
    db.executemany("INSERT INTO leaf (seq, at, kind, digest) VALUES (?, ?, ?, ?)", _old_leaves(db))
    db.execute(
        "WITH RECURSIVE number (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM number"
        " WHERE seq < ?) INSERT INTO leaf (seq, at, kind, digest) SELECT seq, 0, ?, ?"
        " FROM number WHERE seq NOT IN (SELECT seq FROM leaf)",
        (given[0], GAP, NOTHING),
    )
    _begin_trail(db, int(given[0]))


def _old_leaves(db: sqlite3.Connection) -> Iterator[tuple[int, float, str, bytes]]:
    rows = db.execute(
        "SELECT seq, at, kind, id, subject, user, conversation, body FROM event ORDER BY seq"
    )
    for seq, at, kind, id_, subject, user, conversation, body in rows:
        event = Event(id_, at, kind, subject, user, conversation)
        yield seq, at, kind, digest(event, body)


def _begin_trail(db: sqlite3.Connection, upto: int) -> None:
    (now,) = db.execute("SELECT (julianday('now') - 2440587.5) * 86400.0").fetchone()
    event = Event(BEGUN, now, BEGUN, "log", body={"upto": upto}, seq=upto + 1)
    body = orjson.dumps(event.body)
    db.execute(
        "INSERT INTO event (seq, id, at, kind, subject, body) VALUES (?, ?, ?, ?, ?, ?)",
        (event.seq, event.id, event.at, event.kind, event.subject, body),
    )
    write_leaf(db, event, body)


MIGRATIONS: tuple[Migration, ...] = (sessions_usage_events, people, audit_trail)


def migrate(db: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the schema up to date; each step is recorded in the table `migration`.

    Another process may be doing the same: what is done is looked up again under the lock.

    Raises:
        StoreError: the file was written by a newer release, whose rules we cannot know.
    """
    if applied(db, steps) == len(steps):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for number in range(applied(db, steps), len(steps)):
            _apply(db, number + 1, steps[number])
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def applied(db: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> int:
    """How many steps the file has behind it.

    Raises:
        StoreError: more than this release knows.
    """
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone()
    if known is None:
        return 0
    done = int(db.execute("SELECT count(*) FROM migration").fetchone()[0])
    if done > len(steps):
        raise StoreError(
            f"the database has schema {done}, this release knows {len(steps)}: "
            "use the release that wrote it, or a newer one"
        )
    return done


def _apply(db: sqlite3.Connection, number: int, step: Migration) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS migration"
        " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL)"
    )
    step(db)
    db.execute("INSERT INTO migration VALUES (?, ?, datetime('now'))", (number, step.__name__))
