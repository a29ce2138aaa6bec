"""What the log's Merkle tree holds of an event: its leaf.

The format is a promise, written down for auditors in docs/audit.md; it cannot change for events that
are there. Both steps are JSON in canonical form (RFC 8785)::

    digest  = SHA-256 of {"body", "conversation", "id", "subject", "user"}   all texts, or null
    leaf    = {"at", "digest" (hex), "kind", "seq"}      hashed as RFC 9162, 2.1.1 says

`body` is the text that lies in the database, byte for byte, so there are no two ways to read it.
When an event is purged, its leaf stays: it proves what kind of event it was and how old, and says
nothing about anybody.
"""

from __future__ import annotations

import sqlite3
from hashlib import sha256

import orjson
import rfc8785

from guardrail.errors import StoreError
from guardrail.merkle import WIDTH, leaf_hash
from guardrail.store.base import Checkpoint, Event

__all__ = [
    "BEGUN",
    "GAP",
    "NOTHING",
    "PAGE",
    "PURGED",
    "checkpoints",
    "digest",
    "entry",
    "leaves",
    "pin",
    "purged",
    "write_leaf",
]

PURGED = "audit.purged"
"""The kind of the event that says which records a purge took."""
BEGUN = "audit.begun"
"""The kind of the event that an older database gets when its leaves are made."""
GAP = "gap"
"""The kind of the leaf of a number without an event, in a database from before there were leaves."""
NOTHING = sha256().digest()
"""The digest of a gap."""

PAGE = 10_000
"""Leaves read at a time."""
KEPT = 16
"""Checkpoints that stay in the database."""
EXACT = 2.0**53
"""Below it, orjson writes a float from 1 on as RFC 8785 does, except for the `.0` of a whole one."""


def digest(event: Event, body: bytes) -> bytes:
    """The hash of what a purge takes away: whom and what an event is about, and its body.

    Raises:
        ValueError: the body, or a text, is not UTF-8.
    """
    fields = {
        "body": body.decode(),
        "conversation": event.conversation,
        "id": event.id,
        "subject": event.subject,
        "user": event.user,
    }
    try:
        return sha256(orjson.dumps(fields)).digest()
    except TypeError:
        raise ValueError("a text is not UTF-8") from None


def entry(seq: int, at: float, kind: str, digest_: bytes) -> bytes:
    """The bytes of a leaf, before they are hashed.

    Raises:
        ValueError: `at` is not a finite number, or `kind` not UTF-8.
    """
    fields: dict[str, str | int | float] = {
        "at": int(at) if at.is_integer() and abs(at) < EXACT else at,
        "digest": digest_.hex(),
        "kind": kind,
        "seq": seq,
    }
    try:
        # Ten times quicker, and the same bytes where `at` is a time since 1970.
        return orjson.dumps(fields) if 1 <= at < EXACT else rfc8785.dumps(fields)
    except TypeError:
        raise ValueError("a text is not UTF-8") from None


def write_leaf(db: sqlite3.Connection, event: Event, body: bytes) -> None:
    """Add the leaf of an event that has its `seq`.

    Raises:
        StoreError: its time is not a number.
    """
    at = float(event.at)
    if at - at != 0:
        raise StoreError("the time of an event is not a number")
    db.execute(
        "INSERT INTO leaf (seq, at, kind, digest) VALUES (?, ?, ?, ?)",
        (event.seq, at, event.kind, digest(event, body)),
    )


def leaves(db: sqlite3.Connection, after: int, limit: int) -> tuple[bytes, ...]:
    """Leaf hashes; see `Store.leaves`."""
    found = []
    rows = db.execute(
        "SELECT seq, at, kind, digest FROM leaf WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, max(limit, 0)),
    )
    for number, (seq, at, kind, digest_) in enumerate(rows, after + 1):
        if seq != number:
            raise StoreError(f"the log is damaged: the leaf of event {number} is missing")
        found.append(leaf_hash(entry(seq, at, kind, digest_)))
    return tuple(found)


def checkpoints(db: sqlite3.Connection) -> tuple[Checkpoint, ...]:
    """The newest checkpoints, oldest first."""
    rows = db.execute("SELECT size, note, edge FROM checkpoint ORDER BY size")
    return tuple(Checkpoint(size, note, _cut(edge)) for size, note, edge in rows)


def pin(db: sqlite3.Connection, checkpoint: Checkpoint, after: int) -> Checkpoint:
    """Keep a checkpoint if it follows the newest; see `Store.pin`."""
    kept = checkpoints(db)
    if kept and kept[-1].size != after:
        return kept[-1]
    db.execute(
        "INSERT INTO checkpoint (size, note, edge) VALUES (?, ?, ?)",
        (checkpoint.size, checkpoint.note, b"".join(checkpoint.edge)),
    )
    db.execute(
        "DELETE FROM checkpoint WHERE size NOT IN"
        " (SELECT size FROM checkpoint ORDER BY size DESC LIMIT ?)",
        (KEPT,),
    )
    return checkpoint


def purged(at: float, before: float, seqs: list[int]) -> Event:
    """The event that says which records a purge took: without it, their absence is a deletion.

    Its id is new: an event that is gone cannot be purged again.
    """
    first, last = min(seqs), max(seqs)
    body = {"before": before, "count": len(seqs), "first": first, "last": last}
    return Event(f"{PURGED}.{first}", at, PURGED, "record", body=body)


def _cut(edge: bytes) -> tuple[bytes, ...]:
    return tuple(edge[n : n + WIDTH] for n in range(0, len(edge), WIDTH))
