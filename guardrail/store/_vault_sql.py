"""The SQL of the vault: its schema, and the work that runs in the worker's thread.

All that one call writes stands or falls together. What was looked at before a call came here is
looked at again: between the two stands an `await`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardrail.errors import StoreError
from guardrail.store._masters import KeyRing, Master
from guardrail.store.migrations import migrate
from guardrail.vault import Speaker, Text

SLICE = 1_000
"""Texts that one purge job deletes, so that a large purge holds up nobody for long."""
BATCH = 50
"""Data keys that are wrapped again in one transaction."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What lies in a vault. `behind`: data keys that the newest master key does not wrap yet."""

    texts: int
    owners: int
    held: int
    master: str
    behind: int


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as it lies here."""

    id: int
    owner: str
    master: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A text as it lies here, and the key that opens it."""

    text: Text  # still without its words
    sealed: bytes
    key: Wrapped


# The schema. Steps are only ever added at the end.


def keys_texts_holds(db: sqlite3.Connection) -> None:
    """The first schema.

    AUTOINCREMENT: the number of an erased key is never given again. `erased` is the tombstone.
    """
    db.execute(
        "CREATE TABLE data_key (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL UNIQUE,"
        " made REAL NOT NULL, master TEXT NOT NULL, wrapped BLOB NOT NULL)"
    )
    db.execute("CREATE INDEX data_key_master ON data_key (master)")
    db.execute(
        "CREATE TABLE text (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        " subject TEXT NOT NULL, owner TEXT NOT NULL, speaker TEXT NOT NULL, at REAL NOT NULL,"
        " until REAL NOT NULL, train INTEGER NOT NULL, data_key INTEGER NOT NULL,"
        " sealed BLOB NOT NULL)"
    )
    for column in ("subject", "owner", "until", "data_key"):
        db.execute(f"CREATE INDEX text_{column} ON text ({column})")
    db.execute("CREATE TABLE hold (owner TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID")
    db.execute("CREATE TABLE erased (owner TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID")
    db.execute("CREATE TABLE master (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)")


STEPS = (keys_texts_holds,)


def prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA secure_delete = ON")
    migrate(db, STEPS)


# The work, in plain SQL. It runs in the worker's thread; all that one call writes stands or falls
# together.

_KEY = "data_key.id, data_key.owner, data_key.master, data_key.wrapped"
_TEXT = "text.id, subject, text.owner, speaker, at, until, train, sealed"
HELD_UNTIL = "coalesce((SELECT hold.until FROM hold WHERE hold.owner = text.owner), 0.0)"


def keys(db: sqlite3.Connection, owners: Iterable[str]) -> Mapping[str, Wrapped]:
    sql = f"SELECT {_KEY} FROM data_key WHERE owner = ?"  # noqa: S608 - our own words
    rows = (db.execute(sql, (owner,)).fetchone() for owner in owners)
    return {row[1]: Wrapped(*row) for row in rows if row is not None}


def rows(db: sqlite3.Connection, where: str, whose: str, now: float) -> tuple[Row, ...]:
    rows = db.execute(
        f"SELECT {_TEXT}, {_KEY} FROM text JOIN data_key ON data_key.id = data_key"  # noqa: S608 - our own words
        f" WHERE {where} ORDER BY at, seq",
        (whose, now),
    )
    return tuple(_row(*row) for row in rows)


def _row(*row: Any) -> Row:
    id_, subject, owner, speaker, at, until, train, sealed, *key = row
    text = Text(id_, subject, owner, Speaker(speaker), "", at, until, bool(train))
    return Row(text, sealed, Wrapped(*key))


def add(
    db: sqlite3.Connection,
    *,
    now: float,
    master: str,
    known: Mapping[str, int],
    fresh: Sequence[tuple[str, bytes]],
    sealed: Sequence[tuple[Text, bytes]],
) -> bool:
    """Write texts and new keys; false, and nothing written, if something was changed meanwhile."""
    there = keys(db, {text.owner for text, _ in sealed})
    if {owner: key.id for owner, key in there.items()} != known:
        return False
    if fresh and _master(db) != master:
        return False
    ids = dict(known)
    for owner, wrapped in fresh:
        done = db.execute(
            "INSERT INTO data_key (owner, made, master, wrapped) VALUES (?, ?, ?, ?)",
            (owner, now, master, wrapped),
        )
        ids[owner] = done.lastrowid or 0
    for text, raw in sealed:
        if _is_erased(db, text):
            continue
        values = (text.id, text.subject, text.owner, text.speaker, text.at, text.until, text.train)
        db.execute(
            "INSERT INTO text (id, subject, owner, speaker, at, until, train, data_key, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (*values, ids[text.owner], raw),
        )
    return True


def _is_erased(db: sqlite3.Connection, text: Text) -> bool:
    sql = "SELECT 1 FROM erased WHERE owner = ? AND at >= ?"
    return db.execute(sql, (text.owner, text.at)).fetchone() is not None


def hold(db: sqlite3.Connection, owner: str, until: float) -> None:
    if not until:
        db.execute("DELETE FROM hold WHERE owner = ?", (owner,))
        return
    db.execute(
        "INSERT INTO hold VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
        (owner, until),
    )


def erase(db: sqlite3.Connection, owner: str, before: float, now: float) -> bool:
    if db.execute("SELECT 1 FROM hold WHERE owner = ? AND until > ?", (owner, now)).fetchone():
        return False
    sql = "SELECT id FROM data_key WHERE owner = ? AND made <= ?"
    for (key,) in db.execute(sql, (owner, before)).fetchall():
        db.execute("DELETE FROM text WHERE data_key = ?", (key,))
        db.execute("DELETE FROM data_key WHERE id = ?", (key,))
    db.execute(
        "INSERT INTO erased VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
        (owner, min(before, now)),
    )
    return True


def purge(db: sqlite3.Connection, now: float) -> int:
    """One slice of a purge, and the keys that seal nothing any more: a later text gets a new one."""
    gone = db.execute(
        "DELETE FROM text WHERE seq IN (SELECT seq FROM text"  # noqa: S608 - our own words
        f" WHERE until <= ? AND {HELD_UNTIL} <= ? LIMIT ?)",
        (now, now, SLICE),
    )
    if gone.rowcount < SLICE:
        db.execute("DELETE FROM data_key WHERE id NOT IN (SELECT data_key FROM text)")
        db.execute("DELETE FROM hold WHERE until <= ?", (now,))
    return gone.rowcount


def begin(db: sqlite3.Connection, masters: KeyRing, spare: Master) -> str:
    """The key that wraps now; `spare` if there has been none."""
    there = _master(db)
    if there is None:
        there = masters.first(spare)
        db.execute("INSERT INTO master VALUES (1, ?)", (there,))
    return there


def turn(db: sqlite3.Connection, masters: KeyRing, spare: Master | None) -> str:
    """From here on the newest master key wraps. Under the lock: two that rotate lose no key."""
    newer = masters.newer(_master(db) or "", spare)
    db.execute("UPDATE master SET id = ?", (newer,))
    return newer


def _master(db: sqlite3.Connection) -> str | None:
    row = db.execute("SELECT id FROM master").fetchone()
    return None if row is None else str(row[0])


def behind(db: sqlite3.Connection, master: str) -> tuple[Wrapped, ...]:
    rows = db.execute(
        f"SELECT {_KEY} FROM data_key WHERE master <> ? LIMIT ?",  # noqa: S608 - our own words
        (master, BATCH),
    )
    return tuple(Wrapped(*row) for row in rows)


def rewrap(db: sqlite3.Connection, *, master: str, fresh: Sequence[tuple[bytes, Wrapped]]) -> int:
    """How many got their new wrapping; one that was erased meanwhile is not brought back."""
    if _master(db) != master:
        raise StoreError("another rotation has begun")
    sql = "UPDATE data_key SET master = ?, wrapped = ? WHERE id = ? AND wrapped = ?"
    return sum(db.execute(sql, (master, raw, k.id, k.wrapped)).rowcount for raw, k in fresh)


def retire(db: sqlite3.Connection, masters: KeyRing, master: str) -> None:
    """Forget the old master keys, unless somebody has gone on to a newer one meanwhile."""
    if _master(db) == master and not behind(db, master):
        masters.retire(master)


def unemptied(db: sqlite3.Connection) -> bool:
    """Empty the write-ahead log; whether a reader kept us from it."""
    return bool(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def figures(db: sqlite3.Connection, now: float) -> Figures:
    row = db.execute(
        "SELECT (SELECT count(*) FROM text), (SELECT count(*) FROM data_key),"
        " (SELECT count(*) FROM hold WHERE until > ?),"
        " coalesce((SELECT id FROM master), ''),"
        " (SELECT count(*) FROM data_key WHERE master <> (SELECT id FROM master))",
        (now,),
    ).fetchone()
    return Figures(*row)
